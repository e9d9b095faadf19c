//! Who asks: the arguments that every command has that asks in somebody's name.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use kw_domain::{ActorId, Role};
use kw_protocol::IdToken;
use kw_protocol::query::{Actor, Assurance};

use crate::failure::Failure;

/// Who asks, and how that is shown.
#[derive(Debug, Clone, Args)]
pub(crate) struct AskerArguments {
    /// What you are to your organisation.
    #[arg(long, value_parser = Role::parse)]
    role: Role,
    /// Who you are, as your organisation knows you. It is recorded everywhere.
    #[arg(long, value_name = "ID", value_parser = ActorId::parse)]
    actor: ActorId,
    /// A file with the ID token of your sign-in at your organisation's identity provider: proof of who you are, for
    /// purposes that demand it. Without it there is your organisation's word only.
    #[arg(long, value_name = "FILE")]
    id_token_file: Option<PathBuf>,
}

impl AskerArguments {
    /// The actor, proven if there is a token.
    pub(crate) fn actor(&self) -> Result<Actor, Failure> {
        let proof = self.id_token_file.as_deref().map(read_token).transpose()?;
        let assurance = if proof.is_some() { Assurance::Proven } else { Assurance::Asserted };
        Ok(Actor { id: self.actor.clone(), role: self.role.clone(), assurance, proof })
    }
}

/// An ID token that stands in a file.
pub(crate) fn read_token(path: &Path) -> Result<IdToken, Failure> {
    let wrong = |what: String| Failure::usage(what, "correct --id-token-file");
    let file = File::open(path).map_err(|error| wrong(format!("cannot read {}: {error}", path.display())))?;
    let mut text = String::new();
    file.take(IdToken::MAX_BYTES as u64 + 1)
        .read_to_string(&mut text)
        .map_err(|error| wrong(format!("cannot read {}: {error}", path.display())))?;
    let token = text.trim();
    if token.is_empty() || token.len() > IdToken::MAX_BYTES || token.split('.').count() != 3 {
        return Err(wrong(format!("{} holds no ID token in its compact form", path.display())));
    }
    Ok(IdToken::new(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asker(id_token_file: Option<PathBuf>) -> AskerArguments {
        AskerArguments {
            role: Role::parse("teacher").unwrap(),
            actor: ActorId::parse("j.jansen").unwrap(),
            id_token_file,
        }
    }

    #[test]
    fn a_token_makes_an_actor_proven_and_what_is_none_is_refused() {
        assert_eq!(asker(None).actor().unwrap().assurance, Assurance::Asserted);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("id-token");
        std::fs::write(&path, "a.b.c\n").unwrap();
        let proven = asker(Some(path.clone())).actor().unwrap();
        assert_eq!((proven.assurance, proven.proof.unwrap().reveal()), (Assurance::Proven, "a.b.c"));
        for wrong in ["", "token", &"a".repeat(IdToken::MAX_BYTES + 1)] {
            std::fs::write(&path, wrong).unwrap();
            assert!(asker(Some(path.clone())).actor().is_err());
        }
        assert!(asker(Some(folder.path().join("missing"))).actor().is_err());
    }
}

//! The made-up people who sign for the chain, and another agreement that waits for nothing but them.

use std::path::{Path, PathBuf};

use kw_agreement::draft::{AgreementDraft, OperatorDraft, key_text};
use kw_runtime::operator_key;
use serde::Serialize;

use crate::DemoError;
use crate::files::{Ground, make_folder, write};

/// What two operators need to put another agreement in force.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NextAgreement {
    /// Where the chain reads its agreement.
    pub place: PathBuf,
    /// Who have to approve.
    pub operators: Vec<OperatorPlace>,
}

/// What an operator has on their own machine.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OperatorPlace {
    /// What the agreement calls them.
    pub name: String,
    /// The key that is theirs alone.
    pub key: PathBuf,
    /// A copy of the agreement in force.
    pub current: PathBuf,
    /// A copy of the one that is to come.
    pub next: PathBuf,
}

/// Those who sign in as operators, as the agreement calls them.
const NAMES: [&str; 2] = ["bas-kuipers", "ceren-ozturk"];

/// Their keys; the public halves go into the agreement.
pub(super) fn admit(draft: &mut AgreementDraft, ground: &Ground) -> Result<(), DemoError> {
    for name in NAMES {
        let folder = ground.operator(name);
        make_folder(&folder)?;
        let key = key_text(&operator_key::make(&key_in(&folder))?);
        draft.operators.push(OperatorDraft { name: name.to_owned(), key });
    }
    Ok(())
}

/// Gives each of them the agreement in force, and one under which pointers stay longer: somebody may see more than before.
pub(super) fn propose(ground: &Ground) -> Result<NextAgreement, DemoError> {
    let place = ground.agreement();
    let current = std::fs::read_to_string(&place).map_err(|source| DemoError::file(&place, source))?;
    let mut draft =
        AgreementDraft::parse(&current).map_err(|error| DemoError::Agreement(error.to_string()))?;
    NEXT_VERSION.clone_into(&mut draft.chain.version);
    NEXT_LEASE_TERM.clone_into(&mut draft.chain.lease_term);
    let next = draft.to_toml().map_err(|error| DemoError::Agreement(error.to_string()))?;
    let operator = |name: &str| {
        let folder = ground.operator(name);
        let own = OperatorPlace {
            name: name.to_owned(),
            key: key_in(&folder),
            current: folder.join("current.toml"),
            next: folder.join("next.toml"),
        };
        write(&own.current, &current)?;
        write(&own.next, &next)?;
        Ok(own)
    };
    let operators = NAMES.iter().map(|name| operator(name)).collect::<Result<_, DemoError>>()?;
    Ok(NextAgreement { place, operators })
}

fn key_in(folder: &Path) -> PathBuf {
    folder.join("operator.key")
}

const NEXT_VERSION: &str = "2026.2";
const NEXT_LEASE_TERM: &str = "P60D";

//! Names and keys of logs and witnesses: none of them twice in one chain.

use kw_domain::{ChainName, Oin};

use crate::reading::cursor::{Fields, Node};
use crate::reading::values;

/// What the logs and witnesses that were read so far are called and sign with, each with its line.
#[derive(Default)]
pub(crate) struct Logs {
    origins: Vec<Origin>,
    keys: Vec<([u8; 32], usize)>,
    witnesses: usize,
}

struct Origin {
    name: String,
    line: usize,
    /// Made from the partner's number, as the agreement gives none.
    usual: bool,
}

impl Logs {
    /// The key of a log or witness. With one key for two, either could sign what only the other may say.
    pub(crate) fn key(&mut self, node: &Node<'_>) -> Option<[u8; 32]> {
        let key = values::public_key(node)?;
        if let Some((_, first)) = self.keys.iter().find(|(taken, _)| *taken == key) {
            node.refuse(
                format!("this is the key of line {first}: every log and every witness has its own"),
                "copy each from `ketenwijzer keys init` at its own keeper",
            );
        }
        self.keys.push((key, node.line()));
        Some(key)
    }

    /// The key of a partner that cosigns the switchboard's log.
    pub(crate) fn witness_key(&mut self, node: &Node<'_>) -> Option<[u8; 32]> {
        self.witnesses += 1;
        if self.witnesses == MOST_WITNESSES + 1 {
            node.refuse(
                format!("more than {MOST_WITNESSES} partners have a witness_key: not every verifier reads a checkpoint with so many signatures"),
                "let the others do without",
            );
        }
        self.key(node)
    }

    /// The line of the log or witness with this key.
    pub(crate) fn line_of(&self, key: &[u8; 32]) -> Option<usize> {
        self.keys.iter().find(|(taken, _)| taken == key).map(|(_, line)| *line)
    }

    /// The name of a log as C2SP tlog-checkpoint allows it: no spaces and no plus sign.
    pub(crate) fn origin(&mut self, node: &Node<'_>) -> Option<String> {
        let text = node.text()?;
        let sound =
            (1..=128).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_graphic() && c != b'+');
        if !sound {
            node.refuse(
                "a log origin has 1 to 128 visible ASCII characters and no plus sign",
                "write it like an address without a scheme: log.example.nl/chain",
            );
            return None;
        }
        if let Some(taken) = self.origins.iter().find(|taken| taken.name == text) {
            node.refuse(one_origin(taken.line), GIVE_EACH_ITS_OWN);
        }
        self.origins.push(Origin { name: text.to_owned(), line: node.line(), usual: false });
        Some(text.to_owned())
    }

    /// The name of a partner's log where the agreement gives none.
    pub(crate) fn usual_origin(&mut self, fields: &Fields<'_>, chain: &ChainName, oin: Oin) -> String {
        let name = format!("{chain}/partner/{oin}");
        // Two usual names that are the same have had their complaint: about the number.
        if let Some(taken) = self.origins.iter().find(|taken| taken.name == name && !taken.usual) {
            fields.refuse(one_origin(taken.line), GIVE_EACH_ITS_OWN);
        }
        self.origins.push(Origin { name: name.clone(), line: fields.line(), usual: true });
        name
    }
}

fn one_origin(line: usize) -> String {
    format!("the log of line {line} has this origin already: two logs cannot have one origin")
}

const GIVE_EACH_ITS_OWN: &str = "give each its own log_origin";

/// Go's reader of signed notes (x/mod/sumdb/note) takes a hundred signatures.
pub(crate) const MOST_WITNESSES: usize = 64;

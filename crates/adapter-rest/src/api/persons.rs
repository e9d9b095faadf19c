//! No person in an address.

use kw_adapter::{Change, SourceError};
use kw_domain::Subject;

/// Refuses the address or token of a next page that has the BSN of somebody on this page in it: it is stored, and stands in the
/// logs of servers and proxies.
pub fn refuse_persons(what: &str, next: &str, changes: &[Change]) -> Result<(), SourceError> {
    let names = |change: &Change| match change {
        Change::Present(found) => names_subject(next, &found.subject),
        Change::Gone { .. } => false,
    };
    if !changes.iter().any(names) {
        return Ok(());
    }
    Err(SourceError::Configuration(format!(
        "{what}: the server puts a BSN into the address of the next page: use another kind of paging"
    )))
}

/// Whether a text has the number of the subject in it, with or without its leading zero.
pub fn names_subject(text: &str, subject: &Subject) -> bool {
    match subject {
        Subject::Bsn(bsn) => {
            let number = bsn.expose();
            text.contains(number.strip_prefix('0').unwrap_or(number))
        }
        _ => false,
    }
}

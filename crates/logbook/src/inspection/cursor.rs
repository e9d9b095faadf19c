//! Where the next page begins: opaque to whoever gets it.

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_ledger::search::Search;
use kw_ledger::{CanonicalError, canonical};

const VERSION: u8 = 1;

/// The question that a cursor belongs to: its answers would not fit together with those to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Question([u8; 8]);

impl Question {
    /// The question of a search in a log, whatever its page.
    pub(super) fn of(origin: &str, search: &Search) -> Result<Self, CanonicalError> {
        let question = canonical(&Search { before: None, ..search.clone() })?;
        let mut context = Context::new(&SHA256);
        for part in [origin, "\n", question.as_str()] {
            context.update(part.as_bytes());
        }
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&context.finish().as_ref()[..8]);
        Ok(Self(bytes))
    }

    /// The cursor for the entries before an index.
    pub(super) fn cursor(self, before: u64) -> String {
        let mut bytes = [VERSION; 17];
        bytes[1..9].copy_from_slice(&before.to_be_bytes());
        bytes[9..].copy_from_slice(&self.0);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The index that a cursor of this question has.
    pub(super) fn before(self, cursor: &str) -> Option<u64> {
        let mut bytes = [0; 17];
        let length = URL_SAFE_NO_PAD.decode_slice(cursor, &mut bytes).ok()?;
        let (before, question) = (bytes[1..9].try_into().ok()?, &bytes[9..]);
        (length == 17 && bytes[0] == VERSION && question == self.0).then(|| u64::from_be_bytes(before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(origin: &str, filter: &str) -> Question {
        let search = Search { filter: serde_json::from_str(filter).unwrap(), ..Search::default() };
        Question::of(origin, &search).unwrap()
    }

    #[test]
    fn a_cursor_reads_back_for_its_own_question_only() {
        let own = question("youth/switchboard", r#"{"purpose":"a"}"#);
        for before in [0, 1, 70_000, u64::MAX] {
            let cursor = own.cursor(before);
            assert_eq!(own.before(&cursor), Some(before));
            assert_eq!(question("youth/switchboard", r#"{"purpose":"b"}"#).before(&cursor), None);
            assert_eq!(question("youth/pseudonymiser", r#"{"purpose":"a"}"#).before(&cursor), None);
            assert_eq!(own.before(&cursor[1..]), None);
            assert_eq!(own.before(&format!("{cursor}AA")), None);
        }
        for wrong in ["", "=", "é", "AAAAAAAAAAAAAAAAAAAAAAA"] {
            assert_eq!(own.before(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_later_page_is_the_same_question() {
        let first = Search::default();
        let later = Search { before: Some(7), ..Search::default() };
        assert_eq!(Question::of("o", &first).unwrap(), Question::of("o", &later).unwrap());
    }
}

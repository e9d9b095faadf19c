//! The key of a record at a source.

use std::fmt;

use aws_lc_rs::hmac;
use kw_domain::Subject;

use super::RowFault;
use crate::LocalId;

/// The partner's secret that record keys are made with.
///
/// A plain hash of a BSN is undone in seconds, so what stands for a person in a record's key is an HMAC-SHA-256 under
/// this secret. It must stay the same for as long as the records live: under another secret every record is a new one.
#[derive(Clone)]
pub struct RecordKey(hmac::Key);

impl RecordKey {
    /// A key from 32 secret bytes.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The key of the record that `own`, the source's own key, names within `scope`; without one, of all that `scope`
    /// holds about the subject.
    ///
    /// The subject is always part of it: a row that comes to be about somebody else is another record, so that no pull
    /// can be answered with another person's row.
    pub fn local_id(&self, scope: &str, own: Option<&str>, subject: &Subject) -> Result<LocalId, RowFault> {
        let own = own.unwrap_or_default();
        if let Subject::Bsn(bsn) = subject {
            // The leading zero may have been dropped in the key, as it often is in a number column.
            let number = bsn.expose();
            if own.contains(number.strip_prefix('0').unwrap_or(number)) {
                return Err(RowFault::KeyNamesSubject);
            }
        }
        let about = self.digest(&[b"subject", scope.as_bytes(), &subject.canonical()]);
        LocalId::new(format!("{own}~{about}")).map_err(|_| RowFault::KeyTooLong)
    }

    /// The source's own key in a record's key; `None` when the record's key is not one of ours.
    pub fn own_part(record: &LocalId) -> Option<&str> {
        record.as_str().rsplit_once('~').map(|(own, _)| own)
    }

    /// The first 16 bytes, in hexadecimals, of the HMAC over the parts, each preceded by its length.
    pub fn digest(&self, parts: &[&[u8]]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mac = context.sign();
        let half: [u8; 16] = std::array::from_fn(|at| mac.as_ref()[at]);
        format!("{:032x}", u128::from_be_bytes(half))
    }
}

impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(number: &str) -> Subject {
        Subject::parse(&format!("nl.bsn:{number}")).unwrap()
    }

    #[test]
    fn the_same_row_of_another_person_is_another_record() {
        let key = RecordKey::new(&[1; 32]);
        let one = key.local_id("school", Some("17"), &subject("999990342")).unwrap();
        assert_eq!(one, key.local_id("school", Some("17"), &subject("999990342")).unwrap());
        assert_ne!(one, key.local_id("school", Some("17"), &subject("999994086")).unwrap());
        assert_ne!(one, key.local_id("work", Some("17"), &subject("999990342")).unwrap());
        assert_eq!(RecordKey::own_part(&one), Some("17"));
    }

    #[test]
    fn another_secret_gives_another_key() {
        let about =
            |secret| RecordKey::new(&[secret; 32]).local_id("a", None, &subject("999990342")).unwrap();
        assert_ne!(about(1), about(2));
    }

    #[test]
    fn a_key_that_contains_the_number_is_refused() {
        let key = RecordKey::new(&[1; 32]);
        for own in ["999990342", "nl-999990342-1"] {
            assert_eq!(key.local_id("a", Some(own), &subject("999990342")), Err(RowFault::KeyNamesSubject));
        }
        assert_eq!(
            key.local_id("a", Some(&"x".repeat(480)), &subject("999990342")),
            Err(RowFault::KeyTooLong)
        );
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", RecordKey::new(&[1; 32])), "RecordKey(…)");
    }
}

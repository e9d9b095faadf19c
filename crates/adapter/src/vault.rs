//! What the partner's database must not show: sealed with the partner's row key, each value for its own place.

use std::fmt;
use std::sync::Arc;

use kw_domain::{AuthorisationId, CanaryId, Category, FeedbackId, Handle, SourceName, Subject};
use kw_pseudonym::{Binding, RowKey, SealError};
use kw_runtime::Entropy;
use zeroize::Zeroizing;

use crate::LocalId;

/// The partner's row key and the randomness for sealing with it. Clones share the key.
#[derive(Clone)]
pub struct Vault {
    key: Arc<RowKey>,
    entropy: Entropy,
}

impl Vault {
    /// A vault with this key.
    pub fn new(key: RowKey, entropy: Entropy) -> Self {
        Self { key: Arc::new(key), entropy }
    }

    /// By which a record is found again: a keyed digest of the source's own key.
    pub fn record_key(&self, source: &SourceName, category: &Category, record: &LocalId) -> [u8; 16] {
        let parts = [source.as_str(), category.as_str(), record.as_str()].map(str::as_bytes);
        self.key.digest(&[&b"record"[..], parts[0], parts[1], parts[2]])
    }

    /// By which it shows that a record went over to another person.
    pub fn subject_key(&self, subject: &Subject) -> [u8; 16] {
        self.key.digest(&[b"subject", &subject.canonical()])
    }

    /// By which the log of questions to others is found again. Another digest than [`Self::subject_key`], so that the tables
    /// do not tell who was asked about and is registered here as well.
    pub fn asked_key(&self, subject: &Subject) -> [u8; 16] {
        self.key.digest(&[b"asked", &subject.canonical()])
    }

    /// The key of a record that is on its way out: nothing at the source has it, so the source's own key is free for a
    /// new record.
    pub(crate) fn leaving_key(&self, handle: Handle) -> [u8; 16] {
        self.key.digest(&[b"leaving", handle.as_bytes()])
    }

    pub(crate) fn seal_record(&self, handle: Handle, record: &LocalId) -> Vec<u8> {
        self.seal(RECORD, handle, record.as_str().as_bytes())
    }

    /// The source's own key of a record, for the partner's own people.
    pub fn open_record(&self, handle: Handle, sealed: &[u8]) -> Result<LocalId, SealError> {
        let plain = self.key.open(&context(RECORD, handle), sealed)?;
        let text = std::str::from_utf8(&plain).map_err(|_| SealError)?;
        LocalId::new(text).map_err(|_| SealError)
    }

    pub(crate) fn seal_binding(&self, handle: Handle, binding: &Binding) -> Vec<u8> {
        self.seal(BINDING, handle, binding.to_bytes().as_slice())
    }

    pub(crate) fn open_binding(&self, handle: Handle, sealed: &[u8]) -> Result<Binding, SealError> {
        let plain = self.key.open(&context(BINDING, handle), sealed)?;
        let bytes: &[u8; 32] = plain.as_slice().try_into().map_err(|_| SealError)?;
        Ok(Binding::from_bytes(bytes))
    }

    pub(crate) fn seal_subject(&self, handle: Handle, subject: &Subject) -> Vec<u8> {
        self.seal(SUBJECT, handle, &subject.canonical())
    }

    pub(crate) fn open_subject(&self, handle: Handle, sealed: &[u8]) -> Result<Subject, SealError> {
        let plain: Zeroizing<Vec<u8>> = self.key.open(&context(SUBJECT, handle), sealed)?;
        let text = std::str::from_utf8(&plain).map_err(|_| SealError)?;
        Subject::parse(text).map_err(|_| SealError)
    }

    /// Seals what the authorisation server knows of the persons of one authorisation.
    pub fn seal_authorisation(&self, authorisation: AuthorisationId, plain: &[u8]) -> Vec<u8> {
        let context = [AUTHORISATION, authorisation.as_bytes()].concat();
        self.key.seal(&context, plain, self.entropy.draw())
    }

    /// Opens what [`Self::seal_authorisation`] made for the same authorisation.
    pub fn open_authorisation(
        &self,
        authorisation: AuthorisationId,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.key.open(&[AUTHORISATION, authorisation.as_bytes()].concat(), sealed)
    }

    /// Seals what a table of its own kind says, for one place and row of it.
    pub(crate) fn seal_row(&self, place: &[u8], row: &[u8; 16], plain: &[u8]) -> Vec<u8> {
        self.key.seal(&[place, row].concat(), plain, self.entropy.draw())
    }

    /// Opens what [`Self::seal_row`] made for the same place and row.
    pub(crate) fn open_row(
        &self,
        place: &[u8],
        row: &[u8; 16],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.key.open(&[place, row].concat(), sealed)
    }

    /// By which the same feedback report is known again.
    pub(crate) fn digest_of_feedback(&self, report: &[u8]) -> [u8; 16] {
        self.key.digest(&[b"feedback", report])
    }

    /// Seals what may have to be sent again of a feedback report.
    pub fn seal_feedback_sent(&self, report: FeedbackId, plain: &[u8]) -> Vec<u8> {
        self.key.seal(&[FEEDBACK_SENT, report.as_bytes()].concat(), plain, self.entropy.draw())
    }

    /// Opens what [`Self::seal_feedback_sent`] made for the same report.
    pub fn open_feedback_sent(
        &self,
        report: FeedbackId,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.key.open(&[FEEDBACK_SENT, report.as_bytes()].concat(), sealed)
    }

    /// Seals which subject is a canary: whoever knows it can leave it in and others out.
    pub fn seal_canary(&self, canary: CanaryId, plain: &[u8]) -> Vec<u8> {
        self.key.seal(&[CANARY, canary.as_bytes()].concat(), plain, self.entropy.draw())
    }

    /// Opens what [`Self::seal_canary`] made for the same canary.
    pub fn open_canary(&self, canary: CanaryId, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.key.open(&[CANARY, canary.as_bytes()].concat(), sealed)
    }

    /// A handle that nobody can guess.
    pub(crate) fn new_handle(&self) -> Handle {
        Handle::from_bytes(self.entropy.draw())
    }

    /// Where its randomness comes from.
    pub fn entropy(&self) -> &Entropy {
        &self.entropy
    }

    fn seal(&self, place: &[u8], handle: Handle, plain: &[u8]) -> Vec<u8> {
        self.key.seal(&context(place, handle), plain, self.entropy.draw())
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

/// Table, column and row, so that a value that was moved does not open.
fn context(place: &[u8], handle: Handle) -> Vec<u8> {
    [place, handle.as_bytes()].concat()
}

const AUTHORISATION: &[u8] = b"authorisations.sealed:";
const FEEDBACK_SENT: &[u8] = b"feedback_sent.sealed:";
const BINDING: &[u8] = b"local_records.binding:";
const CANARY: &[u8] = b"canaries.sealed:";
const RECORD: &[u8] = b"local_records.record:";
const SUBJECT: &[u8] = b"outbox.subject:";

#[cfg(test)]
mod tests {
    use super::*;

    fn vault() -> Vault {
        Vault::new(RowKey::from_bytes(&[7; 32]), Entropy::seeded(1))
    }

    #[test]
    fn what_was_sealed_for_one_handle_opens_for_that_handle_only() {
        let vault = vault();
        let (one, other) = (vault.new_handle(), vault.new_handle());
        let subject = Subject::parse("nl.bsn:999990342").unwrap();
        let sealed = vault.seal_subject(one, &subject);
        assert_eq!(vault.open_subject(one, &sealed), Ok(subject));
        assert_eq!(vault.open_subject(other, &sealed), Err(SealError));
        assert!(vault.open_record(one, &sealed).is_err(), "another column is another place");
    }

    #[test]
    fn records_bindings_and_subjects_read_back() {
        let vault = vault();
        let handle = vault.new_handle();
        let record = LocalId::new("row-17").unwrap();
        assert_eq!(vault.open_record(handle, &vault.seal_record(handle, &record)), Ok(record));
        let binding = Binding::from_bytes(&[9; 32]);
        assert_eq!(vault.open_binding(handle, &vault.seal_binding(handle, &binding)), Ok(binding));
    }

    #[test]
    fn who_is_asked_about_has_another_key_than_who_is_registered() {
        let (vault, subject) = (vault(), Subject::parse("nl.bsn:999990342").unwrap());
        assert_eq!(vault.asked_key(&subject), vault.asked_key(&subject));
        assert_ne!(vault.asked_key(&subject), vault.subject_key(&subject));
    }

    #[test]
    fn the_same_record_in_another_source_or_category_has_another_key() {
        let vault = vault();
        let key = |source: &str, category: &str, record: &str| {
            let source = SourceName::parse(source).unwrap();
            vault.record_key(&source, &Category::parse(category).unwrap(), &LocalId::new(record).unwrap())
        };
        assert_eq!(key("a", "b", "c"), key("a", "b", "c"));
        assert_ne!(key("a", "b", "c"), key("b", "b", "c"));
        assert_ne!(key("a", "b", "c"), key("a", "c", "c"));
        assert_ne!(key("a", "b", "c"), key("a", "b", "d"));
    }
}

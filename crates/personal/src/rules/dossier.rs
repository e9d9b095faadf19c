//! A dossier that is open: its key, and the one person whom it is about.

use std::fmt;

use kw_domain::{BirthDate, Category, CollectionId, DocumentId, DossierId, Epoch, Oin};
use kw_pseudonym::{Binding, RowKey, SealError};
use kw_runtime::Entropy;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::verification::{Delivered, Expected, Mismatch, StorableDocument, VerifiedDocument, check};

/// Whom a dossier is about.
#[derive(Clone)]
pub struct Person {
    /// The pairwise binding of the person and this personal environment.
    pub binding: Binding,
    /// The generation of the pseudonymiser's key that made it.
    pub epoch: Epoch,
    /// The birth date as the user gave it, if they know one.
    pub birth_date: Option<BirthDate>,
    /// What the user calls the dossier.
    pub label: String,
}

/// A dossier's key with the person it is about. Only [`super::ServiceKey`] makes one.
pub struct OpenDossier {
    id: DossierId,
    key: RowKey,
    person: Person,
}

/// A dossier that was just made, as it is stored.
pub struct NewDossier {
    /// Keyed digest of owner and person.
    pub person_key: [u8; 16],
    /// Its key, wrapped.
    pub key_sealed: Vec<u8>,
    /// The person, sealed under its key.
    pub person_sealed: Vec<u8>,
    /// The dossier.
    pub dossier: OpenDossier,
}

/// A document as it is stored: it says itself which dossier it belongs to.
pub struct SealedDocument {
    dossier: DossierId,
    /// What it is called.
    pub id: DocumentId,
    /// Of which category.
    pub category: Category,
    /// From whom.
    pub holder: Oin,
    /// The document and its provenance, encrypted.
    pub sealed: Vec<u8>,
}

impl SealedDocument {
    /// The dossier under whose key it is, which is the only one that it can be stored in.
    pub fn dossier(&self) -> DossierId {
        self.dossier
    }
}

/// A document was verified for another dossier than this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the document was verified for another dossier")]
pub struct OtherDossier;

impl OpenDossier {
    pub(super) fn new(id: DossierId, key: RowKey, person: Person) -> Self {
        Self { id, key, person }
    }

    pub(super) fn open(id: DossierId, key: RowKey, person_sealed: &[u8]) -> Result<Self, SealError> {
        let plain = key.open(&[PERSON, id.as_bytes()].concat(), person_sealed)?;
        let stored: StoredPerson = serde_json::from_slice(&plain).map_err(|_| SealError)?;
        Ok(Self { id, key, person: stored.person().ok_or(SealError)? })
    }

    pub(super) fn seal_person(&self, entropy: &Entropy) -> Vec<u8> {
        let stored = Zeroizing::new(StoredPerson::of(&self.person).text());
        self.key.seal(&[PERSON, self.id.as_bytes()].concat(), stored.as_bytes(), entropy.draw())
    }

    /// Which dossier.
    pub fn id(&self) -> DossierId {
        self.id
    }

    /// What the user calls it.
    pub fn label(&self) -> &str {
        &self.person.label
    }

    /// The birth date that goes into a pushed authorisation request.
    pub fn birth_date(&self) -> Option<&BirthDate> {
        self.person.birth_date.as_ref()
    }

    /// Whether it is about the person with this binding. Takes constant time.
    pub fn is_about(&self, person: &Binding) -> bool {
        self.person.binding == *person
    }

    /// Checks what a holder delivered against the person of this dossier: subject proof, then birth date, at the coarser of
    /// the two precisions. The only way to a [`VerifiedDocument`].
    pub fn verify(&self, delivered: Delivered, expected: &Expected) -> Result<VerifiedDocument, Mismatch> {
        let certainty = check(&self.person, &delivered, expected)?;
        Ok(VerifiedDocument::new(self.id, delivered, certainty))
    }

    /// Encrypts a document that was verified for this dossier and confirmed. The row's own names go into the encryption, so
    /// that a row that was moved to another dossier, or given another category or holder, does not open.
    pub fn seal(
        &self,
        id: DocumentId,
        document: &StorableDocument,
        entropy: &Entropy,
    ) -> Result<SealedDocument, OtherDossier> {
        if document.dossier() != self.id {
            return Err(OtherDossier);
        }
        let delivered = document.delivered();
        let (category, holder) = (delivered.collected.category.clone(), delivered.collected.holder);
        let plain = Zeroizing::new(delivered.stored_text());
        let sealed =
            self.key.seal(&self.document_place(id, &category, holder), plain.as_bytes(), entropy.draw());
        Ok(SealedDocument { dossier: self.id, id, category, holder, sealed })
    }

    /// Reads a stored document: the JSON of its document and provenance.
    pub fn read(
        &self,
        id: DocumentId,
        category: &Category,
        holder: Oin,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.key.open(&self.document_place(id, category, holder), sealed)
    }

    /// Encrypts what was verified and waits for a confirmation.
    pub fn seal_pending(
        &self,
        collection: CollectionId,
        documents: &[VerifiedDocument],
        entropy: &Entropy,
    ) -> Result<Vec<u8>, OtherDossier> {
        if documents.iter().any(|document| document.dossier() != self.id) {
            return Err(OtherDossier);
        }
        let delivered: Vec<&Delivered> = documents.iter().map(VerifiedDocument::delivered).collect();
        // Wire types of ours always have a JSON form.
        let plain = Zeroizing::new(serde_json::to_vec(&delivered).unwrap_or_default());
        Ok(self.key.seal(&self.pending_place(collection), &plain, entropy.draw()))
    }

    /// Opens what waits, and verifies all of it once more: what lay in the database is believed no sooner than what came
    /// over the network.
    pub fn open_pending(
        &self,
        collection: CollectionId,
        sealed: &[u8],
        expected: &Expected,
    ) -> Result<Vec<VerifiedDocument>, Mismatch> {
        let plain = self.key.open(&self.pending_place(collection), sealed).map_err(|_| Mismatch::Subject)?;
        let delivered: Vec<Delivered> = serde_json::from_slice(&plain).map_err(|_| Mismatch::Unexpected)?;
        delivered.into_iter().map(|one| self.verify(one, expected)).collect()
    }

    fn document_place(&self, id: DocumentId, category: &Category, holder: Oin) -> Vec<u8> {
        // Fixed lengths first; the category, alone of variable length, comes last.
        let names = [holder.as_str().as_bytes(), category.as_str().as_bytes()].concat();
        [DOCUMENT, self.id.as_bytes().as_slice(), id.as_bytes(), &names].concat()
    }

    fn pending_place(&self, collection: CollectionId) -> Vec<u8> {
        [PENDING, self.id.as_bytes().as_slice(), collection.as_bytes()].concat()
    }
}

impl fmt::Debug for OpenDossier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenDossier").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Person(…)")
    }
}

impl fmt::Debug for NewDossier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewDossier").field("dossier", &self.dossier.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for SealedDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedDocument").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The person as sealed.
#[derive(Serialize, Deserialize)]
struct StoredPerson {
    binding: kw_protocol::SecretBytes32,
    epoch: u32,
    birth_date: Option<String>,
    label: String,
}

impl StoredPerson {
    fn of(person: &Person) -> Self {
        let date = person.birth_date.as_ref();
        Self {
            binding: kw_protocol::SecretBytes32(*person.binding.to_bytes()),
            epoch: person.epoch.0,
            birth_date: date.and_then(|date| date.digits_at(date.precision())),
            label: person.label.clone(),
        }
    }

    fn text(&self) -> String {
        // Text and numbers always have a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    fn person(self) -> Option<Person> {
        let birth_date = match &self.birth_date {
            Some(text) => Some(BirthDate::parse(text).ok()?),
            None => None,
        };
        Some(Person {
            binding: Binding::from_bytes(&self.binding.0),
            epoch: Epoch(self.epoch),
            birth_date,
            label: self.label,
        })
    }
}

const DOCUMENT: &[u8] = b"personal_documents:";
const PENDING: &[u8] = b"personal_collections.pending:";
const PERSON: &[u8] = b"personal_dossiers.person:";

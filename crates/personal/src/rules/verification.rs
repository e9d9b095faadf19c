//! What a holder delivered, checked against the person of a dossier.

use std::collections::BTreeSet;
use std::fmt;

use kw_domain::{Category, DatePrecision, DossierId, Oin};
use kw_protocol::authorisation::{Collected, SecretText};
use kw_pseudonym::{BirthDateComparison, BirthDateProofs};
use serde::{Deserialize, Serialize};

use super::confirmation::Confirmations;
use super::dossier::Person;

/// What a holder answered, with the token that its proofs are about.
#[derive(Serialize, Deserialize)]
pub struct Delivered {
    /// The answer.
    pub collected: Collected,
    /// The access token, as it was sent.
    pub token: SecretText,
}

/// What was asked, of whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The holder of the collection.
    pub holder: Oin,
    /// Its categories.
    pub categories: BTreeSet<Category>,
}

/// How sure it is that the document is about the dossier's person, from weak to strong. The subject proof fits in both
/// cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// On one side no more than the year of birth is known: two people must say so.
    NeedsSecondPerson,
    /// The birth dates agree to the day or the month.
    BirthDate(DatePrecision),
}

/// Why a delivery is not of this dossier. It is kept nowhere then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Mismatch {
    /// Another birth date.
    #[error("the birth date is another than that of the dossier's person")]
    BirthDate,
    /// The document's proof was made with a key generation that the dossier does not know.
    #[error("the proof is of another generation of keys than the dossier")]
    Epoch,
    /// Another person.
    #[error("the document is about another person than the dossier")]
    Subject,
    /// Another holder or category than asked, or no document.
    #[error("the document was not asked for")]
    Unexpected,
}

impl Mismatch {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::BirthDate => "birth-date-mismatch",
            Self::Epoch => "epoch-unknown",
            Self::Subject => "subject-mismatch",
            Self::Unexpected => "not-asked-for",
        }
    }
}

/// A document that is proven to be about the person of one dossier. Only [`super::OpenDossier::verify`] makes one.
pub struct VerifiedDocument {
    dossier: DossierId,
    delivered: Delivered,
    certainty: Certainty,
}

/// A verified document of which enough people confirmed where it belongs. Only [`VerifiedDocument::confirmed`] makes one.
pub struct StorableDocument(VerifiedDocument);

/// It is not confirmed by enough people yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Waiting {
    /// Nobody confirmed.
    #[error("nobody confirmed the dossier yet")]
    Confirmation,
    /// The confirmations are about another dossier.
    #[error("the confirmations are about another dossier")]
    OtherDossier,
    /// A second person must confirm.
    #[error("a second person, or the person of the dossier, must confirm too")]
    SecondPerson,
}

impl VerifiedDocument {
    pub(super) fn new(dossier: DossierId, delivered: Delivered, certainty: Certainty) -> Self {
        Self { dossier, delivered, certainty }
    }

    /// The dossier whose person it is about: the preselected one.
    pub fn dossier(&self) -> DossierId {
        self.dossier
    }

    /// How sure that is.
    pub fn certainty(&self) -> Certainty {
        self.certainty
    }

    /// Its category.
    pub fn category(&self) -> &Category {
        &self.delivered.collected.category
    }

    /// How sure it is of all of them together: no surer than of the least sure one.
    pub fn weakest(documents: &[Self]) -> Option<Certainty> {
        documents.iter().map(Self::certainty).min()
    }

    pub(super) fn delivered(&self) -> &Delivered {
        &self.delivered
    }

    /// Storable, if those who confirmed are enough for how sure it is.
    pub fn confirmed(self, confirmations: &Confirmations) -> Result<StorableDocument, Waiting> {
        confirmations.suffice(self.dossier, self.certainty)?;
        Ok(StorableDocument(self))
    }
}

impl StorableDocument {
    /// The dossier that verified it.
    pub fn dossier(&self) -> DossierId {
        self.0.dossier
    }

    pub(super) fn delivered(&self) -> &Delivered {
        &self.0.delivered
    }
}

impl Delivered {
    /// What is kept of it: the document and where it comes from. Token and proofs are done with.
    pub(super) fn stored_text(&self) -> String {
        #[derive(Serialize)]
        struct Stored<'a> {
            document: &'a Option<serde_json::Value>,
            provenance: &'a Option<kw_protocol::pull::Provenance>,
        }
        let stored = Stored { document: &self.collected.document, provenance: &self.collected.provenance };
        // Wire types of ours always have a JSON form.
        serde_json::to_string(&stored).unwrap_or_default()
    }
}

/// The subject proof must fit; then the birth dates are compared.
pub(super) fn check(
    person: &Person,
    delivered: &Delivered,
    expected: &Expected,
) -> Result<Certainty, Mismatch> {
    let Delivered { collected, token } = delivered;
    if collected.holder != expected.holder
        || !expected.categories.contains(&collected.category)
        || collected.document.is_none()
    {
        return Err(Mismatch::Unexpected);
    }
    let mut proofs = collected.subject_proofs.iter().filter(|proof| proof.epoch == person.epoch.0).peekable();
    if proofs.peek().is_none() {
        return Err(Mismatch::Epoch);
    }
    if !proofs.all(|proof| person.binding.verify_subject(token.reveal(), &proof.proof.0)) {
        return Err(Mismatch::Subject);
    }
    let given = collected.birth_date_proofs.iter().find(|proofs| proofs.epoch == person.epoch.0);
    let given = given.map_or(BirthDateProofs { day: None, month: None, year: None }, |proofs| {
        let bytes = |proof: &Option<kw_protocol::SecretBytes32>| proof.as_ref().map(|bytes| bytes.0);
        BirthDateProofs { day: bytes(&proofs.day), month: bytes(&proofs.month), year: bytes(&proofs.year) }
    });
    match person.binding.compare_birth_date(token.reveal(), person.birth_date.as_ref(), &given) {
        BirthDateComparison::Same(precision) => Ok(Certainty::BirthDate(precision)),
        BirthDateComparison::Different => Err(Mismatch::BirthDate),
        BirthDateComparison::Unknown => Ok(Certainty::NeedsSecondPerson),
    }
}

macro_rules! quiet {
    ($($name:ident),+) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )+};
}

quiet!(Delivered, VerifiedDocument, StorableDocument);

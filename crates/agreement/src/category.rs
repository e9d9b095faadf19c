//! What the chain agrees per kind of data.

use crate::{ConsentRegime, DocumentSchema, Localised, Term};

/// The rules of one category (gegevenscategorie).
#[derive(Debug)]
pub struct CategoryRules {
    /// Its name for people.
    pub title: Localised,
    /// How much harm a leak would do.
    pub sensitivity: Sensitivity,
    /// A pointer is findable for at most this long, unless it is renewed.
    pub max_validity: Term,
    /// How long a pointer that ended is kept, no longer findable; `None` when there is no archive.
    pub archive: Option<Term>,
    /// How long the trace of a destroyed pointer, without its subject, is kept.
    pub tombstone: Term,
    /// Pointers are destroyed on the day the person reaches this age, in years.
    pub age_limit: Option<u32>,
    /// A pull must prove the birth date, whatever the purpose says.
    pub birth_date_required: bool,
    /// A person's access report leaves accesses to this category out.
    pub withheld_from_subject: bool,
    /// What a person's own choice means here.
    pub consent: ConsentRegime,
    /// Whether holders of live pointers about the same person are told of each other; `None` where no law says so.
    pub matching: Option<Matching>,
    /// What the documents of this category look like; `None` accepts any JSON object.
    pub schema: Option<DocumentSchema>,
}

/// Holders that have a live pointer about the same person are told of each other (design §8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matching {
    /// The law that says so.
    pub legal_basis: String,
    /// Whether declared relations between persons count as well (family match).
    pub family: bool,
}

/// How much harm a leak of a category would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sensitivity {
    /// Ordinary personal data.
    Ordinary,
    /// Personal data under a duty of secrecy or of a vulnerable group.
    Confidential,
    /// Special categories and criminal data (GDPR art. 9 and 10).
    Special,
}

impl Sensitivity {
    /// All levels, from mild to severe.
    pub const ALL: [Self; 3] = [Self::Ordinary, Self::Confidential, Self::Special];

    /// The level as it stands in the agreement.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::Confidential => "confidential",
            Self::Special => "special",
        }
    }
}

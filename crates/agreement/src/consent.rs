//! Consent and objection: where they count, and who may record them.

mod evaluation;

use std::collections::BTreeSet;
use std::time::Duration;

use kw_domain::{Oin, Role};

pub use evaluation::{Choice, Disclosure, Evaluation, PartyScope, evaluate};

/// What a person's own choice means for a category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum ConsentRegime {
    /// A statutory task: consent is no ground. A person may object to a registration; the holder decides.
    #[default]
    Statutory,
    /// Disclosed unless the person objected.
    OptOut,
    /// Disclosed only with the person's consent.
    OptIn,
}

impl ConsentRegime {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Statutory, Self::OptOut, Self::OptIn];

    /// The regime as it stands in the agreement.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OptIn => "opt-in",
            Self::OptOut => "opt-out",
            Self::Statutory => "statutory",
        }
    }
}

/// `[consent]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentRules {
    /// The partners that may record the choices of persons whom they identified themselves.
    pub registrars: BTreeSet<Oin>,
    /// The roles of professionals who may record a choice that a person made in front of them.
    pub professionals: BTreeSet<Role>,
    /// How long a holder may rely on the answer to a question about consent.
    pub answer_valid: Duration,
    /// An objection to a statutory registration is decided within this time.
    pub objection_within: Duration,
}

impl Default for ConsentRules {
    fn default() -> Self {
        Self {
            registrars: BTreeSet::new(),
            professionals: BTreeSet::new(),
            answer_valid: Duration::from_mins(5),
            objection_within: Duration::from_hours(30 * 24),
        }
    }
}

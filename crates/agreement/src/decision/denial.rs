//! Why not.

use kw_domain::Purpose;

use crate::{Agreement, Denials};

/// Why nothing may be searched or delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DenialReason {
    /// The party is not in the agreement.
    RequesterUnknown,
    /// The party is suspended.
    RequesterSuspended,
    /// The agreement does not let this supplier ask for this party.
    SupplierNotAllowed,
    /// The agreement has no such purpose.
    UnknownPurpose,
    /// The role may not ask for this purpose, or does not exist at this kind of partner.
    RoleNotAllowed,
    /// A category was asked that this role may not see for this purpose.
    CategoryOutsidePurpose,
    /// The purpose does not admit this ground.
    RelationBasisNotAllowed,
    /// The purpose demands proof of who asks, and there is only the party's word.
    ActorMustBeProven,
    /// Nobody may act for somebody else for this purpose.
    RepresentationNotAdmitted,
    /// A representative claims a mandate that is not there, not active, or of other people.
    MandateMissing,
    /// The mandate covers nothing of what is asked.
    OutsideMandate,
    /// The person did not consent, or objected, where that counts.
    ConsentWithheld,
    /// The chain's own rules deny it.
    ChainRule,
    /// The rules were not done within their bound. That is a mistake in the chain's own rules.
    PolicyExceeded,
    /// The rules could not be evaluated. That too is a mistake in the chain's own rules.
    PolicyFailed,
}

impl DenialReason {
    /// All reasons, in the order in which they are looked for.
    pub const ALL: [Self; 15] = [
        Self::RequesterUnknown,
        Self::RequesterSuspended,
        Self::SupplierNotAllowed,
        Self::UnknownPurpose,
        Self::RoleNotAllowed,
        Self::CategoryOutsidePurpose,
        Self::RelationBasisNotAllowed,
        Self::ActorMustBeProven,
        Self::RepresentationNotAdmitted,
        Self::MandateMissing,
        Self::OutsideMandate,
        Self::ConsentWithheld,
        Self::ChainRule,
        Self::PolicyExceeded,
        Self::PolicyFailed,
    ];

    /// The reason as it stands in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequesterUnknown => "requester-unknown",
            Self::RequesterSuspended => "requester-suspended",
            Self::SupplierNotAllowed => "supplier-not-allowed",
            Self::UnknownPurpose => "unknown-purpose",
            Self::RoleNotAllowed => "role-not-allowed",
            Self::CategoryOutsidePurpose => "category-outside-purpose",
            Self::RelationBasisNotAllowed => "relation-basis-not-allowed",
            Self::ActorMustBeProven => "actor-must-be-proven",
            Self::RepresentationNotAdmitted => "representation-not-admitted",
            Self::MandateMissing => "mandate-missing",
            Self::OutsideMandate => "outside-mandate",
            Self::ConsentWithheld => "consent-withheld",
            Self::ChainRule => "chain-rule",
            Self::PolicyExceeded => "policy-exceeded",
            Self::PolicyFailed => "policy-failed",
        }
    }

    /// The reason with this word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    /// Whether the rules give it, rather than what is looked up before or after them.
    pub fn is_of_rules(self) -> bool {
        !matches!(self, Self::MandateMissing | Self::ConsentWithheld)
    }

    /// Whether it says something about the person who is asked about. All others speak of the asker and the agreement, so
    /// they can always be told.
    pub fn is_about_subject(self) -> bool {
        matches!(self, Self::MandateMissing | Self::OutsideMandate | Self::ConsentWithheld)
    }
}

impl Agreement {
    /// Whether an asker for this purpose may be told this reason. If not, the answer is that of "nothing found", in shape
    /// and in time.
    pub fn may_be_told(&self, purpose: &Purpose, reason: DenialReason) -> bool {
        !reason.is_about_subject()
            || self.purpose(purpose).is_some_and(|rules| rules.denials == Denials::Told)
    }
}

//! The register of mandates: who may act for whom (vertegenwoordiging): `/v1/mandates…` at the switchboard.
//!
//! Both sides travel as elements, as the subject of a question does. No answer tells who the other side is.

pub mod local;

use kw_domain::{Category, Instant, MandateId, Oin};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::pointer::SubjectElement;

/// Why somebody may act for another person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MandateKind {
    /// Property is administered by another (bewind, BW 1:431).
    Administration,
    /// A court appointed a guardian for an adult (curatele, BW 1:378).
    Guardianship,
    /// A court appointed a mentor for care (mentorschap, BW 1:450).
    Mentorship,
    /// Of a minor (ouderlijk gezag, BW 1:245).
    ParentalAuthority,
    /// Given by the person (vrijwillige machtiging).
    Voluntary,
}

impl MandateKind {
    /// All of them, in alphabetical order.
    pub const ALL: [Self; 5] = [
        Self::Administration,
        Self::Guardianship,
        Self::Mentorship,
        Self::ParentalAuthority,
        Self::Voluntary,
    ];

    /// The kind as it stands in the agreement, messages, grants and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Administration => "administration",
            Self::Guardianship => "guardianship",
            Self::Mentorship => "mentorship",
            Self::ParentalAuthority => "parental-authority",
            Self::Voluntary => "voluntary",
        }
    }

    /// The kind with this word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// One side of a mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Who acts (vertegenwoordiger).
    Representative,
    /// For whom (vertegenwoordigde).
    Represented,
}

impl Side {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Representative, Self::Represented];

    /// The side as it stands in the agreement, messages and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Representative => "representative",
            Self::Represented => "represented",
        }
    }

    /// The side with this word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|side| side.as_str() == text)
    }
}

/// What a representative may do.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum MandateAct {
    /// Report a mistake to a holder (terugmelding).
    Feedback,
    /// Object, or give and take back consent.
    Object,
    /// See what there is.
    #[default]
    View,
}

impl MandateAct {
    /// All of them, in alphabetical order.
    pub const ALL: [Self; 3] = [Self::Feedback, Self::Object, Self::View];

    /// The act as it stands in the agreement, messages and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Feedback => "feedback",
            Self::Object => "object",
            Self::View => "view",
        }
    }

    /// The act with this word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.as_str() == text)
    }
}

/// Where a mandate is in its life (docs/representation.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MandateStatus {
    /// It counts.
    Active,
    /// Its last day is over.
    Expired,
    /// A side whose confirmation it waited for said no.
    Refused,
    /// It waits for a confirmation.
    Requested,
    /// One of the sides, or its registrar, took it back.
    Withdrawn,
}

impl MandateStatus {
    /// All of them, in alphabetical order.
    pub const ALL: [Self; 5] = [Self::Active, Self::Expired, Self::Refused, Self::Requested, Self::Withdrawn];

    /// The status as it stands in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Refused => "refused",
            Self::Requested => "requested",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Registers a mandate. The registrar is the party of the client certificate, never a field.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegisterMandate {
    /// Who acts.
    pub representative: SubjectElement,
    /// For whom.
    pub represented: SubjectElement,
    /// Why.
    pub kind: MandateKind,
    /// The represented person's age band, by its name in the agreement. The registrar knows the birth date; the switchboard
    /// does not.
    pub age_band: String,
    /// For which kinds of data.
    #[schema(value_type = Vec<String>)]
    pub categories: Vec<Category>,
    /// For which acts.
    pub acts: Vec<MandateAct>,
    /// It ends then: the age rule as a date, or the mandate's own end if that is sooner.
    #[schema(value_type = String)]
    pub valid_until: Instant,
}

/// A mandate that was registered, or was there already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredMandate {
    /// The register's name for it.
    #[schema(value_type = String)]
    pub id: MandateId,
    /// Where it is.
    pub status: MandateStatus,
}

/// Says that one side agrees. The registrar identified that person.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConfirmMandate {
    /// Which side the person is.
    pub side: Side,
    /// The person.
    pub subject: SubjectElement,
}

/// Takes a mandate back, for a person or for the registrar itself.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WithdrawMandate {
    /// Which side the person is; left out when the registrar itself takes it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
    /// The person; left out when the registrar itself takes it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectElement>,
}

/// A mandate as it is told: never who the sides are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mandate {
    /// The register's name for it.
    #[schema(value_type = String)]
    pub id: MandateId,
    /// Why.
    pub kind: MandateKind,
    /// Where it is.
    pub status: MandateStatus,
    /// The represented person's age band.
    pub age_band: String,
    /// For which kinds of data.
    #[schema(value_type = Vec<String>)]
    pub categories: Vec<Category>,
    /// For which acts.
    pub acts: Vec<MandateAct>,
    /// Which sides agreed.
    pub confirmed: Vec<Side>,
    /// Who registered it.
    #[schema(value_type = String)]
    pub registrar: Oin,
    /// When.
    #[schema(value_type = String)]
    pub registered_at: Instant,
    /// It ends then.
    #[schema(value_type = String)]
    pub valid_until: Instant,
    /// When its status last changed.
    #[schema(value_type = String)]
    pub changed_at: Instant,
}

/// Asks for the mandates of one person.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SearchMandates {
    /// The person.
    pub subject: SubjectElement,
    /// Which side the person is.
    pub side: Side,
}

/// The mandates of one person that the asker may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mandates {
    /// Oldest first.
    pub mandates: Vec<Mandate>,
}

/// Asks whether one mandate lets its representative do this now: a closed question.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckMandate {
    /// Which mandate.
    #[schema(value_type = String)]
    pub mandate: MandateId,
    /// Whom it should be for.
    pub represented: SubjectElement,
    /// Who should act, where the asker knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representative: Option<SubjectElement>,
    /// What they want to do.
    pub act: MandateAct,
    /// In which kinds of data, all of which the mandate must cover; any when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub categories: Vec<Category>,
}

/// Whether it does. "No such mandate", "not active" and "of other people" look the same: `active` is false and nothing else
/// is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MandateChecked {
    /// Whether it counts now, for these people, this act and all of these categories.
    pub active: bool,
    /// What it says, when it does: its fields stand beside `active`.
    #[serde(flatten)]
    pub mandate: Option<ActiveMandate>,
}

/// What an active mandate says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActiveMandate {
    /// Why.
    pub kind: MandateKind,
    /// The represented person's age band: the holder compares it with the birth date.
    pub age_band: String,
    /// For which kinds of data.
    #[schema(value_type = Vec<String>)]
    pub categories: Vec<Category>,
    /// For which acts.
    pub acts: Vec<MandateAct>,
    /// It ends then.
    #[schema(value_type = String)]
    pub valid_until: Instant,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_messages_are_the_words_of_the_agreement() {
        let word = |value: serde_json::Value| value.as_str().unwrap().to_owned();
        for kind in MandateKind::ALL {
            assert_eq!(word(serde_json::to_value(kind).unwrap()), kind.as_str());
            assert_eq!(MandateKind::parse(kind.as_str()), Some(kind));
        }
        for act in MandateAct::ALL {
            assert_eq!(word(serde_json::to_value(act).unwrap()), act.as_str());
            assert_eq!(MandateAct::parse(act.as_str()), Some(act));
        }
        for side in Side::ALL {
            assert_eq!(word(serde_json::to_value(side).unwrap()), side.as_str());
            assert_eq!(Side::parse(side.as_str()), Some(side));
        }
        for status in MandateStatus::ALL {
            assert_eq!(word(serde_json::to_value(status).unwrap()), status.as_str());
        }
    }

    #[test]
    fn what_is_not_active_tells_nothing() {
        let told = serde_json::to_string(&MandateChecked::default()).unwrap();
        assert_eq!(told, r#"{"active":false}"#);
    }
}

//! What persons choose about disclosure (toestemming en verzet): `/v1/consents…` at the switchboard.
//!
//! Persons travel as elements, as the subject of a question does.

use kw_domain::{Category, ConsentId, Instant, MandateId, Oin, PointerId, Purpose};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::pointer::SubjectElement;
use crate::query::{Actor, Relation};

/// What a person chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConsentChoice {
    /// Consent (toestemming).
    Given,
    /// Objection (verzet).
    Refused,
}

impl ConsentChoice {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Given, Self::Refused];

    /// The choice as it stands in messages and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Refused => "refused",
        }
    }

    /// The choice with this word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// What a person's own choices come to, the more specific ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConsentVerdict {
    /// Consent.
    Given,
    /// Objection.
    Refused,
    /// The person said nothing that applies here.
    Silent,
}

impl ConsentVerdict {
    /// All of them, in alphabetical order.
    pub const ALL: [Self; 3] = [Self::Given, Self::Refused, Self::Silent];

    /// The verdict as it stands in records and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Refused => "refused",
            Self::Silent => "silent",
        }
    }

    /// The verdict with this word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.as_str() == text)
    }
}

/// Who made a choice known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum GivenBy {
    /// A professional, in front of whom the person chose.
    Professional,
    /// Somebody who acts for the person, under a mandate with the act `object`.
    Representative,
    /// The person, whom the registrar identified.
    Subject,
}

impl GivenBy {
    /// All of them, in alphabetical order.
    pub const ALL: [Self; 3] = [Self::Professional, Self::Representative, Self::Subject];

    /// The word in messages and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Professional => "professional",
            Self::Representative => "representative",
            Self::Subject => "subject",
        }
    }

    /// The one with this word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// Who makes something known about a person, and in which capacity.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Declaration {
    /// In which capacity.
    pub given_by: GivenBy,
    /// The mandate of the representative; not for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub mandate: Option<MandateId>,
    /// The representative; not for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representative: Option<SubjectElement>,
    /// Who of the asking organisation recorded it; required of a professional.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
}

/// Records one choice. Left out means all: all holders, all categories, all requesters.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecordConsent {
    /// Whose choice it is.
    pub subject: SubjectElement,
    /// What was chosen.
    pub verdict: ConsentChoice,
    /// About disclosure by this holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub holder: Option<Oin>,
    /// About disclosure by holders of this kind. Not together with `holder`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder_kind: Option<String>,
    /// About this kind of data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub category: Option<Category>,
    /// To this requester.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub requester: Option<Oin>,
    /// To requesters of this kind. Not together with `requester`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester_kind: Option<String>,
    /// Who made it known.
    pub declared: Declaration,
    /// Where the choice is laid down: a code or URI at the registrar. Never any personal data.
    pub evidence: String,
    /// It counts until then; until it is taken back when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Instant>,
}

/// Takes one choice back.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WithdrawConsent {
    /// Whose choice it is.
    pub subject: SubjectElement,
    /// Who made it known.
    pub declared: Declaration,
}

/// One choice as it is on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Consent {
    /// The register's name for it.
    #[schema(value_type = String)]
    pub id: ConsentId,
    /// What was chosen.
    pub verdict: ConsentChoice,
    /// About this holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub holder: Option<Oin>,
    /// About holders of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder_kind: Option<String>,
    /// About this kind of data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub category: Option<Category>,
    /// To this requester.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub requester: Option<Oin>,
    /// To requesters of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester_kind: Option<String>,
    /// Who made it known.
    pub given_by: GivenBy,
    /// Where it is laid down.
    pub evidence: String,
    /// The organisation that recorded it.
    #[schema(value_type = String)]
    pub recorded_by: Oin,
    /// When.
    #[schema(value_type = String)]
    pub recorded_at: Instant,
    /// It counts until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Instant>,
    /// It was taken back then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub withdrawn_at: Option<Instant>,
}

/// Asks for the choices of one person.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SearchConsents {
    /// The person.
    pub subject: SubjectElement,
    /// Who of the asking organisation asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
}

/// The choices of one person that the asker may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Consents {
    /// Oldest first, those that were taken back not long ago included.
    pub consents: Vec<Consent>,
}

/// The open question: which holders may answer me about this person?
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HoldersQuestion {
    /// The person.
    pub subject: SubjectElement,
    /// Why.
    #[schema(value_type = String)]
    pub purpose: Purpose,
    /// Who asks.
    pub actor: Actor,
    /// About which kinds of data; all that purpose and role allow when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub categories: Vec<Category>,
    /// On what ground.
    pub relation: Relation,
}

/// One holder that may answer, if it has anything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PermittedHolder {
    /// Who.
    #[schema(value_type = String)]
    pub holder: Oin,
    /// What.
    #[schema(value_type = String)]
    pub category: Category,
}

/// Who may answer. It tells nothing about who holds anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PermittedHolders {
    /// By holder and category.
    pub holders: Vec<PermittedHolder>,
    /// The answer may be used until then.
    #[schema(value_type = String)]
    pub valid_until: Instant,
}

/// The closed question: may I disclose this to that party? Asked by the holder, about a pointer of its own or a person that
/// it identified.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckConsent {
    /// The own pointer; or else `subject` and `category`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub pointer: Option<PointerId>,
    /// The person, where there is no pointer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectElement>,
    /// The kind of data, where there is no pointer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub category: Option<Category>,
    /// Who asked the holder.
    #[schema(value_type = String)]
    pub requester: Oin,
    /// Why that party asked.
    #[schema(value_type = String)]
    pub purpose: Purpose,
}

/// What the person's choices come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConsentChecked {
    /// For this holder, category and requester.
    pub verdict: ConsentVerdict,
    /// The answer may be used until then, unless a signal says that a choice changed.
    #[schema(value_type = String)]
    pub valid_until: Instant,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_messages_are_the_words_in_records() {
        let word = |value: serde_json::Value| value.as_str().unwrap().to_owned();
        for one in ConsentChoice::ALL {
            assert_eq!(word(serde_json::to_value(one).unwrap()), one.as_str());
            assert_eq!(ConsentChoice::parse(one.as_str()), Some(one));
        }
        for one in ConsentVerdict::ALL {
            assert_eq!(word(serde_json::to_value(one).unwrap()), one.as_str());
            assert_eq!(ConsentVerdict::parse(one.as_str()), Some(one));
        }
        for one in GivenBy::ALL {
            assert_eq!(word(serde_json::to_value(one).unwrap()), one.as_str());
            assert_eq!(GivenBy::parse(one.as_str()), Some(one));
        }
    }
}

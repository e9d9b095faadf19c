//! The virtual chain dossier, and the partner's local API that assembles it.

use std::fmt;

use kw_domain::{
    CaseReference, Category, FeedbackId, Handle, Instant, MandateId, Oin, Purpose, QueryId, SourceName,
    TransactionId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::feedback::FeedbackDraft;
use crate::mandate::MandateAct;
use crate::problem::Problem;
use crate::pull::{ComparedPrecision, Provenance};
use crate::query::{Actor, Receipt, Relation};

/// What a caseworker asks, in the partner's own process. It holds the subject, so it has no `Debug` and never leaves the
/// partner.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DossierRequest {
    /// The subject in its canonical form (`nl.bsn:…`).
    pub subject: String,
    /// The birth date as the asker knows it, possibly partial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
    /// Why.
    #[schema(value_type = String)]
    pub purpose: Purpose,
    /// Who asks.
    pub actor: Actor,
    /// For which case.
    #[schema(value_type = String)]
    pub case: CaseReference,
    /// Which kinds of data; all that are allowed when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub categories: Vec<Category>,
    /// Only these holders.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub holders: Vec<Oin>,
    /// On what ground.
    pub relation: Relation,
    /// Who acts for the subject, when somebody does. Then the birth date is required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representation: Option<RepresentationRequest>,
}

/// Says that somebody acts for the subject. It holds a person, so it has no `Debug` either.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RepresentationRequest {
    /// Who acts, in the canonical form (`nl.bsn:…`).
    pub representative: String,
    /// What they want to do.
    #[serde(default)]
    pub act: MandateAct,
    /// Under which mandate; any that counts between the two when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub mandate: Option<MandateId>,
}

/// Who holds what, without anything to pull it with: the answer to `POST /v1/lookups`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Lookup {
    /// The query it came from.
    #[schema(value_type = String)]
    pub query: QueryId,
    /// When it was decided.
    #[schema(value_type = String)]
    pub decided_at: Instant,
    /// The agreement under which it was decided: lower-case hexadecimal SHA-256.
    pub policy: String,
    /// The categories that were searched.
    #[schema(value_type = Vec<String>)]
    pub categories: Vec<Category>,
    /// One per pointer.
    pub holders: Vec<LookupHolder>,
    /// Always true: policy may withhold holders from this asker, so an empty answer proves nothing.
    pub holders_may_be_withheld: bool,
    /// The asker's proof of the query.
    pub receipt: Receipt,
}

/// One holder and what it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LookupHolder {
    /// Who.
    pub holder: Party,
    /// What.
    #[schema(value_type = String)]
    pub category: Category,
}

/// One honest picture of what the disclosed holders have.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dossier {
    /// The query it came from.
    #[schema(value_type = String)]
    pub query: QueryId,
    /// When it was assembled.
    #[schema(value_type = String)]
    pub assembled_at: Instant,
    /// True only if every disclosed holder delivered or has nothing.
    pub complete: bool,
    /// Always true: policy may withhold holders from this asker, so an empty dossier proves nothing.
    pub holders_may_be_withheld: bool,
    /// One per pointer, whatever became of it.
    pub sections: Vec<Section>,
    /// Values on which holders disagree.
    pub differences: Vec<Difference>,
    /// The asker's proof of the query.
    pub receipt: Receipt,
}

/// A line of the answer to a dossier that is asked for as NDJSON: what is known, as soon as it is. The last one is `dossier` or `problem`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", tag = "part")]
pub enum DossierPart {
    /// Who was disclosed; their sections follow in any order.
    Found {
        /// One per pointer.
        holders: Vec<LookupHolder>,
    },
    /// What one of them answered.
    Section {
        /// Its place among those found.
        place: usize,
        /// The answer.
        section: Box<Section>,
    },
    /// The whole, with what differs.
    Dossier {
        /// What counts.
        dossier: Box<Dossier>,
    },
    /// There is no dossier.
    Problem {
        /// Why.
        problem: Problem,
    },
}

/// A party with its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Party {
    /// Its number.
    #[schema(value_type = String)]
    pub oin: Oin,
    /// Its name in the agreement.
    pub name: String,
}

/// What one holder answered for one category. `Debug` leaves the document out.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Section {
    /// Who.
    pub holder: Party,
    /// What.
    #[schema(value_type = String)]
    pub category: Category,
    /// How it went.
    pub status: SectionStatus,
    /// The problem code when refused, unavailable or malformed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The document is true as of then.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    pub as_of: Option<Instant>,
    /// The document.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub document: Option<serde_json::Value>,
    /// Where it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// At which precision the birth date was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date_compared: Option<ComparedPrecision>,
    /// The transaction id of the pull.
    #[schema(value_type = String)]
    pub transaction: TransactionId,
    /// The holder's name for the record: a doubt about it names it too, where the holder has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub handle: Option<Handle>,
    /// The own organisation's reports about this record that are not settled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub open_reports: Vec<FeedbackId>,
}

impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Section")
            .field("holder", &self.holder.oin)
            .field("category", &self.category)
            .field("status", &self.status)
            .field("reason", &self.reason)
            .field("transaction", &self.transaction)
            .finish_non_exhaustive()
    }
}

/// How one pull went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SectionStatus {
    /// The birth date differs from the holder's.
    BirthDateMismatch,
    /// One side knows too little of the birth date.
    BirthDateUnknown,
    /// The document is there.
    Delivered,
    /// What came back is not what the agreement describes.
    Malformed,
    /// The holder has nothing any more.
    Nothing,
    /// The holder refused; see `reason`.
    Refused,
    /// The handle is another person's.
    SubjectMismatch,
    /// No answer in time.
    TimedOut,
    /// The holder could not be reached.
    Unavailable,
}

impl SectionStatus {
    /// The code, as on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::BirthDateMismatch => "birth-date-mismatch",
            Self::BirthDateUnknown => "birth-date-unknown",
            Self::Delivered => "delivered",
            Self::Malformed => "malformed",
            Self::Nothing => "nothing",
            Self::Refused => "refused",
            Self::SubjectMismatch => "subject-mismatch",
            Self::TimedOut => "timed-out",
            Self::Unavailable => "unavailable",
        }
    }
}

/// An attribute on which holders disagree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The shared attribute's name in the agreement.
    pub attribute: String,
    /// The holder whose value counts, if the agreement names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub authoritative: Option<Oin>,
    /// Who says what.
    pub values: Vec<HeldValue>,
}

/// What one holder says. `Debug` leaves the value out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeldValue {
    /// Who.
    pub holder: Party,
    /// From which category.
    #[schema(value_type = String)]
    pub category: Category,
    /// From which source of the holder's.
    #[schema(value_type = String)]
    pub source: SourceName,
    /// Where it stands in the holder's document: a JSON pointer.
    pub pointer: String,
    /// What.
    #[schema(value_type = Object)]
    pub value: serde_json::Value,
    /// As of when.
    #[schema(value_type = String)]
    pub as_of: Instant,
    /// Whether this is the holder whose value counts.
    #[serde(default)]
    pub authoritative: bool,
    /// Whether the holder has it under investigation.
    pub under_investigation: bool,
    /// The own organisation's reports about this value that are not settled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub open_reports: Vec<FeedbackId>,
    /// A report of this value that only lacks who reports, why, and whom to ask.
    pub feedback: FeedbackDraft,
}

impl fmt::Debug for HeldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldValue")
            .field("holder", &self.holder.oin)
            .field("category", &self.category)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_the_code_that_it_has_on_the_wire() {
        use SectionStatus as S;
        for status in [
            S::BirthDateMismatch,
            S::BirthDateUnknown,
            S::Delivered,
            S::Malformed,
            S::Nothing,
            S::Refused,
            S::SubjectMismatch,
            S::TimedOut,
            S::Unavailable,
        ] {
            assert_eq!(serde_json::to_value(status).unwrap(), status.code());
        }
    }

    #[test]
    fn debug_of_a_dossier_shows_no_content() {
        let party = r#"{"oin":"00000099000000011000","name":"a"}"#;
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let section = format!(
            r#"{{"holder":{party},"category":"care","status":"delivered","document":{{"bsn":"999990342"}},"transaction":"{id}"}}"#
        );
        let value = format!(
            r#"{{"holder":{party},"category":"care","source":"files","pointer":"/a","value":"999990342",
            "asOf":"2026-11-21T09:30:00Z","underInvestigation":false,"feedback":{{"holder":"00000099000000011000",
            "category":"care","attributes":[{{"pointer":"/a","doubted":"999990342"}}],"observedAt":"2026-11-21T09:30:00Z"}}}}"#
        );
        let section: Section = serde_json::from_str(&section).unwrap();
        let value: HeldValue = serde_json::from_str(&value).unwrap();
        let text = format!("{section:?} {value:?} {:?}", value.feedback);
        assert!(text.contains("Delivered") && !text.contains("999990342"), "{text}");
    }
}

//! What is reported: which values, by whom, why.

use std::fmt;

use kw_domain::{Category, FeedbackId, Handle, Instant, Oin};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::NewAttachment;
use crate::Bytes16;
use crate::pull::{EpochBirthDateProof, EpochProof};
use crate::query::Actor;

/// Who doubts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FeedbackKind {
    /// The person whom it is about, or who represents them, asks for a correction (GDPR art. 16).
    CorrectionRequest,
    /// A professional reports what they noticed.
    #[default]
    Report,
}

/// The three conditions of reasonable doubt (gerede twijfel). All of them have to be true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReasonableDoubt {
    /// There is a strong suspicion that the value is wrong.
    pub strong_suspicion: bool,
    /// It rests on the reporter's own work or knowledge of the person.
    pub own_knowledge: bool,
    /// The reporter knows what the value is meant to say.
    pub knows_definition: bool,
}

impl ReasonableDoubt {
    /// Whether all three conditions are met.
    pub fn is_reasonable(self) -> bool {
        self.strong_suspicion && self.own_knowledge && self.knows_definition
    }
}

/// One value that is doubted. `Debug` leaves the values out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DoubtedAttribute {
    /// Where it stands in the document: a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What the holder says; absent when something is missing there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub doubted: Option<serde_json::Value>,
    /// What it should be; absent when the reporter only knows that it is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub proposed: Option<serde_json::Value>,
}

impl fmt::Debug for DoubtedAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DoubtedAttribute").field("pointer", &self.pointer).finish_non_exhaustive()
    }
}

/// Whom the other side can reach about a report. `Debug` leaves it out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FeedbackContact {
    /// Name, 1 to 100 characters.
    pub name: String,
    /// E-mail address, at most 254 characters.
    pub email: String,
    /// Telephone number, at most 20 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Department, at most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
}

impl fmt::Debug for FeedbackContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FeedbackContact(…)")
    }
}

/// What is reported. `Debug` leaves everything out that tells about a person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FeedbackReport {
    /// This report: made by the reporter, so that sending it twice is reporting once.
    #[schema(value_type = String)]
    pub id: FeedbackId,
    /// Who doubts.
    #[serde(default)]
    pub kind: FeedbackKind,
    /// The reporter's own reference (referentiekenmerk), at most 12 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Which values, 1 to 50.
    pub attributes: Vec<DoubtedAttribute>,
    /// When the reporter saw it (peilmoment).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub observed_at: Option<Instant>,
    /// In the reporter's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// Why the doubt is reasonable.
    pub doubt: ReasonableDoubt,
    /// Who can be asked.
    pub contact: FeedbackContact,
    /// At most 5 files, 20 MiB together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<NewAttachment>,
    /// The holder that sent the reporter on to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub sent_on_by: Option<Oin>,
}

impl fmt::Debug for FeedbackReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedbackReport")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// A report that only lacks who reports, why, and whom to ask: what a dossier gives with a value, to be completed and posted.
/// `Debug` leaves the values out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FeedbackDraft {
    /// At which holder.
    #[schema(value_type = String)]
    pub holder: Oin,
    /// In which kind of data.
    #[schema(value_type = String)]
    pub category: Category,
    /// Which record of that holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub handle: Option<Handle>,
    /// The value, with what the authoritative holder says instead, where the agreement names one.
    pub attributes: Vec<DoubtedAttribute>,
    /// When it was seen.
    #[schema(value_type = String)]
    pub observed_at: Instant,
}

/// Sends a report to the holder: `POST /v1/feedback-reports` at the holder, over mutual TLS.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FeedbackSubmission {
    /// The feedback grant as it was issued.
    pub grant: String,
    /// Who reports.
    pub actor: Actor,
    /// The salt of the grant's `actor_hash`.
    #[schema(value_type = String)]
    pub actor_salt: Bytes16,
    /// As in a pull: a report about another person than the record's is refused.
    #[schema(value_type = Vec<String>)]
    pub subject_proofs: Vec<EpochProof>,
    /// As in a pull.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub birth_date_proofs: Vec<EpochBirthDateProof>,
    /// What is reported.
    pub report: FeedbackReport,
}

#[cfg(test)]
mod tests {
    use super::super::NewAnnotation;
    use super::*;

    #[test]
    fn debug_of_a_report_tells_about_nobody() {
        let report = r#"{"id":"01890a5d-ac96-774b-bcce-b302099a8057","reference":"anna","attributes":[{"pointer":"/name",
            "doubted":"anna","proposed":"anne"}],"explanation":"anna","doubt":{"strongSuspicion":true,"ownKnowledge":true,
            "knowsDefinition":true},"contact":{"name":"anna","email":"anna@example.nl"}}"#;
        let report: FeedbackReport = serde_json::from_str(report).unwrap();
        let note = NewAnnotation { note: Some("anna".into()), ..NewAnnotation::default() };
        let shown = format!("{report:?} {:?} {:?} {note:?}", report.attributes, report.contact);
        assert!(shown.contains("/name") && !shown.contains("ann"), "{shown}");
    }
}

//! Feedback reports: somebody doubts a value at a holder (terugmelding).
//!
//! A report goes straight from the asker to the holder, under a feedback grant, and its content stays there. The switchboard
//! hears which report has which status, between which two parties, and nothing else. States and transitions are those of
//! Digimelding (DMKS, appendix B).

mod checking;
mod local;

use std::fmt;

use kw_domain::{
    AnnotationId, AttachmentId, Category, FeedbackId, Handle, Instant, Oin, SourceName, TransactionId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Bytes16;
use crate::dossier::Party;
use crate::pull::{EpochBirthDateProof, EpochProof};
use crate::query::Actor;

pub use checking::{ATTACHMENT_TYPES, Mistake, is_pointer};
pub use local::{
    AnnotateFeedback, FeedbackAttachment, FeedbackList, FeedbackListed, FeedbackSummary, FeedbackWaiting,
};

/// The most attachments of one report.
pub const MOST_ATTACHMENTS: usize = 5;
/// The most bytes of all attachments of one report together, before base64.
pub const MOST_ATTACHED_BYTES: usize = 20 * 1024 * 1024;
/// The most values that one report doubts.
pub const MOST_ATTRIBUTES: usize = 50;
/// The longest reference of a reporter's own, in characters.
pub const LONGEST_REFERENCE: usize = 12;
/// The longest text in a report, in characters.
pub const LONGEST_TEXT: usize = 2_000;
/// The longest JSON pointer in a report, in bytes.
pub const LONGEST_POINTER: usize = 500;
/// The longest doubted or proposed value, in bytes of JSON.
pub const LONGEST_VALUE: usize = 4_000;
/// The most pulls that one correction names; a holder with more sends several.
pub const MOST_RECEIVED: usize = 200;

/// Where a report stands. Digimelding's name is beside each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FeedbackStatus {
    /// `IN_BEHANDELING`: the holder looks into it.
    InProgress,
    /// `ONVOLDOENDE_INFORMATIE`: the holder cannot do anything with it. An end.
    InsufficientInformation,
    /// `INGEPLAND`: the holder has set a date.
    Planned,
    /// `GEMELD`: it was received.
    Reported,
    /// `AFGEHANDELD`: it is settled, with an outcome. An end.
    Settled,
    /// `INGETROKKEN`: the reporter took it back. An end.
    Withdrawn,
    /// `VERKEERDE_BRONHOUDER`: another holder should handle it.
    WrongHolder,
}

/// Who may do something with a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FeedbackSide {
    /// The holder that handles it (behandelaar).
    Holder,
    /// Who reported (melder).
    Reporter,
}

impl FeedbackStatus {
    /// All of them, in alphabetical order of their codes.
    pub const ALL: [Self; 7] = [
        Self::InProgress,
        Self::InsufficientInformation,
        Self::Planned,
        Self::Reported,
        Self::Settled,
        Self::Withdrawn,
        Self::WrongHolder,
    ];

    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::InProgress => "in-progress",
            Self::InsufficientInformation => "insufficient-information",
            Self::Planned => "planned",
            Self::Reported => "reported",
            Self::Settled => "settled",
            Self::Withdrawn => "withdrawn",
            Self::WrongHolder => "wrong-holder",
        }
    }

    /// The status with this code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    /// Whether nothing follows any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::InsufficientInformation | Self::Settled | Self::Withdrawn)
    }

    /// Whether the values that a report doubts are delivered as under investigation.
    pub fn is_open(self) -> bool {
        !self.is_final() && self != Self::WrongHolder
    }

    /// What may come after this status.
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Reported => {
                &[Self::InProgress, Self::Withdrawn, Self::InsufficientInformation, Self::WrongHolder]
            }
            Self::InProgress => &[Self::Planned, Self::Settled, Self::Withdrawn],
            Self::Planned => &[Self::Settled],
            Self::WrongHolder => &[Self::WrongHolder, Self::Reported, Self::Withdrawn],
            Self::InsufficientInformation | Self::Settled | Self::Withdrawn => &[],
        }
    }

    /// Who may set this status. The reporter takes back, and says that another holder took a report over; everything else is
    /// the holder's to say.
    pub fn set_by(self) -> FeedbackSide {
        match self {
            Self::Withdrawn | Self::Reported => FeedbackSide::Reporter,
            Self::InProgress
            | Self::InsufficientInformation
            | Self::Planned
            | Self::Settled
            | Self::WrongHolder => FeedbackSide::Holder,
        }
    }
}

/// What came of a settled report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FeedbackOutcome {
    /// Some of the doubted values were wrong and are mended.
    PartlyUpheld,
    /// The values stay as they are.
    Rejected,
    /// The values were wrong and are mended.
    Upheld,
}

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

/// A file with a report. It is stored at the holder, sealed, and never given back to the reporter. No `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewAttachment {
    /// The name of the file, 1 to 100 characters, without a path.
    pub name: String,
    /// `application/pdf`, `image/jpeg` or `image/png`; the content has to be of that type.
    pub media_type: String,
    /// What it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The content, in base64 with padding (RFC 4648 §4).
    pub content: String,
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

/// A report as both sides may see it, without the content of its attachments. `Debug` shows no content.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeedbackView {
    /// Which report.
    #[schema(value_type = String)]
    pub id: FeedbackId,
    /// Who doubts.
    pub kind: FeedbackKind,
    /// The reporter's own reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Who reported.
    pub reporter: Party,
    /// Who holds the record.
    pub holder: Party,
    /// Who handles it: the holder, or the one that took it over.
    pub handler: Party,
    /// The kind of data.
    #[schema(value_type = String)]
    pub category: Category,
    /// The source at the holder; the holder's own people see it only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub source: Option<SourceName>,
    /// Which values.
    pub attributes: Vec<DoubtedAttribute>,
    /// When the reporter saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub observed_at: Option<Instant>,
    /// The holder that sent the reporter on to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub sent_on_by: Option<Oin>,
    /// The status in force: that of the newest annotation that sets one.
    pub status: FeedbackStatus,
    /// What came of it, once settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<FeedbackOutcome>,
    /// When it was received.
    #[schema(value_type = String)]
    pub received_at: Instant,
    /// The holder takes it up or settles it before then.
    #[schema(value_type = String)]
    pub take_up_by: Instant,
    /// Whether that moment passed before it was taken up.
    pub overdue: bool,
    /// When the holder means to have done it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub planned_for: Option<Instant>,
    /// What was said and done, oldest first: to begin with the report itself, with its explanation as the note and the
    /// reporter's contact. Nothing is ever changed or taken away.
    pub annotations: Vec<Annotation>,
    /// The files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentView>,
}

impl fmt::Debug for FeedbackView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedbackView")
            .field("id", &self.id)
            .field("status", &self.status)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

/// One file of a report, without its content. `Debug` leaves its name out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttachmentView {
    /// Which one.
    #[schema(value_type = String)]
    pub id: AttachmentId,
    /// The name of the file.
    pub name: String,
    /// Its type.
    pub media_type: String,
    /// What it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its size in bytes.
    pub size: u64,
}

impl fmt::Debug for AttachmentView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttachmentView")
            .field("id", &self.id)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// One thing that was said or done about a report. `Debug` leaves the words out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Annotation {
    /// Which one.
    #[schema(value_type = String)]
    pub id: AnnotationId,
    /// When.
    #[schema(value_type = String)]
    pub at: Instant,
    /// Which side.
    pub side: FeedbackSide,
    /// Which party.
    #[schema(value_type = String)]
    pub party: Oin,
    /// What it says.
    #[serde(flatten)]
    pub content: NewAnnotation,
}

impl fmt::Debug for Annotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Annotation")
            .field("id", &self.id)
            .field("side", &self.side)
            .field("status", &self.content.status)
            .finish_non_exhaustive()
    }
}

/// Says or does something about a report: `POST /v1/feedback-reports/{id}/annotations`, at the holder. At least one field.
/// `Debug` leaves the words out.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewAnnotation {
    /// Another status; only what may follow, by whom it may be set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<FeedbackStatus>,
    /// What came of it: with `settled`, and with nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<FeedbackOutcome>,
    /// In their own words; required with an outcome that is not `upheld`, and with `insufficient-information`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When it will be done: with `planned`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub planned_for: Option<Instant>,
    /// Who should handle it (behandelende bronhouder): with `wrong-holder`; who took it over: with `reported`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub handler: Option<Oin>,
    /// Who can be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<FeedbackContact>,
}

impl fmt::Debug for NewAnnotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewAnnotation")
            .field("status", &self.status)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

/// A holder tells the switchboard where a report stands: `POST /v1/feedback-statuses`. The reporter gets a signal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FeedbackStatusReport {
    /// Which report.
    #[schema(value_type = String)]
    pub id: FeedbackId,
    /// Who reported.
    #[schema(value_type = String)]
    pub reporter: Oin,
    /// Where it stands.
    pub status: FeedbackStatus,
    /// Since when.
    #[schema(value_type = String)]
    pub since: Instant,
    /// The holder did not take it up in time.
    #[serde(default)]
    pub overdue: bool,
}

/// What the switchboard knows of a report: `GET /v1/feedback-reports/{id}` there, for its two parties.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeedbackRoute {
    /// Which report.
    #[schema(value_type = String)]
    pub id: FeedbackId,
    /// Who holds the record: ask there what it is about.
    #[schema(value_type = String)]
    pub holder: Oin,
    /// Who reported.
    #[schema(value_type = String)]
    pub reporter: Oin,
    /// Where it stands.
    pub status: FeedbackStatus,
    /// Since when.
    #[schema(value_type = String)]
    pub since: Instant,
    /// The holder did not take it up in time.
    #[serde(default)]
    pub overdue: bool,
}

/// A holder has everybody told who received a value that was wrong: `POST /v1/corrections` at the switchboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CorrectionReport {
    /// Because of which report.
    #[schema(value_type = String)]
    pub report: FeedbackId,
    /// In which kind of data.
    #[schema(value_type = String)]
    pub category: Category,
    /// Who received it, and in which pull: 1 to 200.
    pub received: Vec<ReceivedBy>,
}

/// One pull in which a wrong value was delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReceivedBy {
    /// Who pulled.
    #[schema(value_type = String)]
    pub recipient: Oin,
    /// The transaction id of the pull.
    #[schema(value_type = String)]
    pub transaction: TransactionId,
}

/// What came of a [`CorrectionReport`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CorrectionsTold {
    /// How many pulls were told of by this call; those of before are not told of again.
    pub told: u64,
}

/// What a recipient is told: `GET /v1/corrections/{transaction}` at the switchboard. The value itself is asked anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CorrectionView {
    /// The recipient's own pull: its records say about whom that was.
    #[schema(value_type = String)]
    pub transaction: TransactionId,
    /// Who mended the value.
    #[schema(value_type = String)]
    pub holder: Oin,
    /// In which kind of data.
    #[schema(value_type = String)]
    pub category: Category,
    /// When.
    #[schema(value_type = String)]
    pub corrected_at: Instant,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transitions_are_those_of_digimelding() {
        use FeedbackStatus as S;
        let edges: Vec<(S, S)> =
            S::ALL.into_iter().flat_map(|from| from.next().iter().map(move |to| (from, *to))).collect();
        let expected = [
            (S::InProgress, S::Planned),
            (S::InProgress, S::Settled),
            (S::InProgress, S::Withdrawn),
            (S::Planned, S::Settled),
            (S::Reported, S::InProgress),
            (S::Reported, S::Withdrawn),
            (S::Reported, S::InsufficientInformation),
            (S::Reported, S::WrongHolder),
            (S::WrongHolder, S::WrongHolder),
            (S::WrongHolder, S::Reported),
            (S::WrongHolder, S::Withdrawn),
        ];
        assert_eq!(edges, expected);
        for status in S::ALL {
            assert_eq!(status.is_final(), status.next().is_empty(), "{status:?}");
            assert_eq!(S::parse(status.code()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.code());
        }
    }

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

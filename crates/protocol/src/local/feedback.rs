//! Feedback reports of the partner's own people, at the local API. What holds a subject has no `Debug`.

use kw_domain::{ActorId, CaseReference, Category, FeedbackId, Handle, Instant, Oin, Purpose, TransactionId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::dossier::{DossierRequest, Party, RepresentationRequest};
use crate::feedback::{
    CorrectionView, DoubtedAttribute, FeedbackContact, FeedbackKind, FeedbackOutcome, FeedbackReport,
    FeedbackStatus, FeedbackView, NewAttachment, ReasonableDoubt,
};
use crate::mandate::MandateAct;
use crate::query::{Actor, Relation};

/// The most reports of one page.
pub const LARGEST_PAGE: u32 = 500;

/// Doubts a value at a holder: `POST /v1/feedback-reports`. Answered with [`SentReport`].
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FeedbackRequest {
    /// A name of the caller's own choosing, a UUID version 7: sending it again gives the report that is there. Made here when left
    /// out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub id: Option<FeedbackId>,
    /// The subject in its canonical form (`nl.bsn:…`).
    pub subject: String,
    /// The birth date as the reporter knows it; proven to the holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
    /// Why the reporter may see what they doubt.
    #[schema(value_type = String)]
    pub purpose: Purpose,
    /// Who reports.
    pub actor: Actor,
    /// For which case.
    #[schema(value_type = String)]
    pub case: CaseReference,
    /// On what ground.
    pub relation: Relation,
    /// Who acts for the subject, when somebody does: under a mandate with the act `feedback`, whatever `act` says here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representation: Option<RepresentationRequest>,
    /// At which holder.
    #[schema(value_type = String)]
    pub holder: Oin,
    /// In which kind of data.
    #[schema(value_type = String)]
    pub category: Category,
    /// The `handle` of the dossier's section; needed where the holder has several records of the person in this category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub handle: Option<Handle>,
    /// Who doubts.
    #[serde(default)]
    pub kind: FeedbackKind,
    /// The reporter's own reference (referentiekenmerk), at most 12 characters. Never a BSN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Which values, 1 to 50.
    pub attributes: Vec<DoubtedAttribute>,
    /// When the reporter saw it.
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
}

impl FeedbackRequest {
    /// The question that the report is asked under.
    pub fn question(&self) -> DossierRequest {
        DossierRequest {
            subject: self.subject.clone(),
            birth_date: self.birth_date.clone(),
            purpose: self.purpose.clone(),
            actor: self.actor.clone(),
            case: self.case.clone(),
            categories: vec![self.category.clone()],
            holders: vec![self.holder],
            relation: self.relation.clone(),
            representation: self
                .representation
                .clone()
                .map(|claimed| RepresentationRequest { act: MandateAct::Feedback, ..claimed }),
        }
    }

    /// What the holder is told, under this name.
    pub fn report(&self, id: FeedbackId) -> FeedbackReport {
        FeedbackReport {
            id,
            kind: self.kind,
            reference: self.reference.clone(),
            attributes: self.attributes.clone(),
            observed_at: self.observed_at,
            explanation: self.explanation.clone(),
            doubt: self.doubt,
            contact: self.contact.clone(),
            attachments: self.attachments.clone(),
            sent_on_by: None,
        }
    }
}

/// How far a report has come on its way to the holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FeedbackDelivery {
    /// The holder has it: `status` says where it stands there.
    Delivered,
    /// It could not be delivered for a week, or was taken back before it was. Nothing is tried any more.
    GivenUp,
    /// The switchboard or the holder refused it; see `reason`.
    Refused,
    /// It is tried again and again.
    Waiting,
}

impl FeedbackDelivery {
    /// All of them, in alphabetical order of their codes.
    pub const ALL: [Self; 4] = [Self::Delivered, Self::GivenUp, Self::Refused, Self::Waiting];

    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::GivenUp => "given-up",
            Self::Refused => "refused",
            Self::Waiting => "waiting",
        }
    }

    /// The one with this code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }
}

/// A report of the partner's own people. What was doubted is at the holder, and only there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SentReport {
    /// Which report.
    #[schema(value_type = String)]
    pub id: FeedbackId,
    /// Who of the own people reported it, as long as the own log knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reporter: Option<ActorId>,
    /// Who doubts.
    pub kind: FeedbackKind,
    /// The reporter's own reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Who handles it.
    pub holder: Party,
    /// The kind of data.
    #[schema(value_type = String)]
    pub category: Category,
    /// Which values are doubted: JSON pointers into the document.
    pub pointers: Vec<String>,
    /// How far it has come on its way.
    pub delivery: FeedbackDelivery,
    /// Why it waits, was refused or given up, or could not be sent on: a problem code, or a word of docs/feedback-reporting.md.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where it stands at the holder, as far as it is known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<FeedbackStatus>,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<FeedbackOutcome>,
    /// The holders that sent it on before, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sent_on_by: Vec<Party>,
    /// When it was taken in here.
    #[schema(value_type = String)]
    pub sent_at: Instant,
    /// When anything about it last changed here.
    #[schema(value_type = String)]
    pub changed_at: Instant,
    /// When the next attempt is made, while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub next_attempt_at: Option<Instant>,
    /// The exchange in which it was taken in: the own ledger's record has it.
    #[schema(value_type = String)]
    pub transaction: TransactionId,
    /// The report as the holder has it: with one report, and right after sending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<FeedbackView>,
    /// Why there is no `view`, where one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view_missing: Option<String>,
}

/// Reports of the partner's own people, newest first: `GET /v1/feedback-reports/sent`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SentReports {
    /// The reports.
    pub reports: Vec<SentReport>,
}

/// Which reports. Everything that is given has to fit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SentSearch {
    /// Only with this status at the holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<FeedbackStatus>,
    /// Only that far on their way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<FeedbackDelivery>,
    /// Only with this reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// At most so many, 1 to 500; 100 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Takes a report back: `POST /v1/feedback-reports/sent/{id}/_withdraw`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WithdrawReport {
    /// Who takes it back.
    pub actor: Actor,
    /// Why, for the holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Pulls of the partner's own in which a value was wrong, newest first: `GET /v1/corrections`. Ask anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Corrections {
    /// One per pull.
    pub corrections: Vec<OwnCorrection>,
}

/// A pull of the partner's own in which a value was wrong, and what the own log says of why it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnCorrection {
    /// What the switchboard says.
    #[serde(flatten)]
    pub view: CorrectionView,
    /// For which case; absent once the log's record is erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub case: Option<CaseReference>,
    /// Who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub actor: Option<ActorId>,
}

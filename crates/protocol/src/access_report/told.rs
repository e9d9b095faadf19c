//! The report as the person gets it: `POST /v1/access-reports` of the partner's local API.

use kw_domain::{ActorId, CaseReference, Instant, TransactionId};
use kw_ledger::Outcome;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::dossier::{Party, SectionStatus};
use crate::query::{Actor, RelationBasis};

/// Asks for everything that the chain's logs say about one person. It holds a subject, so it has no `Debug`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessReportRequest {
    /// The subject in its canonical form (`nl.bsn:…`).
    pub subject: String,
    /// The person's birth date; compared at holders when given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
    /// The member of staff who identified the person and asks for them.
    pub actor: Actor,
    /// The person's request.
    #[schema(value_type = String)]
    pub case: CaseReference,
    /// In which language the report speaks.
    #[serde(default)]
    pub language: ReportLanguage,
    /// Only what happened from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub from: Option<Instant>,
    /// Only what happened before then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub until: Option<Instant>,
}

/// A language that reports are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReportLanguage {
    /// English.
    En,
    /// Dutch.
    #[default]
    Nl,
}

/// What the chain's logs say about one person, one entry for each act.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessReport {
    /// When it was made.
    #[schema(value_type = String)]
    pub made_at: Instant,
    /// Its language.
    pub language: ReportLanguage,
    /// Only what happened from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub from: Option<Instant>,
    /// Only what happened before then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub until: Option<Instant>,
    /// True only if every party that the switchboard's records name answered in full.
    pub complete: bool,
    /// Always true: the law may demand that some processing is not told.
    pub may_be_withheld: bool,
    /// How long records are kept (ISO 8601): what is older is in no report.
    pub kept_for: String,
    /// Who was asked, and what became of it.
    pub parties: Vec<AskedParty>,
    /// What happened, newest last.
    pub entries: Vec<ReportEntry>,
    /// The whole report in plain language.
    pub text: String,
}

/// A party that was asked for its own log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AskedParty {
    /// Who.
    pub party: Party,
    /// How it went.
    pub status: StatementStatus,
    /// The problem code when it did not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How asking one party went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StatementStatus {
    /// It told what its log says.
    Answered,
    /// The birth date differs from its own.
    BirthDateMismatch,
    /// One side knows too little of the birth date.
    BirthDateUnknown,
    /// It told what its log says, and the log lacks something that the switchboard knows of.
    Gaps,
    /// What came back is not a statement about this question.
    Malformed,
    /// It refused; see `reason`.
    Refused,
    /// Its records are another person's.
    SubjectMismatch,
    /// No answer in time.
    TimedOut,
    /// It could not be reached, or takes no part in the chain any more.
    Unavailable,
}

impl From<SectionStatus> for StatementStatus {
    fn from(status: SectionStatus) -> Self {
        match status {
            SectionStatus::BirthDateMismatch => Self::BirthDateMismatch,
            SectionStatus::BirthDateUnknown => Self::BirthDateUnknown,
            SectionStatus::Delivered | SectionStatus::Nothing => Self::Answered,
            SectionStatus::Malformed => Self::Malformed,
            SectionStatus::Refused => Self::Refused,
            SectionStatus::SubjectMismatch => Self::SubjectMismatch,
            SectionStatus::TimedOut => Self::TimedOut,
            SectionStatus::Unavailable => Self::Unavailable,
        }
    }
}

/// One act, or several of a kind on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportEntry {
    /// When; the first time, of several.
    #[schema(value_type = String)]
    pub at: Instant,
    /// The last time, of several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub last_at: Option<Instant>,
    /// How many times on that day.
    pub times: u32,
    /// What was done.
    pub act: ReportedAct,
    /// The organisation that did it.
    pub party: Party,
    /// What the person who did it is to that organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Named>,
    /// Who did it; only where the agreement says that staff are named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub actor: Option<ActorId>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Named>,
    /// The law.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<String>,
    /// Which kinds of data.
    pub categories: Vec<Named>,
    /// On what ground, where it is told apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<RelationBasis>,
    /// How it ended: `success`, `refused` or `error`.
    pub result: Outcome,
    /// What a question disclosed, and whether it was fetched.
    pub fetches: Vec<ReportedFetch>,
    /// In whose logs it stands.
    pub recorded_by: Vec<Party>,
    /// The transactions, to cite when asking the organisation about it.
    #[schema(value_type = Vec<String>)]
    pub references: Vec<TransactionId>,
    /// The entry in plain language.
    pub text: String,
}

/// Something that a question disclosed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportedFetch {
    /// At whom.
    pub holder: Party,
    /// What.
    pub category: Named,
    /// How fetching it ended: `success`, `refused` or `error`; absent when no log says that it was fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Outcome>,
}

/// A word of the agreement with its title in the report's language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Named {
    /// The word.
    pub code: String,
    /// Its title.
    pub title: String,
}

/// What was done with a person's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReportedAct {
    /// An organisation asked who has data, and fetched them where `fetches` says so.
    Asked,
    /// An organisation fetched data, and no question at the switchboard explains it.
    Fetched,
    /// An auditor looked into the logs.
    Inspected,
    /// A registration ended because it was not renewed.
    Lapsed,
    /// Somebody's agreement with a mandate was registered.
    MandateConfirmed,
    /// A mandate ended.
    MandateEnded,
    /// An organisation looked whether there is a mandate.
    MandateRead,
    /// An organisation registered a mandate.
    MandateRegistered,
    /// An organisation registered that it has data.
    Registered,
    /// An organisation said that it still has data.
    Renewed,
    /// An organisation registered newer data in the place of older.
    Replaced,
    /// A report like this one was made.
    Reported,
    /// An organisation asked who has data about somebody whom the person represents.
    Represented,
    /// Somebody of the asker's organisation judged a motivated or emergency question.
    Reviewed,
    /// An organisation took a registration back.
    Withdrawn,
}

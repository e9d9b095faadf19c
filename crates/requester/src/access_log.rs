//! The asker's own record of what it asked and got.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use kw_domain::{CaseReference, Category, GrantId, Instant, Oin, Purpose, QueryId, Subject, TransactionId};
use kw_protocol::dossier::SectionStatus;
use kw_protocol::query::{Actor, QueryAct, Receipt, Relation};
use kw_telemetry::{Explain, Reason};

/// Where a requester records its accesses. The partner process implements it on its ledger.
///
/// `record` returns only when the event is durable. The requester waits for it before it goes on: nothing is asked before
/// [`AccessEvent::Asked`] is recorded, and nothing is handed out before [`AccessEvent::Answered`] and, for a dossier,
/// [`AccessEvent::Assembled`] are, and no report before [`AccessEvent::Reported`] is.
pub trait AccessLog: fmt::Debug + Send + Sync {
    /// Makes the event durable.
    fn record(&self, event: AccessEvent) -> Recording<'_>;
}

/// The recording of one event, under way.
pub type Recording<'a> = Pin<Box<dyn Future<Output = Result<(), RecordError>> + Send + 'a>>;

/// An event was not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The log refused or failed.
    #[error(
        "the own access log cannot record this, so nothing is asked or handed out: look at the partner's ledger"
    )]
    Failed,
    /// The log did not answer in time; the event may be recorded or not.
    #[error(
        "the own access log is too slow, so nothing is asked or handed out: look at the partner's ledger"
    )]
    TimedOut,
}

impl Explain for RecordError {
    fn explain(&self, reason: &mut Reason) {
        reason.say(match self {
            Self::Failed => "the own access log failed",
            Self::TimedOut => "the own access log is too slow",
        });
    }
}

/// What happened. All events of one question share its `transaction`.
#[derive(Debug, Clone)]
pub enum AccessEvent {
    /// A question is about to be asked.
    Asked(Asked),
    /// The switchboard answered it.
    Answered(Answered),
    /// A dossier was assembled from that answer, and is about to be handed out.
    Assembled(Assembled),
    /// An access report was made, and is about to be handed out.
    Reported(Reported),
    /// There is no answer.
    Unanswered(Unanswered),
}

/// A question that is about to be asked.
#[derive(Clone)]
pub struct Asked {
    /// The exchange with the switchboard: its `Fsc-Transaction-Id`.
    pub transaction: TransactionId,
    /// When.
    pub at: Instant,
    /// Whom it is about: for the link table that can be erased. A record holds a random reference instead.
    pub subject: Subject,
    /// Whether a birth date was given, and will be proven to the holders.
    pub birth_date_given: bool,
    /// Who asks.
    pub actor: Actor,
    /// Why.
    pub purpose: Purpose,
    /// For which case.
    pub case: CaseReference,
    /// Which kinds of data; empty for all that are allowed.
    pub categories: Vec<Category>,
    /// Which holders; empty for all.
    pub holders: Vec<Oin>,
    /// On what ground; none for a person's own question.
    pub relation: Option<Relation>,
    /// As what records name it, when somebody acts for the subject: `claimed`, with the mandate where the asker names one.
    /// Whether it counts, the switchboard knows.
    pub representation: Option<String>,
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked")
            .field("transaction", &self.transaction)
            .field("at", &self.at)
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

impl Asked {
    pub(crate) fn new(question: &crate::DossierQuery, transaction: TransactionId, at: Instant) -> Self {
        Self {
            transaction,
            at,
            subject: question.subject.clone(),
            birth_date_given: question.birth_date.is_some(),
            actor: question.actor.clone(),
            purpose: question.purpose.clone(),
            case: question.case.clone(),
            categories: question.categories.clone(),
            holders: question.holders.clone(),
            relation: Some(question.relation.clone()),
            representation: question.representation.as_ref().map(|claimed| match claimed.mandate {
                Some(mandate) => format!("claimed:{mandate}"),
                None => "claimed".to_owned(),
            }),
        }
    }
}

/// The switchboard's answer.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The question's.
    pub transaction: TransactionId,
    /// When the answer was here.
    pub at: Instant,
    /// The switchboard's name for the query.
    pub query: QueryId,
    /// When the switchboard decided.
    pub decided_at: Instant,
    /// The agreement it decided under.
    pub policy: String,
    /// The categories it searched.
    pub categories: Vec<Category>,
    /// What the grants open.
    pub act: QueryAct,
    /// What it disclosed.
    pub disclosed: Vec<Disclosure>,
    /// The proof that the switchboard recorded this access.
    pub receipt: Receipt,
}

/// One disclosed pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosure {
    /// Who holds.
    pub holder: Oin,
    /// What.
    pub category: Category,
    /// The transaction id for the pull.
    pub transaction: TransactionId,
    /// The grant, when it could be read.
    pub grant: Option<GrantId>,
}

/// A dossier that is about to be handed out.
#[derive(Debug, Clone)]
pub struct Assembled {
    /// The question's.
    pub transaction: TransactionId,
    /// When.
    pub at: Instant,
    /// The switchboard's name for the query.
    pub query: QueryId,
    /// Whether every disclosed holder delivered or has nothing.
    pub complete: bool,
    /// What became of each disclosed pointer.
    pub outcomes: Vec<PullOutcome>,
}

/// What became of one pull.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullOutcome {
    /// Who holds.
    pub holder: Oin,
    /// What.
    pub category: Category,
    /// The transaction id of the pull.
    pub transaction: TransactionId,
    /// The grant, when it could be read.
    pub grant: Option<GrantId>,
    /// How it went.
    pub status: SectionStatus,
    /// Why, when it did not deliver.
    pub reason: Option<String>,
}

/// An access report that is about to be handed out.
#[derive(Debug, Clone)]
pub struct Reported {
    /// The question's.
    pub transaction: TransactionId,
    /// When.
    pub at: Instant,
    /// Whether every party that the records name answered in full.
    pub complete: bool,
    /// How many acts it tells of.
    pub entries: u64,
    /// The parties that were asked, with the transaction of each exchange and the grant, when it could be read.
    pub asked: Vec<(Oin, TransactionId, Option<GrantId>)>,
    /// The proof that the switchboard recorded this access.
    pub receipt: Receipt,
}

/// A question without an answer.
#[derive(Debug, Clone)]
pub struct Unanswered {
    /// The question's.
    pub transaction: TransactionId,
    /// When.
    pub at: Instant,
    /// The problem code of the refusal, or what went wrong in words of this crate.
    pub reason: String,
}

//! What can be wrong between logs. The table is in `docs/audit.md`.

use kw_domain::{Instant, Oin, TransactionId};
use serde::{Serialize, Serializer};

use super::Place;
use super::facts::Seen;

/// How grave it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Must not be: somebody acted without a record, a record is gone, or two records contradict each other.
    Incident,
    /// Should not be, and can have an innocent cause: a process that ended in between.
    Warning,
    /// Happens when holders are out of reach or deadlines pass.
    Note,
}

macro_rules! kinds {
    ($($(#[$doc:meta])+ $name:ident = $code:literal, $severity:ident;)+) => {
        /// What does not match.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum DiscrepancyKind { $($(#[$doc])+ $name,)+ }

        impl DiscrepancyKind {
            /// All kinds, the gravest first.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable code.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// How grave it is.
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)+ }
            }
        }
    };
}

kinds! {
    /// The requester has an answer that the switchboard's log does not have.
    AnswerWithoutQuery = "answer-without-query", Incident;
    /// The switchboard answered a question that the requester's log does not have.
    AnswerWithoutQuestion = "answer-without-question", Incident;
    /// The requester's dossier counts a holder's answer that the holder's log does not have.
    DeliveredWithoutPull = "delivered-without-pull", Incident;
    /// The switchboard denied what the requester has an answer to.
    DenialReceivedAsAnswer = "denial-received-as-answer", Incident;
    /// A requester assembled a dossier without an answer, or from grants that its answer did not name.
    DossierWithoutAnswer = "dossier-without-answer", Incident;
    /// A holder took a feedback report in that no grant in the switchboard's log covers.
    FeedbackWithoutGrant = "feedback-without-grant", Incident;
    /// A log has a record that another organisation's service made.
    ForeignRecord = "foreign-record", Incident;
    /// The requester names another grant, holder or act for a transaction than the switchboard.
    GrantDiffers = "grant-differs", Incident;
    /// A holder answered a pull under a feedback grant, or took a feedback report in under a grant to pull.
    GrantUsedOtherwise = "grant-used-otherwise", Incident;
    /// The requester names a grant that the switchboard's log does not have.
    GrantWithoutQuery = "grant-without-query", Incident;
    /// A pull or report was answered by another holder than the grant names.
    PullAtOtherHolder = "pull-at-other-holder", Incident;
    /// A grant was used by another party than it was given to.
    PullByOtherParty = "pull-by-other-party", Incident;
    /// Holder and switchboard name another purpose or person.
    PullDiffers = "pull-differs", Incident;
    /// A holder answered a pull that no grant in the switchboard's log covers.
    PullWithoutGrant = "pull-without-grant", Incident;
    /// The switchboard answered one question more than once.
    QuestionAnsweredTwice = "question-answered-twice", Incident;
    /// Requester and switchboard name another purpose, person or case.
    QuestionDiffers = "question-differs", Incident;
    /// Two grants have one transaction id.
    TransactionGrantedTwice = "transaction-granted-twice", Incident;
    /// The switchboard answered, and the requester's log has neither an answer nor a failure.
    AnswerNotRecorded = "answer-not-recorded", Warning;
    /// The switchboard granted what the requester's answer does not name.
    GrantNotReceived = "grant-not-received", Warning;
    /// A holder answered, and the requester has no dossier that says so.
    PullNotInDossier = "pull-not-in-dossier", Warning;
    /// A pull or report was answered long before or after its grant: a clock is wrong, or a grant lived too long.
    PullOutOfTime = "pull-out-of-time", Warning;
    /// The switchboard answered, and the requester gave up before.
    AnswerNotReceived = "answer-not-received", Note;
    /// A holder answered, and the requester did not use it: too late, or not what the agreement describes.
    AnswerNotUsed = "answer-not-used", Note;
    /// A grant was never used: the holder was out of reach, or the requester only looked up, or doubted another record.
    GrantNotUsed = "grant-not-used", Note;
    /// A requester's question got no answer, and the switchboard has none to show.
    QuestionUnanswered = "question-unanswered", Note;
    /// A holder refused, and did not record each refusal of a kind.
    RefusalNotRecorded = "refusal-not-recorded", Note;
}

impl Serialize for DiscrepancyKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// One discrepancy. It names entries of logs, never what they say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Discrepancy {
    /// How grave.
    pub severity: Severity,
    /// What.
    pub kind: DiscrepancyKind,
    /// When the exchange began.
    pub at: Instant,
    /// The transaction id: the question's, or the pull's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction: Option<TransactionId>,
    /// The organisation that asked, or whose log it is.
    pub party: Oin,
    /// The holder, for a pull.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<Oin>,
    /// The entries that show it.
    pub entries: Vec<EntryAt>,
    /// The logs in which an entry is missing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// An entry of a log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct EntryAt {
    /// The log's name.
    pub log: String,
    /// The index.
    pub index: u64,
}

impl Discrepancy {
    pub(super) fn new(
        kind: DiscrepancyKind,
        transaction: Option<TransactionId>,
        party: Oin,
        at: Instant,
    ) -> Self {
        let severity = kind.severity();
        let (entries, missing) = (Vec::new(), Vec::new());
        Self { severity, kind, at, transaction, party, holder: None, entries, missing }
    }

    pub(super) fn entry(self, seen: &Seen) -> Self {
        self.entries([seen])
    }

    pub(super) fn entries<'a>(mut self, seen: impl IntoIterator<Item = &'a Seen>) -> Self {
        let entries =
            seen.into_iter().map(|seen| EntryAt { log: seen.origin.to_string(), index: seen.index });
        self.entries.extend(entries);
        self.entries.sort();
        self.entries.dedup();
        self
    }

    pub(super) fn at_holder(mut self, holder: Oin) -> Self {
        self.holder = Some(holder);
        self
    }

    pub(super) fn missing_at(mut self, place: Place) -> Self {
        self.missing.push(match place {
            Place::Switchboard => "switchboard".to_owned(),
            Place::Partner(oin) => oin.to_string(),
        });
        self
    }
}

//! What every handler works with.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use kw_agreement::{Agreement, Budget, CategoryRules};
use kw_domain::{Category, Clock, Instant, Oin, SubjectId, SubjectReference};
use kw_identity::ActorProofs;
use kw_ledger::{AccessRecord, Canonical, Event, LeafKind, Recordable, RecordedActor, canonical};
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::{Actor, Assurance};
use kw_runtime::http::Traffic;
use kw_runtime::{ActedBy, Entropy, Metrics, Refusal, SharedAgreement, Trace};
use kw_store::switchboard::{LiveTags, Switchboard};
use kw_store::{Abort, Act, ReadError, Store, StoreError, WriteError};

use crate::alarms::Watch;
use crate::events::LiveKeyMissing;
use crate::index::{LiveGenerations, LocateError};
use crate::keys::Keys;
use crate::matches;
use crate::pointers::Uploads;
use crate::quota::Quota;
use crate::reviews;
use crate::signals::Bell;
use crate::subscriptions::{Deliveries, Wishes};

const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The switchboard put together; one for all workers.
pub(crate) struct App {
    pub(crate) agreement: SharedAgreement,
    /// Wakes readers that wait for a signal.
    pub(crate) bell: Bell,
    pub(crate) clock: Arc<dyn Clock>,
    /// Who delivers signals, and how far.
    pub(crate) deliveries: Deliveries,
    pub(crate) entropy: Entropy,
    /// What each holder told about feedback reports.
    pub(crate) feedback_quota: Quota,
    /// Of how many pulls each holder told that a value was wrong.
    pub(crate) correction_quota: Quota,
    pub(crate) key_folder: PathBuf,
    pub(crate) keyring: ArcSwap<Keyring>,
    pub(crate) metrics: Metrics,
    pub(crate) oin: Oin,
    pub(crate) proofs: ActorProofs,
    pub(crate) quota: Quota,
    /// What each partner did of the acts that people do now and then, and of which others hear.
    pub(crate) rare_quota: Quota,
    pub(crate) match_gauges: matches::Gauges,
    pub(crate) review_gauges: reviews::Gauges,
    pub(crate) store: Arc<Store<Switchboard>>,
    /// Under which agreement matches were looked through.
    pub(crate) sweep: matches::Sweep,
    /// Requests under way, to know when the process ends.
    pub(crate) traffic: Traffic,
    /// One permit for each upload under way, by holder.
    pub(crate) uploads: Uploads,
    /// How far the log was searched for what looks like a search.
    pub(crate) watch: Watch,
    /// Who asked to hear of what is told on request.
    pub(crate) wishes: Wishes,
}

/// Keys with the generations that use them: swapped whole, so that no request sees half a rotation.
pub(crate) struct Keyring {
    pub(crate) keys: Arc<Keys>,
    pub(crate) live: LiveGenerations,
}

impl App {
    /// Charges one act that people do now and then (leaving, subscribing): others hear of each, or it costs them something.
    pub(crate) fn charge_rare(&self, party: Oin) -> Result<(), Refusal> {
        self.rare_quota.charge(party, RARE, self.now()).map_err(|wait| {
            let detail = "Your organisation has done this as often as it may for now.";
            Refusal::new(ProblemCode::BudgetExhausted, detail).retry_after(wait)
        })
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// A record that this service makes about something that somebody did.
    pub(crate) fn record(
        &self,
        agreement: &Agreement,
        event: Event,
        acted: impl Into<ActedBy>,
        trace: Option<&Trace>,
    ) -> AccessRecord {
        let chain = agreement.chain().clone();
        let acted = acted.into();
        let mut record = AccessRecord::new(event, self.now(), chain, self.oin, acted.party, agreement.hash());
        record.on_behalf_of = acted.on_behalf_of;
        if let Some(trace) = trace {
            record.trace = Some(trace.trace_id());
            record.transaction = Some(trace.transaction);
        }
        record
    }

    /// The subject with any of these tags, if it is in the index.
    pub(crate) async fn known_subject(&self, tags: LiveTags) -> Result<Option<SubjectId>, Refusal> {
        self.store.read(move |index| index.find_subject(&tags)).await.map_err(not_read)
    }

    /// A fresh reference to a subject.
    pub(crate) fn reference(&self) -> SubjectReference {
        self.entropy.id(self.now())
    }
}

/// The act that leaves this record.
pub(crate) fn act<E>(record: &AccessRecord) -> Result<Act, Abort<E>> {
    act_of(LeafKind::Access, record)
}

/// The act that leaves this record of a change of keys.
pub(crate) fn key_act<E>(record: &AccessRecord) -> Result<Act, Abort<E>> {
    act_of(LeafKind::Key, record)
}

fn act_of<E>(kind: LeafKind, record: &AccessRecord) -> Result<Act, Abort<E>> {
    let text = canonical(record).map_err(StoreError::from)?;
    Ok(Act::new(record.at, kind, text))
}

/// The act that leaves this record about one subject.
pub(crate) fn act_about<E>(
    mut record: AccessRecord,
    subject: SubjectId,
    reference: SubjectReference,
) -> Result<Act, Abort<E>> {
    record.subject = Some(reference);
    Ok(act(&record)?.link(subject, reference))
}

/// The actor as records write it.
pub(crate) fn recorded_actor(actor: &Actor) -> RecordedActor {
    let assurance = match actor.assurance {
        Assurance::Asserted => "asserted",
        Assurance::Proven => "proven",
    };
    RecordedActor { assurance: assurance.to_owned(), id: actor.id.clone(), role: actor.role.clone() }
}

/// The canonical form of something that is recorded.
pub(crate) fn recorded<T: Recordable>(value: &T) -> Result<Canonical, Refusal> {
    canonical(value).map_err(|error| Refusal::fault(StoreError::from(error)))
}

/// The rules of a category in the agreement.
pub(crate) fn rules<'a>(agreement: &'a Agreement, category: &Category) -> Option<&'a CategoryRules> {
    agreement.category(category)
}

/// What a failed write is answered with. Nothing was done, or nobody knows; in both cases nothing is granted.
pub(crate) fn not_written(error: WriteError<Refusal>) -> Refusal {
    match error {
        WriteError::Refused(refusal) => refusal,
        WriteError::Busy | WriteError::Unavailable => unavailable(),
    }
}

/// What a failed read is answered with.
pub(crate) fn not_read(error: ReadError) -> Refusal {
    match error {
        ReadError::Busy => unavailable(),
        ReadError::Store(error) => Refusal::fault(error),
    }
}

pub(crate) fn unavailable() -> Refusal {
    let detail = "The switchboard cannot record this now, so it did not do it. Try again.";
    Refusal::new(ProblemCode::Unavailable, detail).retry_after(RETRY_AFTER)
}

/// What an element that cannot be looked up is answered with.
pub(crate) fn not_located(error: LocateError) -> Refusal {
    match error {
        LocateError::EpochUnknown => Refusal::new(
            ProblemCode::EpochUnknown,
            "The element was made under a key that is not live here. Have it evaluated again and use the newest epoch.",
        ),
        LocateError::NotAnElement => Refusal::new(
            ProblemCode::Invalid,
            "The element is not a group element.",
        )
        .field("/subject/element", "expected a canonical ristretto255 element other than the identity"),
        LocateError::KeyMissing => {
            LiveKeyMissing {}.log();
            unavailable()
        }
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

/// More than the people of one partner do by hand.
const RARE: Budget = Budget { burst: 60, hour: 200, day: 500 };

//! Under which agreement and with which public keys a service works. Each change of either leaves an entry of its own, of the
//! kinds that are kept long, so that an auditor can say years later which key signed what, under which text.
//!
//! What the log last said decides, inside the transaction: several processes on one database record a change once, and a
//! start changes nothing that was recorded before. Erased records say nothing, so what they said is recorded again.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kw_agreement::Agreement;
use kw_domain::{ActorId, Clock, Oin, Role};
use kw_ledger::{AccessRecord, Event, LeafKind, RecordedActor, RecordedKey, canonical};
use kw_runtime::{Jobs, SharedAgreement};
use kw_store::{Abort, Act, LedgerRead, Service, Store, StoreError, WriteError};
use kw_telemetry::{Explain, Reason};

/// Records what a service works under.
#[derive(Debug)]
pub struct InForce<S: Service> {
    store: Arc<Store<S>>,
    service: Oin,
    clock: Arc<dyn Clock>,
    /// Who knows the operators that approved an agreement.
    approvers: Option<SharedAgreement>,
    /// What this process knows to be in the log, so that the database is asked only when there is something new.
    known: Mutex<Option<Standing>>,
}

/// What is in force at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Standing {
    agreement: String,
    keys: BTreeSet<RecordedKey>,
}

/// The log says so already.
#[derive(Debug)]
struct NothingNew;

impl<S: Service> InForce<S> {
    /// What `service` works under is recorded in `store`.
    pub fn new(store: Arc<Store<S>>, service: Oin, clock: Arc<dyn Clock>) -> Self {
        Self { store, service, clock, approvers: None, known: Mutex::default() }
    }

    /// The record of another agreement names the operators who approved it.
    pub fn naming_approvers(self, agreement: SharedAgreement) -> Self {
        Self { approvers: Some(agreement), ..self }
    }

    /// Records what differs from what the log last said: the agreement, the keys, both or nothing. `keys` are those of the
    /// service's own; those of its log and as a witness are the agreement's.
    pub async fn record(&self, agreement: &Agreement, keys: &[RecordedKey]) -> Result<(), NotRecorded> {
        let keys = keys.iter().cloned().chain(log_keys(agreement, self.service)).collect();
        let standing = Standing { agreement: agreement.hash().to_owned(), keys };
        if self.knows(&standing) {
            return Ok(());
        }
        let chain = agreement.chain().clone();
        let approved_by = self.approvers.as_ref().map(|shared| shared.approved_by(agreement.hash()));
        let blank = AccessRecord::new(
            Event::AgreementChanged,
            self.clock.now(),
            chain,
            self.service,
            self.service,
            agreement.hash(),
        );
        let wanted = standing.clone();
        let written = self.store.write("in_force", move |tx| {
            let act = act(tx.read(), &wanted, &blank, approved_by.as_deref().unwrap_or_default())?;
            act.map(|act| ((), act)).ok_or(Abort::Refused(NothingNew))
        });
        match written.await {
            Ok(_) | Err(WriteError::Refused(NothingNew)) => {
                *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(standing);
                Ok(())
            }
            Err(WriteError::Busy | WriteError::Unavailable) => Err(NotRecorded),
        }
    }

    /// Records now and from then on within a second of every change, as long as the server runs. What cannot be recorded
    /// yet, because the log waits for its witnesses, is tried again. `current` gives the agreement with the service's own keys.
    pub fn follow<F>(self, jobs: &Jobs, current: F)
    where
        F: Fn() -> (Arc<Agreement>, Vec<RecordedKey>) + Send + Sync + 'static,
    {
        let (this, current) = (Arc::new(self), Arc::new(current));
        jobs.spawn("in-force", LOOKED_AT, move || {
            let (this, current) = (Arc::clone(&this), Arc::clone(&current));
            async move {
                let (agreement, keys) = current();
                this.record(&agreement, &keys).await
            }
        });
    }

    fn knows(&self, standing: &Standing) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).as_ref() == Some(standing)
    }
}

/// What the agreement says that this party signs its log and cosigns with. A service with other keys does not start.
fn log_keys(agreement: &Agreement, party: Oin) -> Vec<RecordedKey> {
    let log = agreement.log_owner(party).and_then(|owner| agreement.log_of(owner));
    let witness = agreement.witness_of(party);
    let log = log.map(|log| RecordedKey::new("log", log.origin, &log.key));
    let witness = witness.map(|witness| RecordedKey::new("witness", witness.name, &witness.key));
    log.into_iter().chain(witness).collect()
}

/// What is new, as one act; `None` when nothing is.
fn act(
    log: &mut (impl LedgerRead + ?Sized),
    wanted: &Standing,
    blank: &AccessRecord,
    approved_by: &[String],
) -> Result<Option<Act>, StoreError> {
    let mut acts = Vec::new();
    let agreement = newest(log, LeafKind::Agreement, |record| record.event == Event::AgreementChanged)?;
    if agreement.is_none_or(|record| record.decision.policy != wanted.agreement) {
        acts.push((LeafKind::Agreement, approved(blank.clone(), approved_by)));
    }
    let changed = |record: &AccessRecord| record.event == Event::KeyChanged && !record.keys.is_empty();
    let keys = newest(log, LeafKind::Key, changed)?.map(|record| record.keys.into_iter().collect());
    if keys.as_ref() != Some(&wanted.keys) {
        let mut record = blank.clone();
        record.event = Event::KeyChanged;
        record.action = Event::KeyChanged.action();
        record.keys = wanted.keys.iter().cloned().collect();
        acts.push((LeafKind::Key, record));
    }
    let mut act: Option<Act> = None;
    for (kind, record) in acts {
        let text = canonical(&record)?;
        act = Some(match act {
            None => Act::new(record.at, kind, text),
            Some(act) => act.and(kind, text),
        });
    }
    Ok(act)
}

/// Who approved it: their names joined by plus signs, as one actor, and how many they are.
fn approved(mut record: AccessRecord, approved_by: &[String]) -> AccessRecord {
    let mut names = String::new();
    for name in approved_by {
        let joined = if names.is_empty() { name.clone() } else { format!("{names}+{name}") };
        // More names than an id holds are counted.
        if ActorId::parse(&joined).is_err() {
            break;
        }
        names = joined;
    }
    if let (Ok(id), Ok(role)) = (ActorId::parse(&names), Role::parse("operator")) {
        record.actor = Some(RecordedActor { assurance: "proven".to_owned(), id, role });
        record.count = u64::try_from(approved_by.len()).ok();
    }
    record
}

/// The newest record of a rare kind that is `meant`.
fn newest(
    log: &mut (impl LedgerRead + ?Sized),
    kind: LeafKind,
    meant: impl Fn(&AccessRecord) -> bool,
) -> Result<Option<AccessRecord>, StoreError> {
    let mut before = None;
    loop {
        let entries = log.ledger_entries_of(kind, before, AT_ONCE)?;
        let Some(last) = entries.last() else { return Ok(None) };
        before = Some(last.index);
        let records =
            entries.iter().filter_map(|entry| serde_json::from_str(entry.record.as_ref()?.as_str()).ok());
        if let Some(found) = records.into_iter().find(|record| meant(record)) {
            return Ok(Some(found));
        }
    }
}

/// The change is in force and not yet in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what is in force cannot be recorded now")]
pub struct NotRecorded;

impl Explain for NotRecorded {
    fn explain(&self, reason: &mut Reason) {
        reason.say("what is in force cannot be recorded now");
    }
}

const AT_ONCE: u32 = 32;
/// How soon after a reload its record is made.
const LOOKED_AT: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests;

//! The job that counts the questions in the log and raises alarms.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kw_agreement::Agreement;
use kw_domain::{AlarmId, Instant, Oin};
use kw_ledger::Event;
use kw_protocol::alarm::AlarmReason;
use kw_protocol::signal::SignalType;
use kw_runtime::Refusal;
use kw_store::switchboard::{NewSignal, StoredAlarm, SwitchboardRead};
use kw_store::{Abort, StoreError, StoredEntry, WriteError};
use kw_telemetry::Reason;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::sync::Mutex;

use super::counting::{Counts, Finding, Seen};
use crate::app::{App, act};
use crate::events::SearchSuspected;

/// How often the log is looked at. An alarm comes at most so much later than the question that makes it one.
pub(crate) const INTERVAL: Duration = Duration::from_secs(5);
/// How many entries are read at once.
const AT_ONCE: u32 = 2_000;

/// How far the log was counted.
#[derive(Debug, Default)]
pub(crate) struct Watch(Mutex<Option<Place>>);

#[derive(Debug)]
struct Place {
    counts: Counts,
    /// The index of the next entry.
    next: u64,
    /// When an alarm was last raised, so that the same is not tried again every few seconds.
    raised: BTreeMap<(Oin, AlarmReason), Instant>,
}

/// The same alarm was raised in this window, by this process or another.
struct RaisedBefore;

/// Counts what was asked since the last look, and raises what it finds: each reason once in a window for each party.
pub(crate) async fn watch(app: Arc<App>) -> Result<(), Reason> {
    let agreement = app.agreement.current();
    let rules = *agreement.alarms();
    let mut held = app.watch.0.lock().await;
    let place = match held.take() {
        Some(place) if place.counts.window() == rules.window => place,
        _ => begin(&app, rules.window).await?,
    };
    let mut place = caught_up(&app, place).await?;
    let now = app.now();
    place.raised.retain(|_, raised| now.since(*raised) < rules.window);
    for finding in place.counts.findings(&rules, now) {
        let key = (finding.party, finding.reason);
        if let std::collections::btree_map::Entry::Vacant(e) = place.raised.entry(key) {
            raise(&app, &agreement, finding, now).await?;
            e.insert(now);
        }
    }
    *held = Some(place);
    Ok(())
}

/// The first entry of the window that ends now: after a restart nothing of it is forgotten.
async fn begin(app: &Arc<App>, window: Duration) -> Result<Place, Reason> {
    let since = app.now().minus(window);
    let next = read(app, move |log| {
        let (mut low, mut high) = (0, log.ledger_size()?);
        while low < high {
            let middle = low + (high - low) / 2;
            match log.ledger_entries(middle, 1)?.first() {
                Some(entry) if entry.at < since => low = middle + 1,
                _ => high = middle,
            }
        }
        Ok(low)
    })
    .await?;
    Ok(Place { counts: Counts::new(window), next, raised: BTreeMap::new() })
}

async fn caught_up(app: &Arc<App>, mut place: Place) -> Result<Place, Reason> {
    loop {
        let from = place.next;
        // Reading and picking happen off the threads that answer.
        let (count, seen) = read(app, move |log| {
            let entries = log.ledger_entries(from, AT_ONCE)?;
            let seen: Vec<Seen> = entries.iter().filter_map(question).collect();
            Ok((entries.len(), seen))
        })
        .await?;
        for one in seen {
            place.counts.count(one);
        }
        place.next += count as u64;
        if count < AT_ONCE as usize {
            return Ok(place);
        }
    }
}

async fn read<T: Send + 'static>(
    app: &Arc<App>,
    reading: impl FnOnce(&mut (dyn SwitchboardRead + 'static)) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Reason> {
    let store = Arc::clone(&app.store);
    tokio::task::spawn_blocking(move || store.read_blocking(reading))
        .await
        .map_err(|_| Reason::of(&"the process is ending"))?
        .map_err(|error| Reason::of(&error))
}

/// What counts of a record.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Question {
    at: Instant,
    party: Oin,
    #[serde(default)]
    on_behalf_of: Option<Oin>,
    #[serde(default)]
    case: Option<String>,
    #[serde(default)]
    grants: Vec<IgnoredAny>,
}

/// The question that an entry records, if it records one: answered or denied, about a person or for one.
fn question(entry: &StoredEntry) -> Option<Seen> {
    let text = entry.record.as_ref()?.as_str();
    // Quotation marks in what people wrote are escaped, so this stands nowhere else. It saves reading most entries.
    if !EVENTS.iter().any(|event| text.contains(event)) {
        return None;
    }
    let read: Question = serde_json::from_str(text).ok()?;
    // What a supplier asks counts for its principal, whose quota it uses.
    let party = read.on_behalf_of.unwrap_or(read.party);
    Some(Seen { at: read.at, party, miss: read.grants.is_empty(), case: read.case })
}

const EVENTS: [&str; 2] = [r#""event":"query-answered""#, r#""event":"access-report-made""#];

/// Raises one alarm: with its record and its signals, in one transaction.
async fn raise(app: &App, agreement: &Agreement, finding: Finding, now: Instant) -> Result<(), Reason> {
    let id: AlarmId = app.entropy.id(now);
    let Finding { party, reason, questions, misses } = finding;
    let alarm = StoredAlarm { id, party, reason, questions, misses, raised_at: now };
    let mut record = app.record(agreement, Event::AlarmRaised, app.oin, None);
    record.count = Some(questions);
    record.holders = vec![party];
    record.decision.reason = Some(reason.code().to_owned());
    let told = agreement.auditors().map(|auditor| auditor.oin).chain([party]);
    let signals: Vec<NewSignal> =
        told.map(|who| app.signal(who, SignalType::AlarmRaised, *id.as_bytes(), now)).collect();
    let since = now.minus(agreement.alarms().window);
    let written = app
        .store
        .write("raise_alarm", move |tx| {
            if tx.read().last_alarm(party, reason)?.is_some_and(|last| last > since) {
                return Err(Abort::Refused(RaisedBefore));
            }
            tx.write().raise_alarm(&alarm)?;
            tx.write().emit(&signals)?;
            let act = act::<Refusal>(&record).map_err(|_| StoreError::Damaged("record"))?;
            Ok(((), act))
        })
        .await;
    match written {
        Ok(_) => {
            let window = agreement.alarms().window;
            SearchSuspected { caller: party, pattern: reason.code(), questions, misses, window_ms: window }
                .log();
            app.metrics
                .counter(
                    "ketenwijzer_alarms_raised_total",
                    "Alarms about parties whose questions look like a search through all numbers.",
                    &[("reason", reason.code())],
                )
                .increment();
            Ok(())
        }
        Err(WriteError::Refused(RaisedBefore)) => Ok(()),
        Err(error @ (WriteError::Busy | WriteError::Unavailable)) => Err(Reason::of(&error)),
    }
}

#[cfg(test)]
mod tests {
    use kw_domain::{CaseReference, ChainName};
    use kw_ledger::{AccessRecord, Leaf, LeafKind, Salt, canonical};

    use super::*;

    fn entry(record: &AccessRecord) -> StoredEntry {
        let (record, salt) = (canonical(record).unwrap(), Salt([0; 32]));
        let leaf = Leaf::commit(LeafKind::Access, &salt, &record).hash;
        let at = Instant::from_millis(0);
        StoredEntry { index: 0, at, kind: LeafKind::Access, leaf, salt: Some(salt), record: Some(record) }
    }

    fn record(event: Event) -> AccessRecord {
        let oin = Oin::parse("00000099000000012000").unwrap();
        AccessRecord::new(
            event,
            Instant::from_millis(7_000),
            ChainName::parse("youth").unwrap(),
            oin,
            oin,
            "ab",
        )
    }

    #[test]
    fn questions_are_counted_answered_or_denied_and_nothing_else_is() {
        let mut asked = record(Event::QueryAnswered);
        asked.case = Some(CaseReference::parse("case-7").unwrap());
        let seen = question(&entry(&asked)).unwrap();
        assert_eq!((seen.at, seen.miss, seen.case.as_deref()), (asked.at, true, Some("case-7")));
        assert!(question(&entry(&asked.clone().denied("role-not-allowed"))).unwrap().miss);
        asked.on_behalf_of = Some(Oin::parse("00000099000000013000").unwrap());
        assert_eq!(question(&entry(&asked)).unwrap().party, asked.on_behalf_of.unwrap());
        assert!(question(&entry(&record(Event::PointerRead))).is_none());
    }
}

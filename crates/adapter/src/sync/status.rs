//! What the synchroniser can tell about itself.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kw_domain::{Handle, Instant, SourceName};
use kw_protocol::local::{Reconciliation, RowRefusal, SourceSync, SyncReport};
use kw_store::partner::ParkedMessage;

use super::index::Left;
use super::place::Place;
use super::{SyncError, Synchroniser};
use crate::{Cursor, RefusedRow};

/// How the synchroniser is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncStatus {
    /// Messages that wait in the outbox.
    pub waiting: u64,
    /// When the oldest of them was queued.
    pub oldest: Option<Instant>,
    /// Up to when the switchboard was told everything.
    pub behind_since: Option<Instant>,
    /// Records that have a pointer.
    pub registered: u64,
    /// The pointers lapse then, unless the lease is renewed; absent until this process renewed it once.
    pub lease_valid_until: Option<Instant>,
    /// One per source.
    pub sources: Vec<SourceState>,
    /// Messages that were refused, and are tried again seldom until somebody mends what is wrong: the first of them.
    pub parked: Vec<ParkedMessage>,
    /// How many were refused.
    pub parked_in_all: u64,
    /// It left the chain of its own will then, and may register nothing.
    pub left: Option<Instant>,
}

/// How one source is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceState {
    /// Which source.
    pub source: SourceName,
    /// Records of it that have a pointer.
    pub registered: u64,
    /// When it was last read to its end.
    pub synced_at: Option<Instant>,
    /// Up to when the switchboard was told everything.
    pub behind_since: Option<Instant>,
    /// Whether there is reason to think that something changed since.
    pub is_behind: bool,
    /// How many changes a read that goes on has come to.
    pub reading: Option<u64>,
    /// How the last comparison with the switchboard went.
    pub reconciliation: Option<Reconciliation>,
    /// Messages about it that wait.
    pub pending: u64,
    /// Rows that cannot be used, as of the last read.
    pub refused: u64,
    /// The first of them.
    pub refusals: Vec<RefusedRow>,
    /// Why it could not be read to its end the last time.
    pub problem: Option<String>,
    /// Much is gone at once, and nothing is withdrawn until somebody confirms it.
    pub held: Option<HeldShrink>,
}

/// A complete read that found more than a fifth fewer records than there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldShrink {
    /// How many of the records that were known the source still has.
    pub left: u64,
}

/// Figures for metrics, as of the end of the last run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SyncGauges {
    /// How long ago the oldest change may have been made that the switchboard was not told.
    pub behind: Duration,
    /// Messages that wait in the outbox.
    pub waiting: u64,
    /// Records that have a pointer.
    pub registered: u64,
    /// Messages that were refused.
    pub parked: u64,
    /// Sources of which much was gone at once, here or at the switchboard.
    pub held: u64,
    /// Differences that the last comparisons found, of all sources.
    pub differences: u64,
    /// How long ago the last finished comparison was, of the source that was compared longest ago; since the start without one.
    pub reconciled: Duration,
}

/// What is known without asking the database, and would be wrong after a restart: it is learnt again.
#[derive(Debug)]
pub(super) struct Board(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    sources: BTreeMap<SourceName, Notes>,
    started_at: Instant,
    /// When the last run began.
    began_at: Option<Instant>,
    /// As of the end of the last run.
    last: Option<SyncStatus>,
    lease_valid_until: Option<Instant>,
    /// Pointers that were renewed lately, and when it is worth trying again.
    renew_after: BTreeMap<Handle, Instant>,
    /// Bindings stayed old after a refresh; not again before then.
    refresh_after: Option<Instant>,
    presence: Presence,
    /// The last try to register was refused: it may have left.
    denied: bool,
    /// The agreement under which refused messages were last tried.
    tried_under: Option<String>,
    /// Why the switchboard could not be told in the last run.
    untold: Option<String>,
}

/// What is known of having left the chain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Presence {
    #[default]
    Unknown,
    Here,
    Away(Left),
}

#[derive(Debug, Default)]
struct Notes {
    counts: Counts,
    synced_at: Option<Instant>,
    refused: u64,
    refusals: Vec<RefusedRow>,
    problem: Option<String>,
    held: Option<HeldShrink>,
    /// Where making bindings anew was broken off.
    refreshed_to: Option<Cursor>,
}

/// What one run did for one source.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) read: u64,
    pub(super) registered: u64,
    pub(super) existing: u64,
    pub(super) withdrawn: u64,
}

impl Board {
    pub(super) fn new<'a>(sources: impl Iterator<Item = &'a SourceName>, started_at: Instant) -> Self {
        let sources = sources.map(|name| (name.clone(), Notes::default())).collect();
        Self(Mutex::new(Inner {
            sources,
            started_at,
            began_at: None,
            last: None,
            lease_valid_until: None,
            renew_after: BTreeMap::new(),
            refresh_after: None,
            presence: Presence::Unknown,
            denied: false,
            tried_under: None,
            untold: None,
        }))
    }

    pub(super) fn begin_run(&self, now: Instant) {
        self.with(|inner| {
            inner.began_at = Some(now);
            inner.untold = None;
            for notes in inner.sources.values_mut() {
                notes.counts = Counts::default();
            }
        });
    }

    pub(super) fn count(&self, source: &SourceName, add: impl FnOnce(&mut Counts)) {
        self.on(source, |notes| add(&mut notes.counts));
    }

    pub(super) fn synced(&self, source: &SourceName, at: Instant) {
        self.on(source, |notes| notes.synced_at = Some(at));
    }

    pub(super) fn problem(&self, source: &SourceName, problem: String) {
        self.on(source, |notes| notes.problem = Some(problem));
    }

    pub(super) fn solved(&self, source: &SourceName) {
        self.on(source, |notes| notes.problem = None);
    }

    pub(super) fn held(&self, source: &SourceName, held: Option<HeldShrink>) {
        self.on(source, |notes| notes.held = held);
    }

    /// Notes rows that cannot be used; a read from the start forgets those of the read before.
    pub(super) fn refused(&self, source: &SourceName, from_start: bool, rows: &[RefusedRow]) {
        self.on(source, |notes| {
            if from_start {
                notes.refused = 0;
                notes.refusals.clear();
            }
            notes.refused += rows.len() as u64;
            let room = MAX_REFUSALS.saturating_sub(notes.refusals.len());
            notes.refusals.extend(rows.iter().take(room).cloned());
        });
    }

    pub(super) fn has_problem(&self, source: &SourceName) -> bool {
        self.with(|inner| inner.sources.get(source).is_some_and(|notes| notes.problem.is_some()))
    }

    /// How many pointers there is no point in renewing now.
    pub(super) fn resting(&self, now: Instant) -> usize {
        self.with(|inner| {
            inner.renew_after.retain(|_, until| *until > now);
            inner.renew_after.len()
        })
    }

    pub(super) fn is_resting(&self, handle: Handle) -> bool {
        self.with(|inner| inner.renew_after.contains_key(&handle))
    }

    pub(super) fn rest(&self, handle: Handle, until: Instant) {
        self.with(|inner| inner.renew_after.insert(handle, until));
    }

    pub(super) fn refresh_rests(&self, now: Instant) -> bool {
        self.with(|inner| inner.refresh_after.is_some_and(|until| until > now))
    }

    pub(super) fn rest_refresh(&self, until: Option<Instant>) {
        self.with(|inner| inner.refresh_after = until);
    }

    pub(super) fn presence(&self) -> Presence {
        self.with(|inner| inner.presence)
    }

    pub(super) fn left(&self) -> Option<Left> {
        match self.presence() {
            Presence::Away(left) => Some(left),
            Presence::Here | Presence::Unknown => None,
        }
    }

    pub(super) fn present(&self, presence: Presence) {
        self.with(|inner| inner.presence = presence);
    }

    pub(super) fn denied(&self) {
        self.with(|inner| inner.denied = true);
    }

    /// Whether a registration was denied since this was asked last.
    pub(super) fn take_denied(&self) -> bool {
        self.with(|inner| std::mem::take(&mut inner.denied))
    }

    /// Whether refused messages were not tried under this agreement yet.
    pub(super) fn is_new_agreement(&self, hash: &str) -> bool {
        self.with(|inner| inner.tried_under.replace(hash.to_owned()).as_deref() != Some(hash))
    }

    pub(super) fn untold(&self, why: String) {
        self.with(|inner| inner.untold = Some(why));
    }

    pub(super) fn refreshed_to(&self, source: &SourceName) -> Option<Cursor> {
        self.with(|inner| inner.sources.get(source).and_then(|notes| notes.refreshed_to.clone()))
    }

    pub(super) fn refresh_from(&self, source: &SourceName, cursor: Option<Cursor>) {
        self.on(source, |notes| notes.refreshed_to = cursor);
    }

    pub(super) fn lease(&self) -> Option<Instant> {
        self.with(|inner| inner.lease_valid_until)
    }

    pub(super) fn leased_until(&self, at: Instant) {
        self.with(|inner| inner.lease_valid_until = Some(at));
    }

    fn on(&self, source: &SourceName, note: impl FnOnce(&mut Notes)) {
        self.with(|inner| note(inner.sources.entry(source.clone()).or_default()));
    }

    fn with<T>(&self, with: impl FnOnce(&mut Inner) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Synchroniser {
    /// How it is doing. Asks the own database, and nobody else.
    pub async fn status(&self) -> Result<SyncStatus, SyncError> {
        let now = self.now();
        let names: Vec<SourceName> = self.parts.sources.keys().cloned().collect();
        let (depth, registered, places, parked, parked_in_all) = self
            .parts
            .store
            .read(move |tables| {
                let mut places = BTreeMap::new();
                for name in names {
                    let place = Place::of(tables.source_cursor(&name)?);
                    let registered = tables.count_registered_of(&name)?;
                    let waiting = tables.waiting_of(&name, None)?;
                    let reconciliation = tables.reconciliation(&name)?;
                    let reconciliation = reconciliation
                        .and_then(|stored| serde_json::from_str::<Reconciliation>(&stored.state).ok())
                        .filter(|report| report.began_at.is_some());
                    places.insert(name, (place, registered, waiting, reconciliation));
                }
                let (parked, parked_in_all) = (tables.parked(MAX_PARKED)?, tables.count_parked(None)?);
                Ok((tables.outbox_depth()?, tables.count_registered()?, places, parked, parked_in_all))
            })
            .await?;
        let left = self.board.left().map(|left| left.since);
        let (sources, lease_valid_until) = self.board.with(|inner| {
            let sources = places.iter().map(|(name, (place, registered, waiting, reconciliation))| {
                let notes = inner.sources.get(name);
                let read_at = notes.and_then(|notes| notes.synced_at).or(place.synced());
                // What is gone since then is still findable.
                let held_at = place.state.held.and(place.state.held_at);
                let synced_at = read_at.map(|at| held_at.map_or(at, |held| held.min(at)));
                let problem = notes.and_then(|notes| notes.problem.clone());
                let is_behind = waiting.waiting > 0
                    || problem.is_some()
                    || place.state.held.is_some()
                    || place.state.open
                    || left.is_some()
                    || synced_at.is_none_or(|at| now.since(at) > NOT_LATELY);
                SourceState {
                    is_behind,
                    behind_since: synced_at.map(|at| waiting.oldest.map_or(at, |oldest| oldest.min(at))),
                    reading: place.state.open.then_some(place.state.read),
                    reconciliation: reconciliation.clone(),
                    source: name.clone(),
                    registered: *registered,
                    synced_at,
                    pending: waiting.waiting,
                    refused: notes.map_or(0, |notes| notes.refused),
                    refusals: notes.map_or_else(Vec::new, |notes| notes.refusals.clone()),
                    problem,
                    held: place.state.held.map(|sweep| HeldShrink { left: sweep.known }),
                }
            });
            (sources.collect::<Vec<_>>(), inner.lease_valid_until)
        });
        let (waiting, oldest) = (depth.waiting, depth.oldest);
        // A source that was never read may have had everything for ever.
        let behind_since = if sources.iter().all(|source| source.behind_since.is_some()) {
            sources.iter().filter_map(|source| source.behind_since).min()
        } else {
            None
        };
        Ok(SyncStatus {
            waiting,
            oldest,
            behind_since,
            registered,
            lease_valid_until,
            sources,
            parked,
            parked_in_all,
            left,
        })
    }

    /// Figures for metrics. What is far behind stays visible when runs fail: it ages.
    pub fn gauges(&self) -> SyncGauges {
        let now = self.now();
        self.board.with(|inner| {
            let Some(last) = &inner.last else {
                let since = now.since(inner.started_at);
                return SyncGauges { behind: since, reconciled: since, ..SyncGauges::default() };
            };
            let behind = last.behind_since.unwrap_or(inner.started_at);
            let reports = last.sources.iter().map(|source| source.reconciliation.as_ref());
            let finished = |report: Option<&Reconciliation>| report.and_then(|report| report.finished_at);
            let reconciled = reports.clone().map(|report| finished(report).unwrap_or(inner.started_at)).min();
            let differences = |report: &Reconciliation| {
                report.registered_again + report.withdrawn + report.mended + report.held + report.waiting
            };
            let held = |source: &&SourceState| {
                source.held.is_some() || source.reconciliation.as_ref().is_some_and(|report| report.held > 0)
            };
            SyncGauges {
                behind: now.since(behind),
                waiting: last.waiting,
                registered: last.registered,
                parked: last.parked_in_all,
                held: last.sources.iter().filter(held).count() as u64,
                differences: reports.flatten().map(differences).sum(),
                reconciled: now.since(reconciled.unwrap_or(now)),
            }
        })
    }

    /// Takes note of how it stands, so that metrics tell what was left before a restart.
    pub async fn look(&self) -> Result<(), SyncError> {
        let status = self.status().await?;
        self.board.with(|inner| inner.last = Some(status));
        Ok(())
    }

    /// What the last run did.
    pub(super) async fn report(&self) -> Result<SyncReport, SyncError> {
        let status = self.status().await?;
        let (began_at, unavailable) = self.board.with(|inner| {
            inner.last = Some(status.clone());
            (inner.began_at, inner.untold.clone())
        });
        let left_at = status.left;
        let sources = status.sources.into_iter().map(|state| {
            let counts = self.board.with(|inner| inner.sources.get(&state.source).map(|notes| notes.counts));
            let counts = counts.unwrap_or_default();
            let held = state.held.map(|held| {
                format!(
                    "HELD: more than a fifth of the records are gone ({} are left), and nothing was withdrawn; look at the \
                     source, and if it is right: ketenwijzer sync --source {} --confirm-shrink",
                    held.left, state.source
                )
            });
            SourceSync {
                source: state.source,
                read: counts.read,
                registered: counts.registered,
                existing: counts.existing,
                withdrawn: counts.withdrawn,
                pending: state.pending,
                refused: state.refused,
                refusals: state.refusals.into_iter().map(row_refusal).collect(),
                problem: state.problem.or(held),
                // An older one says nothing about this run.
                reconciliation: state.reconciliation.filter(|done| done.began_at >= began_at),
            }
        });
        let sources = sources.collect();
        Ok(SyncReport { sources, left_at, unavailable, finished_at: self.now() })
    }
}

fn row_refusal(row: RefusedRow) -> RowRefusal {
    RowRefusal { origin: row.origin, row: row.row, reason: row.reason }
}

/// A source that was last read longer ago than this may hold something new. Nothing reads that seldom by itself.
const NOT_LATELY: Duration = Duration::from_hours(2);
const MAX_PARKED: u32 = 1_000;
const MAX_REFUSALS: usize = 100;

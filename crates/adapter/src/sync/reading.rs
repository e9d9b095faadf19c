//! From the pages of a source to records and messages.

use std::sync::Arc;
use std::time::Duration;

use kw_agreement::Agreement;
use kw_domain::{Category, SourceName};
use kw_protocol::pointer::WithdrawalReason;
use tokio::time::{Instant, timeout};

use super::place::Place;
use super::records::{AgeLimit, Arrival, arrive, arrive_again, is_set_back, leave};
use super::{
    CHUNK, EMPTY_PAGES, Never, PAGE_DEADLINE, SyncError, SyncOptions, SyncProgress, Synchroniser, act_about,
};
use crate::{Change, ChangePage, Cursor, RefusedRow, Source};

/// A change, made ready outside the transaction.
#[derive(Debug, Clone)]
enum Prepared {
    Gone(Category, [u8; 16]),
    Present(Arrival),
    /// Its row is there and cannot be used: what is registered stays as it is.
    Unusable(Category, [u8; 16]),
}

/// What a chunk of changes came to.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    changed: u64,
    unchanged: u64,
    /// Records seen for the first time in this read that were here before it.
    known: u64,
}

impl Synchroniser {
    /// Reads a source to its end and writes what changed. Bounded: a source that has no end takes no more than its share of a run.
    pub(super) async fn read_source(
        &self,
        agreement: &Arc<Agreement>,
        source: &dyn Source,
        options: &SyncOptions,
        progress: &(dyn Fn(SyncProgress<'_>) + Send + Sync),
    ) -> Result<(), SyncError> {
        let name = source.name();
        let stored = {
            let name = name.clone();
            self.parts.store.read(move |tables| tables.source_cursor(&name)).await?
        };
        let mut place = Place::of(stored);
        let begins = options.full || !place.state.open;
        if begins {
            place.begin(options.full);
        }
        let (mut read, mut empty, mut first) = (0, 0, true);
        let until = Instant::now() + self.read_at_most;
        loop {
            if Instant::now() >= until {
                return Err(SyncError::SourceLong { read: place.state.read });
            }
            let after = place.state.cursor.clone().map(Cursor);
            let page = timeout(PAGE_DEADLINE, source.changes(after.as_ref()))
                .await
                .map_err(|_| SyncError::SourceSlow)??;
            if page.more && after.as_ref() == Some(&page.cursor) {
                return Err(SyncError::SourceStuck);
            }
            let anew = page.complete || (source.rereads() && after.as_ref() != Some(&page.cursor));
            self.board.refused(name, after.is_none() || (first && begins && anew), &page.refused);
            first = false;
            empty = if page.changes.is_empty() && page.refused.is_empty() { empty + 1 } else { 0 };
            if page.more && empty >= EMPTY_PAGES {
                // Mended, it may not know this cursor.
                place.start_over();
                self.store_place(agreement, name, &place).await?;
                return Err(SyncError::SourceEndless);
            }
            read += page.changes.len() as u64;
            let more = page.more;
            self.apply(agreement, name, &mut place, page, options.administrative).await?;
            progress(SyncProgress::Read(name, read));
            if !more {
                break;
            }
        }
        self.sweep(agreement, source, &mut place, options.confirm_shrink).await
    }

    /// Writes one page, in transactions of a bounded size. The last one moves the place to the next page.
    async fn apply(
        &self,
        agreement: &Arc<Agreement>,
        name: &SourceName,
        place: &mut Place,
        page: ChangePage,
        administrative: bool,
    ) -> Result<(), SyncError> {
        let now = self.now();
        let mut changes = self.prepare(agreement, name, page.changes, administrative);
        let unusable = page.refused.iter().filter_map(|row| row.record.as_ref());
        changes.extend(unusable.map(|(category, record)| {
            let key = self.parts.vault.record_key(name, category, record);
            Prepared::Unusable(category.clone(), key)
        }));
        let mut next = place.clone();
        next.state.cursor = Some(page.cursor.0);
        next.state.complete &= page.complete;
        next.state.doubtful |= page.refused.iter().any(|row| row.record.is_none());
        if !page.more {
            next.state.open = false;
            next.synced_at = now;
            if next.state.complete {
                next.state.held = None;
            }
        }
        let nothing_new = changes.is_empty()
            && !page.more
            && !page.complete
            && next.state.cursor == place.state.cursor
            && now.since(place.synced_at) < WRITE_AT_LEAST;
        if nothing_new {
            // Nothing is stored now; what a sweep stores must not say that the read goes on.
            place.state = next.state;
            self.board.synced(name, now);
            return Ok(());
        }
        let chunks = changes.len().div_ceil(CHUNK).max(1);
        for number in 0..chunks {
            let chunk: Vec<_> = changes.iter().skip(number * CHUNK).take(CHUNK).cloned().collect();
            let last = number + 1 == chunks;
            let target = if last { next.clone() } else { place.clone() };
            let (tally, target) = self.write_chunk(agreement, name, chunk, target, last).await?;
            self.board.count(name, |counts| {
                counts.read += tally.changed + tally.unchanged;
                counts.existing += tally.unchanged;
            });
            next.state.known = target.state.known;
            next.state.read = target.state.read;
            *place = target;
        }
        if !page.more {
            self.board.synced(name, now);
        }
        Ok(())
    }

    /// Leaves out what the agreement does not let this partner register; it is reported as refused.
    fn prepare(
        &self,
        agreement: &Arc<Agreement>,
        name: &SourceName,
        changes: Vec<Change>,
        administrative: bool,
    ) -> Vec<Prepared> {
        let vault = &self.parts.vault;
        let now = self.now();
        let mut prepared = Vec::with_capacity(changes.len());
        for change in changes {
            match change {
                Change::Gone { category, record } => {
                    let key = vault.record_key(name, &category, &record);
                    prepared.push(Prepared::Gone(category, key));
                }
                Change::Present(found) if agreement.may_register(self.parts.holder, &found.category) => {
                    let limit = agreement.category(&found.category).and_then(|rules| rules.age_limit);
                    prepared.push(Prepared::Present(Arrival {
                        key: vault.record_key(name, &found.category, &found.record),
                        subject_key: vault.subject_key(&found.subject),
                        age: AgeLimit::of(limit, found.birth_date.as_ref(), now),
                        category: found.category,
                        record: found.record,
                        subject: found.subject,
                        administrative,
                    }));
                }
                Change::Present(found) => self.board.refused(name, false, &[not_agreed(&found.category)]),
            }
        }
        prepared
    }

    async fn write_chunk(
        &self,
        agreement: &Arc<Agreement>,
        name: &SourceName,
        chunk: Vec<Prepared>,
        mut target: Place,
        last: bool,
    ) -> Result<(Tally, Place), SyncError> {
        let (vault, name, now) = (self.parts.vault.clone(), name.clone(), self.now());
        let (holder, categories) = (self.parts.holder, categories_of(&chunk));
        let agreement = Arc::clone(agreement);
        let base = target.state.known;
        target.state.read += chunk.len() as u64;
        let committed = self
            .parts
            .store
            .write("synchronise_source", move |tx| {
                let mut tally = Tally::default();
                let (mut seen, mut about) = (Vec::new(), Vec::new());
                for change in &chunk {
                    match change {
                        Prepared::Gone(category, key) => match tx
                            .read()
                            .record_by_key(&name, category, key)?
                        {
                            Some(record) => {
                                about.push(record.handle);
                                leave(tx.write(), &vault, record, WithdrawalReason::NoLongerPresent, now)?;
                                tally.changed += 1;
                            }
                            None => tally.unchanged += 1,
                        },
                        Prepared::Unusable(category, key) => {
                            let known = tx.read().record_by_key(&name, category, key)?;
                            if let Some(record) = known.filter(|record| record.seen_read < target.read) {
                                seen.push(record.handle);
                                tally.known += 1;
                            }
                        }
                        Prepared::Present(arrival) => {
                            let known = tx.read().record_by_key(&name, &arrival.category, &arrival.key)?;
                            let reached = arrival.age == AgeLimit::Reached;
                            match known {
                                Some(record) if record.subject_key == arrival.subject_key && !reached => {
                                    if record.seen_read < target.read {
                                        seen.push(record.handle);
                                        tally.known += 1;
                                    }
                                    if is_set_back(&record) {
                                        about.push(record.handle);
                                        arrive_again(tx.write(), &vault, record, arrival, now)?;
                                        tally.changed += 1;
                                    } else {
                                        tally.unchanged += 1;
                                    }
                                    continue;
                                }
                                Some(record) => {
                                    // It was here and something is: neither gone nor a sign that the source shrank.
                                    tally.known += u64::from(record.seen_read < target.read);
                                    let reason = if reached {
                                        WithdrawalReason::AgeReached
                                    } else {
                                        WithdrawalReason::NoLongerPresent
                                    };
                                    about.push(record.handle);
                                    leave(tx.write(), &vault, record, reason, now)?;
                                }
                                None if reached => {
                                    tally.unchanged += 1;
                                    continue;
                                }
                                None => {}
                            }
                            if !reached {
                                about.push(arrive(tx.write(), &vault, &name, arrival, target.read, now)?);
                            }
                            tally.changed += 1;
                        }
                    }
                }
                tx.write().mark_seen(&seen, target.read)?;
                target.state.known = base + tally.known;
                if last && !target.state.open && target.state.complete {
                    target.state.sweep = Some(target.sweep());
                }
                tx.write().store_cursor(&name, &target.to_stored())?;
                let act =
                    act_about(&vault, &about, holder, &agreement, now, tally.changed, categories.clone())?;
                Ok::<_, kw_store::Abort<Never>>(((tally, target.clone()), act))
            })
            .await?;
        Ok(committed.value)
    }
}

fn not_agreed(category: &Category) -> RefusedRow {
    RefusedRow {
        origin: category.to_string(),
        row: None,
        reason: "the agreement does not let this partner register this category: mend the source's configuration or \
                 the agreement"
            .to_owned(),
        // Whatever was registered under an earlier agreement has to go.
        record: None,
    }
}

fn categories_of(chunk: &[Prepared]) -> Vec<Category> {
    let mut categories: Vec<Category> = chunk
        .iter()
        .map(|change| match change {
            Prepared::Gone(category, _) | Prepared::Unusable(category, _) => category.clone(),
            Prepared::Present(arrival) => arrival.category.clone(),
        })
        .collect();
    categories.sort();
    categories.dedup();
    categories
}

/// A read that found nothing new is written at least this often, so that the database too knows when the last one was.
const WRITE_AT_LEAST: Duration = Duration::from_hours(1);

//! Registering prepared pointers in one transaction: idempotent, one or many.

use std::collections::BTreeMap;
use std::time::Duration;

use kw_domain::{Category, Instant, Oin, SubjectId};
use kw_runtime::Refusal;
use kw_store::switchboard::{NewSubject, PointerIdentity, StoredPointer, Switchboard};
use kw_store::{Abort, StoreError, Tx, WriteError};

use super::preparing::Prepared;
use crate::app::{App, unavailable};
use crate::index::LiveGenerations;
use crate::upkeep::follow_generations;

const MOST_ATTEMPTS: u32 = 3;

/// What became of one prepared pointer.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) pointer: StoredPointer,
    pub(super) created: bool,
    pub(super) subject: SubjectId,
}

/// Why nothing was registered.
#[derive(Debug)]
pub(super) enum Unregistered {
    /// The rules do not allow it.
    Refused(Refusal),
    /// A rotation took a step since the tags were made: make them again.
    Stale,
}

impl From<Refusal> for Unregistered {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Takes in the step that a rotation took, and says whether to make the tags again; the answer to give otherwise.
pub(super) async fn again(app: &App, error: WriteError<Unregistered>, attempt: u32) -> Result<(), Refusal> {
    match error {
        WriteError::Refused(Unregistered::Refused(refusal)) => Err(refusal),
        WriteError::Refused(Unregistered::Stale) if attempt < MOST_ATTEMPTS => {
            follow_generations(app).await.map(drop).map_err(|error| {
                log::error!(audience = "application"; "a rotation cannot be followed: {error}");
                unavailable()
            })
        }
        WriteError::Refused(Unregistered::Stale) | WriteError::Busy | WriteError::Unavailable => {
            Err(unavailable())
        }
    }
}

/// Stores what is not there yet. The result has the order of the input.
pub(super) fn register(
    tx: &mut Tx<'_, Switchboard>,
    live: &LiveGenerations,
    prepared: &[Prepared],
) -> Result<Vec<Stored>, Abort<Unregistered>> {
    // Tags were made under the generations this process saw. If a rotation began or ended meanwhile, they could miss a
    // row that is there, or leave one that a look-up misses.
    if LiveGenerations::of(&tx.read().generations()?) != *live {
        return Err(Abort::Refused(Unregistered::Stale));
    }
    let subjects = subjects(tx, prepared)?;
    let known = known_pointers(tx, prepared, &subjects)?;
    let mut fresh: BTreeMap<(SubjectId, [u8; 16], Category), usize> = BTreeMap::new();
    let mut new_pointers: Vec<StoredPointer> = Vec::new();
    let mut stored = Vec::with_capacity(prepared.len());
    for ((item, (subject, _)), known) in prepared.iter().zip(&subjects).zip(known) {
        let subject = *subject;
        if let Some(pointer) = known {
            stored.push(Stored { pointer, created: false, subject });
            continue;
        }
        let source_key = item.pointer.source_key.ok_or(StoreError::Damaged("source key"))?;
        let identity = (subject, source_key, item.pointer.category.clone());
        if let Some(&earlier) = fresh.get(&identity) {
            stored.push(Stored { pointer: new_pointers[earlier].clone(), created: false, subject });
            continue;
        }
        let mut pointer = item.pointer.clone();
        pointer.subject = Some(subject);
        fresh.insert(identity, new_pointers.len());
        new_pointers.push(pointer.clone());
        stored.push(Stored { pointer, created: true, subject });
    }
    tx.write().insert_pointers(&new_pointers)?;
    Ok(stored)
}

/// Finds or makes the subject of each; tells whether it was there.
fn subjects(
    tx: &mut Tx<'_, Switchboard>,
    prepared: &[Prepared],
) -> Result<Vec<(SubjectId, bool)>, StoreError> {
    let tags: Vec<_> = prepared.iter().map(Prepared::tags).collect();
    let found = tx.write().find_subjects(&tags)?;
    let mut fresh: BTreeMap<[u8; 32], SubjectId> = BTreeMap::new();
    let mut new_subjects: Vec<NewSubject> = Vec::new();
    let mut ids = Vec::with_capacity(prepared.len());
    for (item, found) in prepared.iter().zip(found) {
        let tag = item.tags().even.or(item.tags().odd).ok_or(StoreError::Damaged("tag"))?;
        if let Some(id) = found {
            ids.push((id, true));
            continue;
        }
        let id = *fresh.entry(tag).or_insert_with(|| {
            new_subjects.push(item.subject.clone());
            item.subject.id
        });
        ids.push((id, false));
    }
    tx.write().insert_subjects(&new_subjects)?;
    Ok(ids)
}

fn known_pointers(
    tx: &mut Tx<'_, Switchboard>,
    prepared: &[Prepared],
    subjects: &[(SubjectId, bool)],
) -> Result<Vec<Option<StoredPointer>>, StoreError> {
    let mut places = Vec::new();
    let mut identities = Vec::new();
    for (place, (item, (subject, was_there))) in prepared.iter().zip(subjects).enumerate() {
        if *was_there {
            places.push(place);
            identities.push(PointerIdentity {
                subject: *subject,
                holder: item.pointer.holder,
                source_key: item.pointer.source_key.ok_or(StoreError::Damaged("source key"))?,
                category: item.pointer.category.clone(),
            });
        }
    }
    let mut known = vec![None; prepared.len()];
    if !identities.is_empty() {
        for (place, found) in places.into_iter().zip(tx.write().find_active(&identities)?) {
            known[place] = found;
        }
    }
    Ok(known)
}

/// A registration is a sign of life; the lease is written once in half its term.
pub(super) fn keep_lease(
    tx: &mut Tx<'_, Switchboard>,
    holder: Oin,
    now: Instant,
    term: Duration,
) -> Result<(), StoreError> {
    let stands = tx.read().lease(holder)?.is_some_and(|until| until > now.plus(term / 2));
    if !stands {
        tx.write().renew_lease(holder, now.plus(term))?;
    }
    Ok(())
}

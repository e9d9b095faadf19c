//! Registering prepared pointers in one transaction: idempotent, one or many.

use std::collections::BTreeMap;
use std::time::Duration;

use kw_domain::{Category, Instant, Oin, SubjectId};
use kw_protocol::problem::ProblemCode;
use kw_runtime::Refusal;
use kw_store::switchboard::{NewSubject, PointerIdentity, StoredPointer, Switchboard};
use kw_store::{Abort, StoreError, Tx};

use super::preparing::Prepared;
use crate::index::LiveGenerations;
use crate::matches::{Moved, Settler};
use crate::staleness::{Unwritten, check_generations};
use crate::subscriptions::Telling;

/// Active pointers of one holder about one subject in one category: one per source, and no holder has more systems.
const MOST_ABOUT_ONE: u64 = 16;

/// What became of one prepared pointer.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) pointer: StoredPointer,
    pub(super) created: bool,
    pub(super) subject: SubjectId,
    /// Whether the index knew the subject before.
    pub(super) was_there: bool,
}

/// Stores what is not there yet, and tells its holder if that asked for it. The result has the order of the input; what is refused leaves nothing.
pub(super) fn register(
    tx: &mut Tx<'_, Switchboard>,
    live: &LiveGenerations,
    telling: &Telling,
    prepared: &[Prepared],
) -> Result<Vec<Result<Stored, Refusal>>, Abort<Unwritten>> {
    check_generations(tx, live)?;
    if let Some(first) = prepared.first()
        && tx.read().open_departure(first.pointer.holder)?.is_some_and(|departure| departure.has_left())
    {
        return Ok(prepared.iter().map(|_| Err(departed())).collect());
    }
    let subjects = subjects(tx, prepared)?;
    let known = known_pointers(tx, prepared, &subjects)?;
    let mut fresh: BTreeMap<(SubjectId, [u8; 16], Category), usize> = BTreeMap::new();
    let mut new_pointers: Vec<StoredPointer> = Vec::new();
    let mut stored = Vec::with_capacity(prepared.len());
    let mut told = Vec::new();
    for ((item, (subject, was_there)), known) in prepared.iter().zip(&subjects).zip(known) {
        let subject = *subject;
        if let Some(pointer) = known {
            stored.push(known_again(tx, item, pointer)?.map(|pointer| Stored {
                pointer,
                created: false,
                subject,
                was_there: true,
            }));
            continue;
        }
        let source_key = item.pointer.source_key.ok_or(StoreError::Damaged("source key"))?;
        let identity = (subject, source_key, item.pointer.category.clone());
        if let Some(&earlier) = fresh.get(&identity) {
            let pointer = new_pointers[earlier].clone();
            stored.push(Ok(Stored { pointer, created: false, subject, was_there: *was_there }));
            continue;
        }
        if *was_there && tx.read().is_objected(subject, item.pointer.holder, &item.pointer.category)? {
            stored.push(Err(Refusal::new(
                ProblemCode::Objected,
                "You upheld this person's objection to being found with you in this category.",
            )));
            continue;
        }
        if *was_there && crowded(tx, item, subject)? {
            stored.push(Err(Refusal::new(
                ProblemCode::Conflict,
                "You have as many pointers about this person in this category as can be. Withdraw some first.",
            )));
            continue;
        }
        let mut pointer = item.pointer.clone();
        pointer.subject = Some(subject);
        if !item.administrative {
            told.push((pointer.holder, pointer.id));
        }
        fresh.insert(identity, new_pointers.len());
        new_pointers.push(pointer.clone());
        stored.push(Ok(Stored { pointer, created: true, subject, was_there: *was_there }));
    }
    tx.write().insert_pointers(&new_pointers)?;
    telling.tell(tx, told)?;
    Ok(stored)
}

/// Else the partner's own systems would undo its departure.
fn departed() -> Refusal {
    Refusal::new(
        ProblemCode::Denied,
        "Your organisation has left the chain. End its departure to register again.",
    )
}

/// Registering again changes nothing, but it may bring the destruction nearer: the holder knows more by then.
fn known_again(
    tx: &mut Tx<'_, Switchboard>,
    item: &Prepared,
    mut known: StoredPointer,
) -> Result<Result<StoredPointer, Refusal>, StoreError> {
    if known.purposes != item.pointer.purposes {
        return Ok(Err(Refusal::new(
            ProblemCode::Conflict,
            "This pointer is there with other purposes. Replace it by a successor to change them.",
        )));
    }
    if let Some(by) =
        item.pointer.destroy_by.filter(|by| known.destroy_by.is_none_or(|earlier| *by < earlier))
    {
        known.destroy_by = Some(by);
        known.valid_until = known.valid_until.min(by);
        known.due_at = known.due_at.min(by);
        tx.write().update_pointer(&known)?;
    }
    Ok(Ok(known))
}

fn crowded(tx: &mut Tx<'_, Switchboard>, item: &Prepared, subject: SubjectId) -> Result<bool, StoreError> {
    let pointer = &item.pointer;
    Ok(tx.read().count_active_about(subject, pointer.holder, &pointer.category)? >= MOST_ABOUT_ONE)
}

/// Whose matches may follow from what was registered: of persons whom the index knew before, so that somebody else may hold
/// something about them.
pub(super) fn moved(prepared: &[Prepared], stored: &[Result<Stored, Refusal>]) -> Moved {
    let mut moved = Moved::default();
    for (item, stored) in prepared.iter().zip(stored) {
        if let Ok(Stored { created: true, was_there: true, subject, .. }) = stored {
            moved.add(*subject, item.administrative);
        }
    }
    moved
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
    settler: &Settler,
) -> Result<(), StoreError> {
    let lease = tx.read().lease(holder)?;
    if lease.is_none_or(|until| until <= now.plus(term / 2)) {
        tx.write().renew_lease(holder, now.plus(term))?;
    }
    if lease.is_some_and(|until| until <= now) {
        settler.lease_came_back();
    }
    Ok(())
}

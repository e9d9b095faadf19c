//! What may become of a pointer (design §4): pure rules.

use kw_agreement::CategoryRules;
use kw_domain::Instant;
use kw_protocol::pointer::{PointerState, WithdrawalReason};
use kw_store::switchboard::StoredPointer;

/// The state of the pointer does not allow this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IllegalTransition;

/// What the lifecycle job does with a pointer that is due.
#[derive(Debug)]
pub(crate) enum Due {
    /// It changes state.
    Becomes(StoredPointer),
    /// Nothing is left of it.
    Destroyed,
}

/// Extends an active pointer.
pub(crate) fn renew(pointer: &StoredPointer, valid_until: Instant) -> Result<StoredPointer, IllegalTransition> {
    if pointer.state != PointerState::Active {
        return Err(IllegalTransition);
    }
    let mut renewed = pointer.clone();
    renewed.valid_until = valid_until;
    renewed.due_at = earliest(valid_until, pointer.destroy_by);
    Ok(renewed)
}

/// Takes a pointer back. What ended rightly goes to the archive, where the category has one; what was wrong, or must not
/// outlive the person's death or age, leaves a tombstone at once.
pub(crate) fn withdraw(
    pointer: &StoredPointer,
    reason: WithdrawalReason,
    rules: Option<&CategoryRules>,
    now: Instant,
) -> Result<StoredPointer, IllegalTransition> {
    if !matches!(pointer.state, PointerState::Active | PointerState::Inactive) {
        return Err(IllegalTransition);
    }
    let to_archive = matches!(reason, WithdrawalReason::NoLongerPresent | WithdrawalReason::HolderStopped)
        && pointer.state == PointerState::Active;
    let mut left = match rules.and_then(|rules| rules.archive).filter(|_| to_archive) {
        Some(term) => archived(pointer, term.after(now)),
        None => tombstone(pointer, PointerState::Withdrawn, rules, now),
    };
    left.withdrawal = Some(reason);
    Ok(left)
}

/// Replaces an active pointer.
pub(crate) fn supersede(
    pointer: &StoredPointer,
    successor: kw_domain::PointerId,
    rules: Option<&CategoryRules>,
    now: Instant,
) -> Result<StoredPointer, IllegalTransition> {
    if pointer.state != PointerState::Active {
        return Err(IllegalTransition);
    }
    let mut left = tombstone(pointer, PointerState::Superseded, rules, now);
    left.superseded_by = Some(successor);
    Ok(left)
}

/// Ends an active pointer whose holder let its lease run out.
pub(crate) fn lapse(pointer: &StoredPointer, rules: Option<&CategoryRules>, now: Instant) -> StoredPointer {
    match rules.and_then(|rules| rules.archive) {
        Some(term) => archived(pointer, term.after(now)),
        None => tombstone(pointer, PointerState::Lapsed, rules, now),
    }
}

/// What happens to a pointer whose date has come.
pub(crate) fn due(pointer: &StoredPointer, rules: Option<&CategoryRules>, now: Instant) -> Due {
    if pointer.subject.is_none() {
        return Due::Destroyed;
    }
    let must_go = pointer.destroy_by.is_some_and(|by| by <= now);
    match pointer.state {
        PointerState::Active if !must_go => Due::Becomes(lapse(pointer, rules, now)),
        _ => Due::Becomes(tombstone(pointer, PointerState::Lapsed, rules, now)),
    }
}

fn archived(pointer: &StoredPointer, until: Instant) -> StoredPointer {
    let mut archived = pointer.clone();
    archived.state = PointerState::Inactive;
    archived.due_at = earliest(until, pointer.destroy_by);
    archived
}

fn tombstone(pointer: &StoredPointer, state: PointerState, rules: Option<&CategoryRules>, now: Instant) -> StoredPointer {
    let mut left = pointer.clone();
    left.state = state;
    left.subject = None;
    left.source_key = None;
    left.sealed = None;
    // A category that left the agreement has no term of its own any more: then nothing is kept.
    left.due_at = rules.map_or(now, |rules| rules.tombstone.after(now));
    left
}

fn earliest(one: Instant, other: Option<Instant>) -> Instant {
    other.map_or(one, |other| one.min(other))
}

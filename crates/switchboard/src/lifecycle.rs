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
pub(crate) fn renew(
    pointer: &StoredPointer,
    valid_until: Instant,
) -> Result<StoredPointer, IllegalTransition> {
    if pointer.state != PointerState::Active {
        return Err(IllegalTransition);
    }
    let mut renewed = pointer.clone();
    renewed.valid_until = earliest(valid_until, pointer.destroy_by);
    renewed.due_at = renewed.valid_until;
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

/// Whether a holder that asked for it hears of a withdrawal: not when it leaves the chain, and all go.
pub(crate) fn is_told(withdrawal: Option<WithdrawalReason>) -> bool {
    withdrawal.is_some_and(|reason| reason != WithdrawalReason::HolderStopped)
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

/// Ends a pointer because an objection to it was upheld.
pub(crate) fn object(pointer: &StoredPointer, rules: Option<&CategoryRules>, now: Instant) -> StoredPointer {
    tombstone(pointer, PointerState::Objected, rules, now)
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

fn tombstone(
    pointer: &StoredPointer,
    state: PointerState,
    rules: Option<&CategoryRules>,
    now: Instant,
) -> StoredPointer {
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

#[cfg(test)]
mod tests {
    use kw_agreement::Agreement;
    use kw_domain::{Category, Oin, PointerId, SubjectId};

    use super::*;

    const YOUTH: &str = include_str!("../../../examples/chains/youth.toml");

    fn now() -> Instant {
        Instant::parse("2026-11-21T10:00:00Z").unwrap()
    }

    fn pointer(state: PointerState) -> StoredPointer {
        let valid_until = Instant::parse("2027-01-01T00:00:00Z").unwrap();
        StoredPointer {
            id: PointerId::new(now(), [1; 10]),
            subject: Some(SubjectId::new(now(), [2; 10])),
            holder: Oin::parse("00000099000000001000").unwrap(),
            category: Category::parse("youth-care-plan").unwrap(),
            source_key: Some([3; 16]),
            sealed: Some(vec![4]),
            purposes: None,
            state,
            withdrawal: None,
            registered_at: now(),
            valid_until,
            due_at: valid_until,
            destroy_by: None,
            superseded_by: None,
        }
    }

    const STATES: [PointerState; 6] = [
        PointerState::Active,
        PointerState::Inactive,
        PointerState::Lapsed,
        PointerState::Objected,
        PointerState::Superseded,
        PointerState::Withdrawn,
    ];

    #[test]
    fn only_legal_transitions_are_made() {
        let agreement = Agreement::parse(YOUTH).unwrap();
        let rules = agreement.category(&pointer(PointerState::Active).category);
        for state in STATES {
            let pointer = pointer(state);
            let active = state == PointerState::Active;
            assert_eq!(renew(&pointer, now()).is_ok(), active, "{state:?}");
            assert_eq!(supersede(&pointer, pointer.id, rules, now()).is_ok(), active, "{state:?}");
            let withdrawn = withdraw(&pointer, WithdrawalReason::Deceased, rules, now());
            assert_eq!(withdrawn.is_ok(), active || state == PointerState::Inactive, "{state:?}");
        }
    }

    #[test]
    fn what_ended_rightly_goes_to_the_archive_and_what_was_wrong_leaves_a_tombstone() {
        let agreement = Agreement::parse(YOUTH).unwrap();
        let active = pointer(PointerState::Active);
        let rules = agreement.category(&active.category);
        let archived = withdraw(&active, WithdrawalReason::NoLongerPresent, rules, now()).unwrap();
        assert_eq!((archived.state, archived.subject), (PointerState::Inactive, active.subject));
        assert_eq!(archived.due_at, Instant::parse("2031-11-21T10:00:00Z").unwrap());
        for reason in
            [WithdrawalReason::EnteredInError, WithdrawalReason::Deceased, WithdrawalReason::AgeReached]
        {
            let left = withdraw(&active, reason, rules, now()).unwrap();
            assert_eq!((left.state, left.withdrawal), (PointerState::Withdrawn, Some(reason)));
            assert!(left.subject.is_none() && left.sealed.is_none() && left.source_key.is_none());
        }
    }

    #[test]
    fn dates_lead_from_active_by_the_archive_and_a_tombstone_to_nothing() {
        let agreement = Agreement::parse(YOUTH).unwrap();
        let active = pointer(PointerState::Active);
        let rules = agreement.category(&active.category);
        let Due::Becomes(archived) = due(&active, rules, active.valid_until) else {
            panic!("destroyed too early")
        };
        assert_eq!(archived.state, PointerState::Inactive);
        let Due::Becomes(left) = due(&archived, rules, archived.due_at) else {
            panic!("destroyed too early")
        };
        assert_eq!((left.state, left.subject), (PointerState::Lapsed, None));
        assert!(matches!(due(&left, rules, left.due_at), Due::Destroyed));
    }

    #[test]
    fn the_destruction_date_beats_validity_and_archive() {
        let agreement = Agreement::parse(YOUTH).unwrap();
        let mut active = pointer(PointerState::Active);
        let rules = agreement.category(&active.category);
        let by = Instant::parse("2026-12-01T00:00:00Z").unwrap();
        active.destroy_by = Some(by);
        assert_eq!(renew(&active, active.valid_until).unwrap().due_at, by);
        assert_eq!(withdraw(&active, WithdrawalReason::HolderStopped, rules, now()).unwrap().due_at, by);
        let Due::Becomes(left) = due(&active, rules, by) else { panic!("no tombstone") };
        assert_eq!((left.state, left.subject), (PointerState::Lapsed, None));
    }

    #[test]
    fn a_category_that_left_the_agreement_leaves_nothing() {
        let left = lapse(&pointer(PointerState::Active), None, now());
        assert_eq!((left.state, left.due_at), (PointerState::Lapsed, now()));
    }
}

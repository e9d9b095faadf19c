//! What a mandate of a supplier may say, and who may change it.

use kw_agreement::Agreement;
use kw_domain::{ActorId, Instant, Oin};
use kw_protocol::delegation::{DelegationStatus, RequestDelegation};
use kw_protocol::problem::ProblemCode;
use kw_runtime::Refusal;
use kw_store::StoredDelegation;

/// What is asked for must be what the agreement lets this partner delegate to this supplier. All mistakes at once.
pub(super) fn check(
    agreement: &Agreement,
    principal: Oin,
    asked: &RequestDelegation,
    now: Instant,
) -> Result<(), Refusal> {
    let mut refusal = Refusal::new(ProblemCode::Invalid, "The mandate cannot be given.");
    let Some(frame) = agreement.delegation_frame(principal, asked.supplier) else {
        return Err(refusal.field(
            "/supplier",
            "expected a supplier to which the agreement lets your organisation delegate",
        ));
    };
    if asked.scopes.is_empty() || !asked.scopes.iter().all(|scope| frame.scopes.contains(scope)) {
        refusal =
            refusal.field("/scopes", "expected at least one, and none that the agreement does not delegate");
    }
    if asked.valid_until <= now || asked.valid_until > frame.max_term.after(now) {
        refusal = refusal.field(
            "/validUntil",
            format!("expected a moment in the future, at most {} from now", frame.max_term),
        );
    }
    refusal.if_any()
}

/// The mandate with one more approval: by a person of the partner who did not approve before.
pub(super) fn approved(
    delegation: &StoredDelegation,
    by: &ActorId,
    now: Instant,
) -> Result<StoredDelegation, Refusal> {
    if delegation.status(now) != DelegationStatus::Requested {
        return Err(Refusal::new(ProblemCode::Conflict, "This mandate does not wait for an approval."));
    }
    let mut next = delegation.clone();
    match &delegation.first_approver {
        // Written in another case it is still the same person.
        Some(first) if first.is_same_person(by) => {
            let detail = "You approved this mandate before. The second approval is another person's.";
            return Err(Refusal::new(ProblemCode::Conflict, detail));
        }
        Some(_) => next.second_approver = Some(by.clone()),
        None => next.first_approver = Some(by.clone()),
    }
    Ok(next)
}

/// The mandate, ended.
pub(super) fn ended(delegation: &StoredDelegation, now: Instant) -> Result<StoredDelegation, Refusal> {
    match delegation.status(now) {
        DelegationStatus::Active | DelegationStatus::Requested => {
            Ok(StoredDelegation { ended_at: Some(now), ..delegation.clone() })
        }
        DelegationStatus::Ended | DelegationStatus::Expired => {
            Err(Refusal::new(ProblemCode::Conflict, "This mandate has ended already."))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use kw_domain::DelegationId;
    use kw_protocol::delegation::DelegationScope;

    use super::*;

    fn requested() -> StoredDelegation {
        let now = Instant::from_millis(1_000_000);
        StoredDelegation {
            id: DelegationId::new(now, [1; 10]),
            principal: Oin::parse("00000099000000011000").unwrap(),
            supplier: Oin::parse("00000099000000051000").unwrap(),
            scopes: BTreeSet::from([DelegationScope::Register]),
            requested_at: now,
            valid_until: now.plus(Duration::from_hours(24)),
            first_approver: None,
            second_approver: None,
            ended_at: None,
        }
    }

    fn person(name: &str) -> ActorId {
        ActorId::parse(name).unwrap()
    }

    #[test]
    fn it_takes_two_different_people() {
        let (start, now) = (requested(), Instant::from_millis(2_000_000));
        let once = approved(&start, &person("jansen"), now).unwrap();
        assert!(!once.admits(DelegationScope::Register, now));
        assert!(approved(&once, &person("jansen"), now).is_err());
        let twice = approved(&once, &person("de-vries"), now).unwrap();
        assert!(twice.admits(DelegationScope::Register, now));
        assert!(!twice.admits(DelegationScope::Query, now));
        assert!(approved(&twice, &person("third"), now).is_err());
    }

    #[test]
    fn it_ends_by_hand_and_by_itself() {
        let now = Instant::from_millis(2_000_000);
        let active =
            ["a", "b"].into_iter().fold(requested(), |one, name| approved(&one, &person(name), now).unwrap());
        let stopped = ended(&active, now).unwrap();
        assert!(!stopped.admits(DelegationScope::Register, now));
        assert!(ended(&stopped, now).is_err() && approved(&stopped, &person("c"), now).is_err());
        assert!(!active.admits(DelegationScope::Register, active.valid_until));
        assert_eq!(active.status(active.valid_until), DelegationStatus::Expired);
    }
}

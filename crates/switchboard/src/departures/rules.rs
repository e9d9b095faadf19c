//! What may become of a departure: pure rules.

use kw_domain::{ActorId, Instant, Oin};
use kw_protocol::departure::{DepartureKind, DepartureStatus};
use kw_protocol::problem::ProblemCode;
use kw_runtime::Refusal;
use kw_store::switchboard::StoredDeparture;

use super::not_found;

/// What stands in the way of a new departure.
pub(super) enum Open {
    None,
    /// The party was taken for gone.
    Vanished(Box<StoredDeparture>),
    Another,
}

pub(super) fn may_ask(open: Option<&StoredDeparture>) -> Open {
    match open {
        None => Open::None,
        Some(open) if open.kind == DepartureKind::Vanished => Open::Vanished(Box::new(open.clone())),
        Some(_) => Open::Another,
    }
}

/// The departure with one more word: of a person of the party who did not approve before, or of one of its successor. With the
/// last one it takes effect.
pub(super) fn approved(
    departure: &StoredDeparture,
    party: Oin,
    by: &ActorId,
    now: Instant,
) -> Result<StoredDeparture, Refusal> {
    if departure.party != party && departure.successor != Some(party) {
        return Err(not_found());
    }
    let conflict = |detail: &str| Refusal::new(ProblemCode::Conflict, detail);
    if departure.status() != DepartureStatus::Requested {
        return Err(conflict("This departure does not wait for an approval."));
    }
    let mut next = departure.clone();
    let word = Some((by.clone(), now));
    if party == departure.party {
        match &departure.first {
            None => next.first = word,
            // Written in another case it is still the same person.
            Some((first, _)) if first.is_same_person(by) => {
                return Err(conflict(
                    "You approved this departure before. The second approval is another person's.",
                ));
            }
            Some(_) if departure.second.is_some() => {
                return Err(conflict("Two people approved already. The successor's consent is missing."));
            }
            Some(_) => next.second = word,
        }
    } else {
        if departure.consent.is_some() {
            return Err(conflict("Your organisation has consented already."));
        }
        next.consent = word;
    }
    let consented = next.successor.is_none() || next.consent.is_some();
    if next.second.is_some() && consented {
        next.effective_at = Some(now);
        // With nobody to wait for, everything goes at once.
        next.closing_at = next.successor.is_none().then_some(now);
    }
    Ok(next)
}

/// The departure, with what the successor did not take over to be withdrawn.
pub(super) fn finishing(
    departure: &StoredDeparture,
    party: Oin,
    now: Instant,
) -> Result<StoredDeparture, Refusal> {
    if departure.party != party {
        let detail = "The partner that leaves finishes its departure; its successor has nothing more to do.";
        return Err(if departure.successor == Some(party) {
            Refusal::new(ProblemCode::Conflict, detail)
        } else {
            not_found()
        });
    }
    if departure.status() != DepartureStatus::Running || departure.closing_at.is_some() {
        let detail = "Only a departure whose pointers are being handed over can be finished.";
        return Err(Refusal::new(ProblemCode::Conflict, detail));
    }
    Ok(StoredDeparture { closing_at: Some(now), ..departure.clone() })
}

/// The departure, called off, or over because the partner is back. What went meanwhile stays gone until it is registered again.
pub(super) fn ended(
    departure: &StoredDeparture,
    party: Oin,
    now: Instant,
) -> Result<StoredDeparture, Refusal> {
    let successor_declines =
        departure.successor == Some(party) && departure.status() == DepartureStatus::Requested;
    if departure.party != party && !successor_declines {
        return Err(not_found());
    }
    if departure.status() == DepartureStatus::Ended {
        return Err(Refusal::new(ProblemCode::Conflict, "This departure has ended already."));
    }
    Ok(StoredDeparture { ended_at: Some(now), ..departure.clone() })
}

#[cfg(test)]
mod tests {
    use kw_domain::DepartureId;

    use super::*;

    const NOW: Instant = Instant::from_millis(2_000_000);

    fn oin(number: u8) -> Oin {
        Oin::parse(&format!("000000990000000{number:02}000")).unwrap()
    }

    fn asked(successor: Option<Oin>) -> StoredDeparture {
        StoredDeparture {
            id: DepartureId::new(NOW, [1; 10]),
            party: oin(11),
            successor,
            kind: if successor.is_some() { DepartureKind::Transfer } else { DepartureKind::Withdrawal },
            requested_at: NOW,
            requested_by: None,
            first: None,
            second: None,
            consent: None,
            effective_at: None,
            closing_at: None,
            finished_at: None,
            ended_at: None,
        }
    }

    fn person(name: &str) -> ActorId {
        ActorId::parse(name).unwrap()
    }

    #[test]
    fn leaving_takes_two_people_of_the_partner() {
        let once = approved(&asked(None), oin(11), &person("a"), NOW).unwrap();
        assert_eq!(once.status(), DepartureStatus::Requested);
        assert!(approved(&once, oin(11), &person("A"), NOW).is_err(), "the same person");
        assert!(approved(&once, oin(12), &person("b"), NOW).is_err(), "another party");
        let twice = approved(&once, oin(11), &person("b"), NOW).unwrap();
        assert_eq!((twice.status(), twice.closing_at), (DepartureStatus::Running, Some(NOW)));
        assert!(twice.has_left());
    }

    #[test]
    fn a_transfer_takes_the_successor_too_and_what_is_left_goes_only_when_somebody_says_so() {
        let start = asked(Some(oin(12)));
        let consented = approved(&start, oin(12), &person("c"), NOW).unwrap();
        assert!(approved(&consented, oin(12), &person("d"), NOW).is_err());
        let both = ["a", "b"]
            .into_iter()
            .fold(start, |one, name| approved(&one, oin(11), &person(name), NOW).unwrap());
        assert_eq!(both.status(), DepartureStatus::Requested);
        assert!(approved(&both, oin(11), &person("e"), NOW).is_err());
        let running = approved(&both, oin(12), &person("c"), NOW).unwrap();
        assert_eq!((running.status(), running.closing_at), (DepartureStatus::Running, None));
        assert!(finishing(&running, oin(12), NOW).is_err(), "the partner that leaves says so");
        assert_eq!(finishing(&running, oin(11), NOW).unwrap().closing_at, Some(NOW));
    }

    #[test]
    fn the_partner_calls_it_off_or_comes_back_and_a_successor_can_only_decline() {
        let start = asked(Some(oin(12)));
        assert!(ended(&start, oin(13), NOW).is_err());
        assert_eq!(ended(&start, oin(12), NOW).unwrap().status(), DepartureStatus::Ended);
        let running = StoredDeparture { effective_at: Some(NOW), ..start };
        assert!(ended(&running, oin(12), NOW).is_err());
        let back = ended(&running, oin(11), NOW).unwrap();
        assert!(!back.has_left());
        assert!(ended(&back, oin(11), NOW).is_err());
    }
}

use kw_domain::{ActorId, Oin, Role};
use kw_store::Meant;

use super::*;

const AUDITOR: &str = "00000099000000003000";
const OTHER_AUDITOR: &str = "00000099000000004000";
const PARTNER: &str = "00000099000000011000";

fn agreement() -> Agreement {
    Agreement::parse(include_str!("../../../../../examples/chains/youth.toml")).unwrap()
}

fn at(hours: u64) -> Instant {
    Instant::from_millis(1_795_000_000_000).plus(Duration::from_hours(hours))
}

fn consent(hours: u64, party: &str, person: &str, certificate: u8) -> Consent {
    let (party, person) = (Oin::parse(party).unwrap(), ActorId::parse(person).unwrap());
    Consent { at: at(hours), party, person, certificate: [certificate; 32], proven: false }
}

fn requested() -> Resolution {
    Resolution {
        id: [1; 16],
        whom: Meant::Asked([1; 16]),
        reason: "a complaint".to_owned(),
        request: consent(0, AUDITOR, "a.first", 1),
        approval: None,
        expires_at: at(0).plus(OPEN_FOR),
    }
}

fn approved() -> Resolution {
    Resolution {
        approval: Some(consent(1, AUDITOR, "b.second", 2)),
        expires_at: at(1).plus(USABLE_FOR),
        ..requested()
    }
}

fn reader(party: &str, person: &str) -> Reader {
    let Consent { party, person, .. } = consent(0, party, person, 0);
    // Each has a certificate, by the first letter of their name.
    let certificate = if person.as_str().starts_with('a') { 1 } else { 2 };
    Reader { party, person, role: Role::auditor(), certificate_sha256: [certificate; 32], proven: false }
}

fn approve(resolution: &Resolution, second: Consent) -> Result<(), MayNot> {
    may_approve(&agreement(), resolution, &second)
}

fn using(resolution: &Resolution, hours: u64, party: &str, person: &str) -> Result<(), MayNot> {
    may_use(&agreement(), resolution, &reader(party, person), at(hours))
}

#[test]
fn another_person_with_another_certificate_may_agree_of_the_same_organisation_or_another() {
    assert_eq!(approve(&requested(), consent(1, AUDITOR, "b.second", 2)), Ok(()));
    assert_eq!(approve(&requested(), consent(1, OTHER_AUDITOR, "b.second", 2)), Ok(()));
}

#[test]
fn one_person_is_not_two_whatever_the_certificate_the_organisation_or_the_spelling() {
    for person in ["a.first", "A.First", "a.FIRST", "a. first"] {
        for party in [AUDITOR, OTHER_AUDITOR] {
            assert_eq!(
                approve(&requested(), consent(1, party, person, 2)),
                Err(MayNot::SamePerson),
                "{person}"
            );
        }
    }
}

#[test]
fn one_certificate_is_not_two_whoever_they_say_they_are() {
    assert_eq!(approve(&requested(), consent(1, AUDITOR, "b.second", 1)), Err(MayNot::SameCertificate));
}

#[test]
fn one_certificate_is_two_when_the_provider_proves_both() {
    let proven = |consent: Consent| Consent { proven: true, ..consent };
    let first = Resolution { request: proven(consent(0, AUDITOR, "a.first", 1)), ..requested() };
    let second = consent(1, AUDITOR, "b.second", 1);
    assert_eq!(approve(&first, proven(second.clone())), Ok(()));
    assert_eq!(approve(&first, second.clone()), Err(MayNot::NotProven));
    assert_eq!(approve(&requested(), proven(second)), Err(MayNot::NotProven));
    // Anna with a certificate of her own is not somebody else than who the provider says is Anna under another name.
    for first in [first.clone(), requested()] {
        let other = consent(1, AUDITOR, "b.second", 2);
        let other = if first.request.proven { other } else { proven(other) };
        assert_eq!(approve(&first, other), Err(MayNot::NotProven));
    }
    assert_eq!(approve(&first, proven(consent(1, AUDITOR, "A.First", 1))), Err(MayNot::SamePerson));
}

#[test]
fn who_was_proven_shows_it_again_and_who_had_a_certificate_has_it_still() {
    let both = |proven| Resolution {
        request: Consent { proven, ..requested().request },
        approval: Some(Consent { proven, ..consent(1, AUDITOR, "b.second", 2) }),
        ..approved()
    };
    let by = |proven, certificate| {
        let reader = Reader { proven, certificate_sha256: [certificate; 32], ..reader(AUDITOR, "a.first") };
        move |resolution: &Resolution| may_use(&agreement(), resolution, &reader, at(2))
    };
    assert_eq!(by(true, 7)(&both(true)), Ok(()));
    assert_eq!(by(false, 1)(&both(true)), Err(MayNot::NotProven));
    assert_eq!(by(false, 1)(&both(false)), Ok(()));
    assert_eq!(by(true, 7)(&both(false)), Err(MayNot::NotOneOfBoth));
}

#[test]
fn a_request_is_agreed_to_once_and_in_time() {
    let third = consent(2, AUDITOR, "c.third", 3);
    assert_eq!(approve(&approved(), third), Err(MayNot::AlreadyApproved));
    let last = requested().expires_at.minus(Duration::from_millis(1));
    let second = consent(0, AUDITOR, "b.second", 2);
    assert_eq!(approve(&requested(), Consent { at: last, ..second.clone() }), Ok(()));
    assert_eq!(approve(&requested(), Consent { at: requested().expires_at, ..second }), Err(MayNot::Expired));
}

#[test]
fn the_two_may_use_it_and_nobody_else() {
    for person in ["a.first", "b.second"] {
        assert_eq!(using(&approved(), 2, AUDITOR, person), Ok(()));
        assert_eq!(using(&approved(), 2, OTHER_AUDITOR, person), Err(MayNot::NotOneOfBoth));
    }
    assert_eq!(using(&approved(), 2, AUDITOR, "c.third"), Err(MayNot::NotOneOfBoth));
}

#[test]
fn nobody_uses_it_before_two_agreed_or_a_day_after() {
    assert_eq!(using(&requested(), 1, AUDITOR, "a.first"), Err(MayNot::NotApproved));
    assert_eq!(using(&approved(), 24, AUDITOR, "a.first"), Ok(()));
    assert_eq!(using(&approved(), 25, AUDITOR, "a.first"), Err(MayNot::Expired));
    assert_eq!(using(&requested(), 7 * 24, AUDITOR, "a.first"), Err(MayNot::Expired));
}

#[test]
fn who_is_no_auditor_any_more_takes_the_resolution_along() {
    let former = Resolution { request: consent(0, PARTNER, "a.first", 1), ..requested() };
    assert_eq!(approve(&former, consent(1, AUDITOR, "b.second", 2)), Err(MayNot::NoLongerAuditor));
    let former = Resolution { approval: Some(consent(1, PARTNER, "b.second", 2)), ..approved() };
    assert_eq!(using(&former, 2, AUDITOR, "a.first"), Err(MayNot::NoLongerAuditor));
}

#[test]
fn every_refusal_has_words_of_its_own_for_the_record() {
    let all = [
        MayNot::AlreadyApproved,
        MayNot::Expired,
        MayNot::NoLongerAuditor,
        MayNot::NotApproved,
        MayNot::NotOneOfBoth,
        MayNot::SameCertificate,
        MayNot::SamePerson,
        MayNot::SubjectUnknown,
        MayNot::Unknown,
    ];
    let reasons: std::collections::BTreeSet<_> = all.iter().map(|may_not| may_not.reason()).collect();
    assert_eq!(reasons.len(), all.len());
}

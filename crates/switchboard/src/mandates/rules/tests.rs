use kw_agreement::Agreement;
use kw_domain::{Category, Epoch, Instant, MandateId, Oin, SubjectId};
use kw_protocol::SecretBytes32;
use kw_protocol::pointer::SubjectElement;

use super::*;
use crate::mandates::lookup::{Claim, judge};

const REGISTRAR: &str = "00000099000000013000";
const RULES: &str = r#"
[representation.kinds.parental-authority]
registrars = ["00000099000000013000"]
categories = ["youth-care-plan"]
acts = ["view"]
max_term = "P12Y"

[[representation.kinds.parental-authority.ages]]
name = "under-12"
from = 0
below = 12

[[representation.kinds.parental-authority.ages]]
name = "from-12"
from = 12
below = 16
confirmed_by = ["representative", "represented"]
"#;

fn agreement() -> Agreement {
    let youth = include_str!("../../../../../examples/chains/youth.toml");
    // Youth's own rules, if it has any, would stand in the way.
    let youth = youth.split("\n[representation").next().unwrap_or_default();
    Agreement::parse(&format!("{youth}\n{RULES}")).unwrap()
}

fn now() -> Instant {
    Instant::parse("2026-11-22T10:00:00Z").unwrap()
}

fn later(days: u64) -> Instant {
    now().plus(std::time::Duration::from_hours(24 * days))
}

fn registrar() -> Oin {
    Oin::parse(REGISTRAR).unwrap()
}

fn category() -> Category {
    Category::parse("youth-care-plan").unwrap()
}

fn asked(band: &str) -> RegisterMandate {
    let element = |byte| SubjectElement { element: SecretBytes32([byte; 32]), epoch: Epoch(1) };
    RegisterMandate {
        representative: element(1),
        represented: element(2),
        kind: MandateKind::ParentalAuthority,
        age_band: band.to_owned(),
        categories: vec![category()],
        acts: vec![MandateAct::View],
        valid_until: later(100),
    }
}

fn subject(number: u8) -> SubjectId {
    SubjectId::new(now(), [number; 10])
}

fn mandate(band: &str, status: MandateStatus) -> StoredMandate {
    StoredMandate {
        id: MandateId::new(now(), [9; 10]),
        representative: subject(1),
        represented: subject(2),
        kind: MandateKind::ParentalAuthority,
        age_band: band.to_owned(),
        categories: BTreeSet::from([category()]),
        acts: BTreeSet::from([MandateAct::View]),
        registrar: registrar(),
        status,
        confirmed: BTreeSet::new(),
        registered_at: now(),
        valid_until: later(100),
        changed_at: now(),
        due_at: later(100),
    }
}

const ENDED: [MandateStatus; 3] = [MandateStatus::Expired, MandateStatus::Refused, MandateStatus::Withdrawn];

#[test]
fn under_twelve_the_registrars_word_is_enough_and_from_twelve_both_must_agree() {
    let agreement = agreement();
    let begins = |band| registrable(&agreement, registrar(), &asked(band), now());
    assert_eq!(begins("under-12"), Ok(MandateStatus::Active));
    assert_eq!(begins("from-12"), Ok(MandateStatus::Requested));
}

#[test]
fn from_sixteen_there_is_no_such_mandate() {
    let agreement = agreement();
    let Err(Unregistrable::Fields(wrong)) = registrable(&agreement, registrar(), &asked("from-16"), now())
    else {
        panic!("registered")
    };
    assert_eq!(wrong, [("/ageBand".to_owned(), "expected one of: under-12, from-12".to_owned())]);
    let rules = rules(&agreement, MandateKind::ParentalAuthority).unwrap();
    let bands: Vec<_> = [0, 11, 12, 15, 16].map(|age| rules.band_at(age).map(|band| &*band.name)).to_vec();
    assert_eq!(bands, [Some("under-12"), Some("under-12"), Some("from-12"), Some("from-12"), None]);
}

#[test]
fn only_a_registrar_of_that_kind_registers_it() {
    let agreement = agreement();
    let other = Oin::parse("00000099000000012000").unwrap();
    assert_eq!(registrable(&agreement, other, &asked("under-12"), now()), Err(Unregistrable::NotRegistrar));
    let voluntary = RegisterMandate { kind: MandateKind::Voluntary, ..asked("under-12") };
    assert_eq!(registrable(&agreement, registrar(), &voluntary, now()), Err(Unregistrable::NotRegistrar));
}

#[test]
fn everything_that_goes_beyond_the_kind_is_named_at_once() {
    let wide = RegisterMandate {
        categories: vec![category(), Category::parse("school-attendance").unwrap()],
        acts: vec![MandateAct::View, MandateAct::Object],
        valid_until: later(366 * 13),
        ..asked("adult")
    };
    let Err(Unregistrable::Fields(wrong)) = registrable(&agreement(), registrar(), &wide, now()) else {
        panic!("registered")
    };
    let pointers: Vec<&str> = wrong.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(pointers, ["/ageBand", "/categories/1", "/acts/1", "/validUntil"]);
    let none = RegisterMandate { categories: vec![], acts: vec![], valid_until: now(), ..asked("under-12") };
    let Err(Unregistrable::Fields(wrong)) = registrable(&agreement(), registrar(), &none, now()) else {
        panic!("registered")
    };
    assert_eq!(wrong.len(), 3);
}

#[test]
fn a_mandate_counts_with_the_last_confirmation_that_its_band_demands() {
    let agreement = agreement();
    let rules = rules(&agreement, MandateKind::ParentalAuthority);
    for order in [[Side::Representative, Side::Represented], [Side::Represented, Side::Representative]] {
        let first = confirm(&mandate("from-12", MandateStatus::Requested), rules, order[0], now()).unwrap();
        assert_eq!(first.status, MandateStatus::Requested);
        let again = confirm(&first, rules, order[0], now()).unwrap();
        assert_eq!(again, first, "the same side twice is one side");
        let second = confirm(&first, rules, order[1], later(1)).unwrap();
        assert_eq!((second.status, second.changed_at), (MandateStatus::Active, later(1)));
    }
}

#[test]
fn what_has_ended_cannot_be_confirmed() {
    let agreement = agreement();
    let rules = rules(&agreement, MandateKind::ParentalAuthority);
    for status in ENDED {
        let ended = mandate("from-12", status);
        assert_eq!(confirm(&ended, rules, Side::Represented, now()), Err(NotConfirmable));
    }
    let waiting = mandate("from-12", MandateStatus::Requested);
    assert_eq!(confirm(&waiting, rules, Side::Represented, waiting.valid_until), Err(NotConfirmable));
    assert_eq!(confirm(&waiting, None, Side::Represented, now()), Err(NotConfirmable));
}

#[test]
fn either_side_and_the_registrar_end_it_at_any_moment() {
    let term = Term::days(30);
    for by in [By::Registrar, By::Side(Side::Representative), By::Side(Side::Represented)] {
        let left = withdraw(&mandate("under-12", MandateStatus::Active), by, now(), term);
        assert_eq!((left.status, left.changed_at, left.due_at), (MandateStatus::Withdrawn, now(), later(30)));
        for status in ENDED {
            let ended = mandate("under-12", status);
            assert_eq!(withdraw(&ended, by, later(1), term), ended, "what has ended stays as it is");
        }
    }
}

#[test]
fn a_side_that_is_asked_for_its_word_and_says_no_refuses() {
    let (waiting, term) = (mandate("from-12", MandateStatus::Requested), Term::days(30));
    let by = |mandate, by| withdraw(mandate, by, now(), term).status;
    assert_eq!(by(&waiting, By::Side(Side::Represented)), MandateStatus::Refused);
    assert_eq!(by(&waiting, By::Registrar), MandateStatus::Withdrawn);
    let mut half = waiting.clone();
    half.confirmed.insert(Side::Representative);
    assert_eq!(by(&half, By::Side(Side::Representative)), MandateStatus::Withdrawn);
    assert_eq!(by(&half, By::Side(Side::Represented)), MandateStatus::Refused);
}

#[test]
fn a_term_that_is_over_ends_it_and_then_nothing_is_left() {
    let term = Term::days(30);
    for status in [MandateStatus::Active, MandateStatus::Requested] {
        let expired = due(&mandate("under-12", status), later(100), term).unwrap();
        assert_eq!((expired.status, expired.due_at), (MandateStatus::Expired, later(130)));
        assert_eq!(due(&expired, later(130), term), None);
    }
}

#[test]
fn only_an_active_mandate_within_its_term_and_the_agreement_lets_somebody_act() {
    let agreement = agreement();
    let active = mandate("under-12", MandateStatus::Active);
    assert!(scope(&agreement, &active, now()).is_some());
    assert!(scope(&agreement, &active, active.valid_until).is_none(), "the term is over");
    assert!(scope(&agreement, &mandate("under-12", MandateStatus::Requested), now()).is_none());
    for status in ENDED {
        assert!(scope(&agreement, &mandate("under-12", status), now()).is_none());
    }
    assert!(scope(&agreement, &mandate("gone", MandateStatus::Active), now()).is_none());
    let others = StoredMandate { registrar: Oin::parse("00000099000000012000").unwrap(), ..active.clone() };
    assert!(scope(&agreement, &others, now()).is_none(), "its registrar is none any more");
    let wide = StoredMandate {
        categories: BTreeSet::from([category(), Category::parse("school-attendance").unwrap()]),
        ..active
    };
    assert_eq!(scope(&agreement, &wide, now()).unwrap().categories, BTreeSet::from([category()]));
}

#[test]
fn a_claim_stands_only_for_its_own_people_act_and_categories() {
    let agreement = agreement();
    let claim = || Claim {
        mandate: None,
        representative: Some(Some(subject(1))),
        represented: Some(subject(2)),
        act: MandateAct::View,
        categories: BTreeSet::from([category()]),
    };
    let judged = |claim: Claim, mandate: StoredMandate| {
        judge(&agreement, &claim, vec![mandate], now()).map(|_| ()).err().unwrap_or("stands")
    };
    let active = || mandate("under-12", MandateStatus::Active);
    assert_eq!(judged(claim(), active()), "stands");
    assert_eq!(judged(Claim { representative: None, ..claim() }, active()), "stands");
    assert_eq!(judge(&agreement, &claim(), vec![], now()).err(), Some("mandate-unknown"));
    for wrong in [
        Claim { represented: Some(subject(3)), ..claim() },
        Claim { represented: None, ..claim() },
        Claim { representative: Some(Some(subject(3))), ..claim() },
        Claim { representative: Some(None), ..claim() },
    ] {
        assert_eq!(judged(wrong, active()), "mandate-of-others");
    }
    assert_eq!(judged(claim(), mandate("under-12", MandateStatus::Withdrawn)), "mandate-not-active");
    assert_eq!(judged(Claim { act: MandateAct::Object, ..claim() }, active()), "outside-mandate");
    let other = BTreeSet::from([Category::parse("school-attendance").unwrap()]);
    assert_eq!(judged(Claim { categories: other, ..claim() }, active()), "outside-mandate");
}

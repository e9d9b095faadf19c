use kw_agreement::draft::AgreementDraft;
use kw_domain::RelationId;

use super::*;

const YOUTH: &str = include_str!("../../../../../examples/chains/youth.toml");
const CARE: &str = "00000099000000011000";
const SCHOOL: &str = "00000099000000012000";
const TOWN: &str = "00000099000000013000";

fn agreed(change: impl FnOnce(&mut AgreementDraft)) -> Agreement {
    let mut draft = AgreementDraft::parse(YOUTH).unwrap();
    change(&mut draft);
    Agreement::parse(&draft.to_toml().unwrap()).unwrap()
}

fn now() -> Instant {
    Instant::parse("2026-11-21T10:00:00Z").unwrap()
}

fn subject(number: u8) -> SubjectId {
    SubjectId::new(now(), [number; 10])
}

fn oin(text: &str) -> Oin {
    Oin::parse(text).unwrap()
}

fn pointer(number: u8, holder: &str, category: &str) -> LivePointer {
    LivePointer {
        subject: subject(number),
        holder: oin(holder),
        category: Category::parse(category).unwrap(),
        id: kw_domain::PointerId::new(now(), [number; 10]),
    }
}

fn person(agreement: &Agreement, live: &[LivePointer]) -> Option<Wanted> {
    let about = wanted(agreement, &BTreeSet::from([subject(1)]), &[], live);
    about[&About::Person(subject(1))].clone()
}

fn relation() -> StoredRelation {
    StoredRelation {
        id: RelationId::new(now(), [9; 10]),
        one: subject(1),
        other: subject(2),
        kind: "parent-child".to_owned(),
        registrar: oin(TOWN),
        declared_at: now(),
    }
}

fn family(agreement: &Agreement, live: &[LivePointer]) -> Option<Wanted> {
    let subjects = BTreeSet::from([subject(1), subject(2)]);
    wanted(agreement, &subjects, &[relation()], live)[&About::family(subject(1), subject(2))].clone()
}

#[test]
fn two_holders_in_categories_that_a_law_lets_match_make_a_match_and_one_does_not() {
    let agreement = agreed(|_| ());
    let care = pointer(1, CARE, "youth-care-plan");
    let school = pointer(1, SCHOOL, "school-attendance");
    assert_eq!(person(&agreement, &[care.clone(), care.clone()]), None, "one holder, twice");
    assert_eq!(person(&agreement, &[care.clone(), pointer(2, SCHOOL, "school-attendance")]), None);
    let both = person(&agreement, &[care.clone(), school.clone()]).unwrap();
    assert_eq!(both.holders, BTreeSet::from([oin(CARE), oin(SCHOOL)]));
    let without = agreed(|draft| draft.categories.get_mut("school-attendance").unwrap().matching = None);
    assert_eq!(person(&without, &[care.clone(), school.clone()]), None);
    let chosen = agreed(|draft| {
        draft.categories.get_mut("school-attendance").unwrap().consent = Some("opt-out".to_owned());
    });
    assert_eq!(
        person(&chosen, &[care.clone(), school.clone()]),
        None,
        "there the person's own choice counts"
    );
    let suspended = agreed(|draft| draft.partner_mut(SCHOOL).unwrap().suspended = true);
    assert_eq!(person(&suspended, &[care, school]), None);
}

#[test]
fn a_family_match_needs_something_about_each_of_the_two_and_the_law_for_it() {
    let agreement = agreed(|_| ());
    let care = pointer(1, CARE, "youth-care-plan");
    let school = pointer(2, SCHOOL, "school-attendance");
    assert_eq!(family(&agreement, &[care.clone(), pointer(1, SCHOOL, "school-attendance")]), None);
    assert_eq!(family(&agreement, &[care.clone(), pointer(2, CARE, "youth-care-plan")]), None);
    assert_eq!(family(&agreement, &[care.clone(), school.clone()]).unwrap().holders.len(), 2);
    let persons_only = agreed(|draft| {
        draft.categories.get_mut("school-attendance").unwrap().matching.as_mut().unwrap().family = false;
    });
    assert_eq!(family(&persons_only, &[care, school]), None);
}

#[test]
fn whoever_comes_after_contact_was_made_begins_the_term_again() {
    let agreement = agreed(|_| ());
    let care = pointer(1, CARE, "youth-care-plan");
    let school = pointer(1, SCHOOL, "school-attendance");
    let town = pointer(1, TOWN, "municipal-support");
    let two = person(&agreement, &[care.clone(), school.clone()]).unwrap();
    let about = About::Person(subject(1));
    let mut one = arisen(&agreement, MatchId::new(now(), [1; 10]), about, &two, now());
    assert_eq!((one.state, one.month), (MatchState::Arisen, 202_611));
    one.holders.iter_mut().for_each(|holder| holder.notified_at = Some(now()));
    assert_eq!(state_of(&one), MatchState::Notified);
    one.contacted_at = Some(now());
    assert_eq!(state_of(&one), MatchState::InContact);

    let three = person(&agreement, &[care.clone(), school, town.clone()]).unwrap();
    let Step::Changes { wanted, joined, left } = step(Some(three), Some(&one)) else { panic!("it changes") };
    assert_eq!((joined, left), (BTreeSet::from([oin(TOWN)]), BTreeSet::new()));
    let later = now().plus(std::time::Duration::from_hours(24 * 10));
    let joined = changed(&agreement, &one, &wanted, later);
    assert_eq!((joined.state, joined.contacted_at), (MatchState::Arisen, None));
    assert!(joined.contact_by > one.contact_by);

    // Who leaves does not begin it again.
    let fewer = person(&agreement, &[care, town]).unwrap();
    let left = changed(&agreement, &joined, &fewer, later);
    assert_eq!(left.present().count(), 2);
    assert_eq!(left.contact_by, joined.contact_by);
    let over = ended(&left, later);
    assert_eq!((over.state, state_of(&revived(&over))), (MatchState::Lapsed, MatchState::Arisen));
}

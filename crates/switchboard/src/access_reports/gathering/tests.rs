use kw_agreement::draft::AgreementDraft;
use kw_domain::Instant;

use super::*;

const YOUTH: &str = include_str!("../../../../../examples/chains/youth.toml");
const YOUTH_CARE: &str = "00000099000000011000";

fn agreement(withheld: &str) -> Agreement {
    let mut draft = AgreementDraft::parse(YOUTH).unwrap();
    for (name, category) in &mut draft.categories {
        category.withheld_from_subject = name == withheld;
    }
    Agreement::parse(&draft.to_toml().unwrap()).unwrap()
}

fn categories(names: &[&str]) -> Vec<Category> {
    names.iter().map(|name| Category::parse(name).unwrap()).collect()
}

/// What is left of the categories of a batch, for somebody about whom the holder has pointers of these categories.
fn left(agreement: &Agreement, event: Event, of_batch: &[&str], own: &[&str]) -> Option<Vec<Category>> {
    let (holder, chain) = (Oin::parse(YOUTH_CARE).unwrap(), agreement.chain().clone());
    let now = Instant::from_millis(1_795_000_000_000);
    let mut record = AccessRecord::new(event, now, chain, holder, holder, agreement.hash());
    record.categories = categories(of_batch);
    let held = BTreeMap::from([(holder, categories(own).into_iter().collect())]);
    of_this_subject(record, &held, agreement).map(|record| record.categories)
}

#[test]
fn of_a_batch_only_the_persons_own_categories_are_left() {
    let agreement = agreement("none");
    let both = ["school-attendance", "youth-care-plan"];
    let registered = Event::PointersRegistered;
    assert_eq!(left(&agreement, registered, &both, &both[..1]), Some(categories(&both[..1])));
    assert_eq!(left(&agreement, registered, &both, &[]), Some(vec![]), "nobody knows any more which");
    assert_eq!(left(&agreement, registered, &both[..1], &[]), Some(categories(&both[..1])));
    assert_eq!(left(&agreement, Event::PointersWithdrawn, &[], &both[..1]), Some(categories(&both[..1])));
}

#[test]
fn a_batch_that_may_be_about_a_withheld_category_is_not_told() {
    let agreement = agreement("youth-care-plan");
    let both = ["school-attendance", "youth-care-plan"];
    let registered = Event::PointersRegistered;
    assert_eq!(left(&agreement, registered, &both, &[]), None);
    assert_eq!(left(&agreement, registered, &both, &both[..1]), Some(categories(&both[..1])));
    assert_eq!(
        left(&agreement, Event::PointersWithdrawn, &[], &[]),
        None,
        "this holder registers such data, and the record does not say what it withdrew"
    );
}

#[test]
fn what_is_no_batch_stays_as_it_is() {
    let agreement = agreement("none");
    let both = ["school-attendance", "youth-care-plan"];
    assert_eq!(left(&agreement, Event::QueryAnswered, &both, &[]), Some(categories(&both)));
}

use kw_domain::{ChainName, GrantId};
use proptest::prelude::*;

use super::*;
use crate::{GrantedAccess, GrantedAct, RecordedActor, RecordedRelation, canonical};

fn oin(number: u8) -> Oin {
    Oin::parse(&format!("000000990000000{number:02}000")).unwrap()
}

fn transaction(number: u8) -> TransactionId {
    TransactionId::new(Instant::from_millis(1_795_000_000_000), [number; 10])
}

fn record() -> AccessRecord {
    let now = Instant::from_millis(1_795_000_000_000);
    let category = Category::parse("youth-care").unwrap();
    AccessRecord {
        actor: Some(RecordedActor {
            assurance: "asserted".into(),
            id: ActorId::parse("j.jansen").unwrap(),
            role: Role::parse("youth-doctor").unwrap(),
        }),
        case: Some(CaseReference::parse("Z-1").unwrap()),
        categories: vec![Category::parse("school").unwrap()],
        grants: vec![GrantedAccess {
            act: GrantedAct::Pull,
            category,
            grant: GrantId::new(now, [1; 10]),
            holder: oin(4),
            outcome: None,
            transaction: transaction(2),
        }],
        holders: vec![oin(3)],
        legal_basis: Some("Jeugdwet art. 7.1.4.1".into()),
        on_behalf_of: Some(oin(5)),
        purpose: Some(Purpose::parse("coordinate-help").unwrap()),
        relation: Some(RecordedRelation { basis: "motivated".into(), reason: Some("why".into()) }),
        trace: Some("4bf92f3577b34da6a3ce929d0e0e4736".into()),
        transaction: Some(transaction(1)),
        ..AccessRecord::new(
            Event::QueryAnswered,
            now,
            ChainName::parse("youth").unwrap(),
            oin(1),
            oin(2),
            "ab".repeat(32),
        )
    }
}

/// Every field with what the record says, and the same field with something else.
fn fields() -> Vec<(AccessFilter, AccessFilter)> {
    let at = record().at;
    let all = AccessFilter::default;
    let with = |text: &str| serde_json::from_str::<AccessFilter>(text).unwrap();
    let pair = |field: &str, right: &str, wrong: &str| {
        (with(&format!("{{\"{field}\":\"{right}\"}}")), with(&format!("{{\"{field}\":\"{wrong}\"}}")))
    };
    vec![
        pair("actor", "j.jansen", "J.Jansen"),
        pair("basis", "motivated", "emergency"),
        pair("case", "Z-1", "Z-10"),
        pair("category", "school", "addiction-care"),
        pair("category", "youth-care", "addiction-care"),
        pair("event", "query-answered", "query-asked"),
        (
            AccessFilter { from: Some(at), ..all() },
            AccessFilter { from: Some(Instant::from_millis(at.as_millis() + 1)), ..all() },
        ),
        pair("holder", oin(3).as_str(), oin(2).as_str()),
        pair("holder", oin(4).as_str(), oin(1).as_str()),
        pair("legalBasis", "Jeugdwet art. 7.1.4.1", "Jeugdwet"),
        pair("party", oin(2).as_str(), oin(3).as_str()),
        pair("party", oin(5).as_str(), oin(1).as_str()),
        pair("purpose", "coordinate-help", "curiosity"),
        pair("result", "success", "refused"),
        pair("role", "youth-doctor", "teacher"),
        pair("service", oin(1).as_str(), oin(2).as_str()),
        pair("trace", "4bf92f3577b34da6a3ce929d0e0e4736", "4bf92f3577b34da6a3ce929d0e0e4737"),
        pair("transaction", &transaction(1).to_string(), &transaction(3).to_string()),
        pair("transaction", &transaction(2).to_string(), &transaction(3).to_string()),
        (
            AccessFilter { until: Some(Instant::from_millis(at.as_millis() + 1)), ..all() },
            AccessFilter { until: Some(at), ..all() },
        ),
        pair("verdict", "allowed", "denied"),
    ]
}

#[test]
fn a_filter_without_fields_means_every_record() {
    assert!(AccessFilter::default().matches(&record()));
    assert_eq!(canonical(&AccessFilter::default()).unwrap().as_str(), "{}");
}

#[test]
fn each_field_admits_what_the_record_says_and_nothing_else() {
    for (right, wrong) in fields() {
        assert!(right.matches(&record()), "{right:?}");
        assert!(!wrong.matches(&record()), "{wrong:?}");
    }
}

#[test]
fn every_field_has_a_case_here() {
    let tested: std::collections::BTreeSet<String> = fields()
        .iter()
        .flat_map(|(right, _)| serde_json::to_value(right).unwrap().as_object().unwrap().clone())
        .map(|(name, _)| name)
        .collect();
    let mut all = serde_json::Map::new();
    for (right, _) in fields() {
        all.extend(serde_json::to_value(&right).unwrap().as_object().unwrap().clone());
    }
    assert!(serde_json::from_value::<AccessFilter>(all.into()).is_ok());
    // One for each field of the struct: `Debug` names them all, whether they are there or not.
    let shown = format!("{:?}", AccessFilter::default());
    assert_eq!(tested.len(), shown.matches(": None").count(), "{shown}");
}

#[test]
fn a_record_that_lacks_a_field_does_not_fit_a_filter_that_asks_for_it() {
    let bare = AccessRecord {
        categories: Vec::new(),
        ..AccessRecord::new(Event::LeaseRenewed, record().at, record().chain, oin(9), oin(9), "")
    };
    for text in
        [r#"{"actor":"j.jansen"}"#, r#"{"basis":"listed"}"#, r#"{"category":"school"}"#, r#"{"purpose":"a"}"#]
    {
        assert!(!serde_json::from_str::<AccessFilter>(text).unwrap().matches(&bare), "{text}");
    }
}

#[test]
fn what_is_no_filter_is_refused() {
    for text in [
        r#"{"subject":"018f0000-0000-7000-8000-000000000000"}"#,
        r#"{"event":"something-else"}"#,
        r#"{"event":"query-asked","event":"query-answered"}"#,
        r#"{"party":"1"}"#,
        r#"{"from":"yesterday"}"#,
        r#"{"trace":"4BF92F3577B34DA6A3CE929D0E0E4736"}"#,
        r#"{"trace":"00000000000000000000000000000000"}"#,
        r#"{"transaction":"4bf92f35-77b3-4da6-a3ce-929d0e0e4736"}"#,
        r#"{"legalBasis":" "}"#,
        r#"{"basis":"Listed"}"#,
        r#"{"case":"a\nb"}"#,
        "7",
    ] {
        assert!(serde_json::from_str::<AccessFilter>(text).is_err(), "{text}");
    }
}

#[test]
fn a_period_that_ends_before_it_begins_and_a_citizen_service_number_are_mistakes() {
    let filter: AccessFilter = serde_json::from_str(
        r#"{"actor":"999990342","case":"Z 9999.90.342","from":"2026-01-02T00:00:00Z","legalBasis":"x","until":"2026-01-02T00:00:00Z"}"#,
    )
    .unwrap();
    let fields: Vec<_> = filter.mistakes().into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["until", "actor", "case"]);
    assert!(AccessFilter::default().mistakes().is_empty());
}

fn some_filter() -> impl Strategy<Value = AccessFilter> {
    let count = fields().len();
    prop::collection::vec((0..count, any::<bool>()), 0..8).prop_map(|picks| {
        let mut all = serde_json::Map::new();
        for (index, right) in picks {
            let (yes, no) = fields().swap_remove(index);
            let value = serde_json::to_value(if right { yes } else { no }).unwrap();
            all.extend(value.as_object().unwrap().clone());
        }
        serde_json::from_value(all.into()).unwrap()
    })
}

proptest! {
    #[test]
    fn a_filter_has_one_form_and_reads_back(filter in some_filter(), before in proptest::option::of(0u64..1 << 53)) {
        let text = canonical(&filter).unwrap();
        prop_assert_eq!(serde_json_canonicalizer::to_string(&filter).unwrap(), text.as_str());
        prop_assert_eq!(&serde_json::from_str::<AccessFilter>(text.as_str()).unwrap(), &filter);
        let resolution = Some(ResolutionId::new(record().at, [1; 10]));
        let search = Search { before, filter, resolution };
        let text = canonical(&search).unwrap();
        prop_assert_eq!(serde_json_canonicalizer::to_string(&search).unwrap(), text.as_str());
        prop_assert_eq!(serde_json::from_str::<Search>(text.as_str()).unwrap(), search);
    }

    #[test]
    fn a_filter_means_what_each_of_its_fields_means(filter in some_filter()) {
        let value = serde_json::to_value(&filter).unwrap();
        let each = value.as_object().unwrap().iter().all(|(name, value)| {
            let alone = serde_json::json!({ name.as_str(): value });
            serde_json::from_value::<AccessFilter>(alone).unwrap().matches(&record())
        });
        prop_assert_eq!(filter.matches(&record()), each);
    }

    #[test]
    fn no_text_makes_parsing_panic_and_what_parses_is_what_is_recorded(text in "\\{(\"[a-zA-Z]{1,12}\":(\"[^\"]{0,40}\"|[0-9]{1,3}|null|\\{\\}),?){0,4}\\}|.{0,60}") {
        if let Ok(filter) = serde_json::from_str::<AccessFilter>(&text) {
            let written = canonical(&filter).unwrap();
            prop_assert_eq!(serde_json::from_str::<AccessFilter>(written.as_str()).unwrap(), filter);
        }
    }
}

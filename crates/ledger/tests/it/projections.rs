//! What the exports look like, and the rules of each form.

use kw_domain::Instant;
use kw_ledger::projection::{adl, fsc, ldv, nen7513};
use kw_ledger::{AccessRecord, Event, Logged, Outcome};
use serde_json::{Value, json};

use crate::sample::{full, holder, requester, sparse, switchboard};

/// A question as it is answered, refused, pulled, assembled; and what concerns no person.
fn representative() -> Vec<AccessRecord> {
    let empty = Vec::new;
    let answered = AccessRecord {
        count: None,
        erased: None,
        keys: Vec::new(),
        on_behalf_of: None,
        predecessor: None,
        representation: None,
        search: None,
        subjects: None,
        ..full(Event::QueryAnswered)
    };
    let granted =
        answered.grants.iter().cloned().map(|grant| kw_ledger::GrantedAccess { outcome: None, ..grant });
    let answered = AccessRecord { grants: granted.collect(), ..answered };
    let pulled = AccessRecord {
        action: Event::PullAnswered.action(),
        count: Some(1),
        event: Event::PullAnswered,
        grants: empty(),
        holders: vec![holder()],
        service: holder(),
        transaction: Some(answered.grants[0].transaction),
        ..answered.clone()
    };
    let assembled = AccessRecord {
        action: Event::DossierAssembled.action(),
        count: Some(2),
        event: Event::DossierAssembled,
        grants: full(Event::DossierAssembled).grants,
        service: requester(),
        ..answered.clone()
    };
    let refused = AccessRecord { grants: empty(), ..answered.clone() }.denied("role-not-allowed");
    let searched = AccessRecord {
        party: requester(),
        search: Some(r#"{"event":"query-answered"}"#.into()),
        ..sparse(Event::AccessLogSearched)
    };
    vec![answered, refused, pulled, assembled, searched, sparse(Event::KeyChanged)]
}

fn logged(records: &[AccessRecord]) -> impl Iterator<Item = Logged<'_>> {
    records.iter().zip(0..).map(|(record, index)| Logged { origin: "youth/switchboard", index, record })
}

fn one(record: &AccessRecord) -> Logged<'_> {
    Logged { origin: "youth/switchboard", index: 42, record }
}

fn json(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

#[test]
fn the_export_as_nen7513() {
    let records = representative();
    insta::assert_json_snapshot!(logged(&records).map(nen7513::project).collect::<Vec<_>>());
}

#[test]
fn the_export_as_ldv() {
    let records = representative();
    insta::assert_json_snapshot!(ldv::document(logged(&records)));
}

#[test]
fn the_export_as_fsc() {
    let records = representative();
    let peers = fsc::Peers { switchboard: switchboard() };
    insta::assert_json_snapshot!(
        logged(&records).flat_map(|one| fsc::project(one, peers)).collect::<Vec<_>>()
    );
}

#[test]
fn the_export_as_adl() {
    let records = representative();
    insta::assert_json_snapshot!(logged(&records).filter_map(adl::project).collect::<Vec<_>>());
}

#[test]
fn the_checks_say_authorisation_relation_consent_and_emergency() {
    let checks = |basis: &str, denied: bool| {
        let mut record = full(Event::QueryAnswered);
        record.relation.as_mut().unwrap().basis = basis.into();
        let record = if denied { record.denied("x") } else { record };
        json(nen7513::project(one(&record)))["gebeurtenis"]["controles"].as_str().unwrap().to_owned()
    };
    assert_eq!(checks("listed", false), "TTFF");
    assert_eq!(checks("motivated", false), "TFFF");
    assert_eq!(checks("emergency", false), "TFFT");
    assert_eq!(checks("listed", true), "FTFF");
}

#[test]
fn no_person_who_acted_is_in_ldv_or_fsc() {
    for event in Event::ALL {
        let record = full(*event);
        let peers = fsc::Peers { switchboard: switchboard() };
        let text = json((ldv::document([one(&record)]), fsc::project(one(&record), peers))).to_string();
        for secret in ["a.jansen", "youth-doctor", "Z-1", "a new report"] {
            assert!(!text.contains(secret), "{}: {secret}", event.code());
        }
    }
}

#[test]
fn not_found_and_denied_are_unset_and_only_a_fault_is_an_error() {
    let status = |record: &AccessRecord| json(ldv::project(one(record)))[0]["status"]["code"].clone();
    let found = full(Event::QueryAnswered);
    let nothing = AccessRecord { count: None, grants: Vec::new(), ..found.clone() };
    let broken = AccessRecord { result: Outcome::Error, ..found.clone() };
    assert_eq!(status(&found), json!(1));
    assert_eq!(status(&nothing), json!(0));
    assert_eq!(status(&found.clone().denied("role-not-allowed")), json!(0));
    assert_eq!(status(&broken), json!(2));
    let empty_pull = AccessRecord { count: Some(0), ..full(Event::PullAnswered) };
    assert_eq!(status(&empty_pull), json!(0));
}

#[test]
fn every_grant_is_a_child_of_its_query_in_the_same_trace() {
    let record = full(Event::QueryAnswered);
    let spans = json(ldv::project(one(&record)));
    let spans = spans.as_array().unwrap();
    assert_eq!(spans.len(), 1 + record.grants.len());
    assert!(spans[0].get("parentSpanId").is_none());
    for child in &spans[1..] {
        assert_eq!(child["parentSpanId"], spans[0]["spanId"]);
        assert_eq!(child["traceId"], spans[0]["traceId"]);
        assert_ne!(child["spanId"], spans[0]["spanId"]);
    }
    assert_ne!(spans[1]["spanId"], spans[2]["spanId"]);
}

#[test]
fn ids_are_the_same_at_every_export_and_differ_by_place() {
    let record = sparse(Event::KeyChanged);
    let ids = |origin, index| {
        let span = json(ldv::project(Logged { origin, index, record: &record }));
        let (trace, span) = (&span[0]["traceId"], &span[0]["spanId"]);
        (trace.as_str().unwrap().to_owned(), span.as_str().unwrap().to_owned())
    };
    let (trace, span) = ids("youth/switchboard", 42);
    assert_eq!((trace.len(), span.len()), (32, 16));
    assert_eq!(ids("youth/switchboard", 42), (trace.clone(), span.clone()));
    for other in [ids("youth/switchboard", 43), ids("youth/pseudonymiser", 42)] {
        assert!(other.0 != trace && other.1 != span);
    }
}

#[test]
fn a_trace_id_that_is_none_is_not_repeated() {
    for text in ["", "999990342", "4BF92F3577B34DA6A3CE929D0E0E4736", "00000000000000000000000000000000"] {
        let record = AccessRecord { trace: Some(text.into()), ..full(Event::QueryAnswered) };
        let spans = json(ldv::project(one(&record)));
        assert_ne!(spans[0]["traceId"], json!(text));
    }
}

#[test]
fn spans_of_one_service_stand_together() {
    let record = sparse(Event::KeyChanged);
    let at = |origin, index| Logged { origin, index, record: &record };
    let document = json(ldv::document([at("a", 0), at("b", 0), at("a", 1)]));
    let resources = document["resourceSpans"].as_array().unwrap();
    let counts = resources.iter().map(|one| one["scopeSpans"][0]["spans"].as_array().unwrap().len());
    assert_eq!(counts.collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn a_moment_before_1970_is_no_negative_time() {
    let record = AccessRecord { at: Instant::from_millis(-1), ..full(Event::QueryAnswered) };
    assert_eq!(json(adl::project(one(&record)))["timestamp"], json!(0));
}

//! What changed, what is gone, and what one record says now.

use std::sync::{Arc, Mutex};

use actix_web::HttpResponse;
use kw_adapter::{Source, SourceError};
use kw_domain::Subject;
use serde_json::{Value, json};

use crate::stand_in::{ANNA, Asked, BRAM, CEES, StandIn, everything, plan};

type Table = Arc<Mutex<Vec<Value>>>;

fn table(rows: Value) -> Table {
    Arc::new(Mutex::new(rows.as_array().unwrap().clone()))
}

/// `plans?since=…` and `plans/ID`; rows without a value of `bsn` are given with `null`.
fn serve(rows: &Table) -> StandIn {
    let rows = Arc::clone(rows);
    StandIn::answering(move |asked: &Asked| {
        let rows = rows.lock().unwrap();
        if let Some(id) = asked.path.strip_prefix("/api/plans/") {
            return match rows.iter().find(|row| row["id"] == id) {
                Some(row) if row["deleted"] == true => HttpResponse::Gone().finish(),
                Some(row) => HttpResponse::Ok().json(json!({"plan": row})),
                None => HttpResponse::NotFound().json(json!({"code": "no-such-plan"})),
            };
        }
        let since = asked.value("since").unwrap_or("").to_owned();
        let found: Vec<_> =
            rows.iter().filter(|row| row["changed"].as_str() >= Some(&since)).cloned().collect();
        HttpResponse::Ok().json(found)
    })
}

const HOW: &str = "list = 'plans?since={since}'\nrecord = 'id'\nperson = 'bsn'\nchanged_at = 'changed'\ngone = 'deleted'\n\
    overlap_seconds = 60\nfetch = 'plans/{record}'\nfetched = { row = '/plan' }\n\
    gone_when = { status = [404, 410] }\n";

#[actix_web::test]
async fn changes_are_asked_from_a_little_before_the_last_one_and_gone_rows_leave() {
    let rows = table(json!([
        {"id": "a", "bsn": ANNA, "changed": "2026-01-01T10:00:00.000Z"},
        {"id": "b", "bsn": BRAM, "changed": "2026-01-02T10:00:00.000Z"},
    ]));
    let api = serve(&rows);
    let source = api.source(HOW);
    let first = everything(&source, None).await.unwrap();
    assert!(first.complete && first.present.len() == 2);
    assert_eq!(api.asked()[0].value("since"), None);

    // Committed late, with a time of half a minute before the newest.
    rows.lock().unwrap().push(json!({"id": "c", "bsn": CEES, "changed": "2026-01-02T09:59:30.000Z"}));
    rows.lock().unwrap()[1]["deleted"] = json!(true);
    let second = everything(&source, Some(&first.cursor)).await.unwrap();
    assert_eq!(api.asked()[0].value("since"), Some("2026-01-02T09:59:00.000Z"));
    assert_eq!((second.present.len(), second.gone, second.complete), (1, vec![first.of(BRAM)], false));

    let third = everything(&source, Some(&second.cursor)).await.unwrap();
    assert!(!third.complete);
    assert_eq!(api.asked()[0].value("since"), Some("2026-01-02T09:59:00.000Z"), "nothing newer was seen");
}

#[actix_web::test]
async fn without_a_time_in_the_items_the_moment_of_the_first_page_counts() {
    let rows = table(json!([{"id": "a", "bsn": ANNA, "changed": "2026-01-01"}]));
    let api = serve(&rows);
    let how = HOW.replace("changed_at = 'changed'\n", "moments = 'unix'\n");
    let source = api.source(&how);
    let first = everything(&source, None).await.unwrap();
    everything(&source, Some(&first.cursor)).await.unwrap();
    let asked = api.asked();
    let since = asked[1].number("since") as i64;
    let now = kw_domain::Clock::now(&kw_domain::SystemClock).as_seconds();
    assert!((now - 70..=now - 55).contains(&since), "{since} is not a minute before {now}");
}

#[actix_web::test]
async fn a_document_is_what_the_record_says_now_without_the_number() {
    let rows = table(
        json!([{"id": "a/1 ü", "bsn": ANNA, "changed": "x", "goal": "walk", "parent": {"bsn": BRAM, "name": "B"}}]),
    );
    let api = serve(&rows);
    let source = api.source(HOW);
    let found = everything(&source, None).await.unwrap();
    let record = found.of(ANNA);
    let document = source.fetch(&plan(), &record).await.unwrap();
    let document = document.map(|found| found.document);
    // The path of the stand-in is decoded, so the key came over as one segment.
    assert_eq!(
        document,
        Some(json!({"id": "a/1 ü", "changed": "x", "goal": "walk", "parent": {"name": "B"}}))
    );
    assert_eq!(source.subject(&plan(), &record).await.unwrap(), None);

    // The row passes to another person: the first one's record is gone, not theirs to read.
    rows.lock().unwrap()[0]["bsn"] = json!(BRAM);
    assert!(source.fetch(&plan(), &record).await.unwrap().is_none());
    rows.lock().unwrap()[0]["bsn"] = Value::Null;
    assert!(matches!(source.fetch(&plan(), &record).await, Err(SourceError::Content(_))));
    rows.lock().unwrap().clear();
    assert!(source.fetch(&plan(), &record).await.unwrap().is_none());
    for asked in api.asked() {
        assert!(!format!("{} {:?}", asked.path, asked.query).contains(ANNA));
    }
}

#[actix_web::test]
async fn a_404_means_gone_only_where_the_configuration_says_so() {
    let rows = table(json!([{"id": "a", "bsn": ANNA, "changed": "x"}]));
    let api = serve(&rows);
    for (when, gone) in [
        ("", false),
        ("gone_when = { status = [404] }", true),
        ("gone_when = { status = [404], at = '/code', is = 'no-such-plan' }", true),
        ("gone_when = { status = [404], at = '/code', is = 'other' }", false),
        ("gone_when = { status = [410] }", false),
    ] {
        let source = api.source(&HOW.replace("gone_when = { status = [404, 410] }", when));
        let record = everything(&source, None).await.unwrap().of(ANNA);
        let row = rows.lock().unwrap().pop().unwrap();
        let found = source.fetch(&plan(), &record).await;
        rows.lock().unwrap().push(row);
        match found {
            Ok(None) => assert!(gone, "{when}"),
            Err(SourceError::Configuration(said)) => assert!(!gone && said.contains("404"), "{when}: {said}"),
            other => panic!("{when}: {other:?}"),
        }
    }
}

#[actix_web::test]
async fn where_the_key_is_for_life_a_tombstone_needs_no_person() {
    let rows =
        table(json!([{"id": "a", "bsn": ANNA, "changed": "1"}, {"id": "b", "bsn": BRAM, "changed": "2"}]));
    let api = serve(&rows);
    let source = api.source(&format!("{HOW}person_in_key = false\n"));
    let first = everything(&source, None).await.unwrap();
    let record = first.of(ANNA);
    assert_eq!(record.as_str(), "a");
    assert_eq!(
        source.subject(&plan(), &record).await.unwrap(),
        Subject::parse(&format!("nl.bsn:{ANNA}")).ok()
    );
    rows.lock().unwrap()[0] = json!({"id": "a", "deleted": true, "changed": "3"});
    let second = everything(&source, Some(&first.cursor)).await.unwrap();
    assert_eq!((second.gone, second.refused), (vec![record.clone()], vec![]));
    assert_eq!(source.subject(&plan(), &record).await.unwrap(), None);

    // With the person in the key nobody can tell whose it was: a full reading finds it.
    let source = api.source(HOW);
    let found = everything(&source, None).await.unwrap();
    assert_eq!((found.present.len(), found.gone.len(), found.refused.len()), (1, 0, 0));
}

#[actix_web::test]
async fn a_server_that_gives_another_record_than_was_asked_is_not_believed() {
    let api = StandIn::answering(|asked| {
        let row = json!({"id": "b", "bsn": ANNA});
        if asked.path.ends_with("/plans") {
            HttpResponse::Ok().json(json!([{"id": "a", "bsn": ANNA}]))
        } else {
            HttpResponse::Ok().json(row)
        }
    });
    let source = api.source("list = 'plans'\nrecord = 'id'\nperson = 'bsn'\nfetch = 'one?id={record}'");
    let record = everything(&source, None).await.unwrap().of(ANNA);
    let error = source.fetch(&plan(), &record).await.unwrap_err();
    assert!(matches!(&error, SourceError::Configuration(said) if said.contains("another record")), "{error}");
}

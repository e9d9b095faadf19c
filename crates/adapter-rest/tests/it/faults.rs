//! A server that is busy, slow, broken or wrong, and items that are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use kw_adapter::{Source, SourceError};
use kw_domain::{Clock as _, ManualClock, SystemClock};
use serde_json::json;

use crate::stand_in::{ANNA, BRAM, SOON, StandIn, WHERE, everything, items, source};

const HOW: &str = "record = 'id'\nperson = '/client/bsn'\nbirth_date = '/client/born'\nfetch = 'plans/{record}'\nlist = 'plans'";

#[actix_web::test]
async fn what_goes_wrong_is_told_by_whose_it_is_to_mend() {
    type Made = fn() -> HttpResponse;
    let cases: [(Made, &str, &str); 9] = [
        (|| HttpResponse::InternalServerError().body(ANNA), "unavailable", "500"),
        (|| HttpResponse::Forbidden().body(ANNA), "configuration", "api.auth"),
        (|| HttpResponse::Unauthorized().body(ANNA), "configuration", "api.auth"),
        (
            || HttpResponse::Found().insert_header(("location", "http://127.0.0.2/")).finish(),
            "configuration",
            "redirect",
        ),
        (|| HttpResponse::BadRequest().body(ANNA), "configuration", "400"),
        (|| HttpResponse::Ok().body("<html>999990342</html>"), "content", "not JSON"),
        (
            || HttpResponse::Ok().body("[{\"id\": 1, \"client\": {\"bsn\": \"999990342\""),
            "content",
            "not JSON",
        ),
        (|| HttpResponse::Ok().json(json!({"error": ANNA})), "configuration", "no list"),
        (|| HttpResponse::Ok().body(vec![b' '; 3000]), "content", "larger than 2048"),
    ];
    for (made, kind, said) in cases {
        let api = StandIn::answering(move |_| made());
        let error = api.source_with("max_answer_bytes = 2048", HOW).changes(None).await.unwrap_err();
        let found = match &error {
            SourceError::Unavailable(_) => "unavailable",
            SourceError::Configuration(_) => "configuration",
            SourceError::Content(_) => "content",
        };
        assert_eq!(found, kind, "{error}");
        let text = error.to_string();
        assert!(text.contains(said), "{text}");
        assert!(!text.contains(ANNA) && !text.contains("127.0.0"), "{text}");
    }
}

#[actix_web::test]
async fn a_slow_server_is_given_up_in_time_also_in_the_middle_of_an_answer() {
    let api = StandIn::answering(|_| {
        std::thread::sleep(SOON);
        HttpResponse::Ok().json(items(1))
    });
    let began = Instant::now();
    let error = api.source_with("timeout_ms = 200", HOW).changes(None).await.unwrap_err();
    assert!(matches!(&error, SourceError::Unavailable(said) if said.contains("timeout_ms")), "{error}");
    assert!(began.elapsed() < SOON);

    // Begins an answer and never ends it.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n[")
            .unwrap();
        std::thread::sleep(Duration::from_secs(5));
    });
    let config = format!("[api]\nbase_url = 'http://{address}'\ntimeout_ms = 200\n[categories.plan]\n{HOW}");
    let began = Instant::now();
    let error = source(&config, Arc::new(SystemClock)).unwrap().changes(None).await.unwrap_err();
    assert!(matches!(error, SourceError::Unavailable(_)), "{error}");
    assert!(began.elapsed() < SOON);
}

#[actix_web::test]
async fn a_server_that_asks_to_be_left_alone_is_left_alone_for_that_long() {
    for (status, retry) in [(429, Some("30")), (503, Some("30")), (503, None)] {
        let busy = AtomicUsize::new(1);
        let api = StandIn::answering(move |_| {
            if busy.swap(0, Ordering::SeqCst) == 0 {
                return HttpResponse::Ok().json(items(1));
            }
            let mut answer = HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap());
            if let Some(retry) = retry {
                answer.insert_header(("retry-after", retry));
            }
            answer.finish()
        });
        let clock = Arc::new(ManualClock::new(SystemClock.now()));
        let source = source(&api.config("", HOW), Arc::clone(&clock) as _).unwrap();
        assert!(matches!(source.changes(None).await, Err(SourceError::Unavailable(_))));
        if retry.is_some() {
            let error = source.changes(None).await.unwrap_err();
            assert!(
                matches!(&error, SourceError::Unavailable(said) if said.contains("left alone")),
                "{error}"
            );
            assert_eq!(api.asked().len(), 1, "{status}: it was not asked again");
            clock.advance(Duration::from_secs(31));
        }
        assert!(source.changes(None).await.is_ok(), "{status}");
    }
}

#[actix_web::test]
async fn one_bad_item_does_not_stop_the_others() {
    let api = StandIn::answering(|_| {
        HttpResponse::Ok().json(json!([
            {"id": 1, "client": {"bsn": ANNA}},
            "not an object",
            {"client": {"bsn": ANNA}},
            {"id": 2},
            {"id": 3, "client": {"bsn": "999999999"}},
            {"id": 4, "client": {"bsn": BRAM, "born": "not a date"}},
            {"id": format!("x{BRAM}"), "client": {"bsn": BRAM}},
            {"id": "..", "client": {"bsn": BRAM}},
            {"id": 5, "client": {"bsn": BRAM, "born": "20120503"}},
        ]))
    });
    let found = everything(&api.source(HOW), None).await.unwrap();
    assert_eq!(found.present.len(), 2);
    let rows: Vec<_> = found.refused.iter().map(|row| (row.row.unwrap(), row.record.is_some())).collect();
    assert_eq!(rows, [(2, false), (3, false), (4, false), (5, false), (6, true), (7, false), (8, false)]);
    for row in &found.refused {
        for value in [ANNA, BRAM, "999999999", "not a date"] {
            assert!(!row.reason.contains(value), "{}", row.reason);
        }
    }
}

#[actix_web::test]
async fn nothing_personal_is_shown_of_a_source_or_its_cursor() {
    let api = StandIn::answering(|_| HttpResponse::Ok().json(items(3)));
    let source = api.source(&format!("{WHERE}list = 'plans?since={{since}}'"));
    let page = source.changes(None).await.unwrap();
    let shown = format!("{source:?} {page:?} {}", page.cursor.0);
    for value in [ANNA, BRAM, "2012-05", "127.0.0.1"] {
        assert!(!shown.contains(value), "{value} is in {shown}");
    }
    let described = source.describe().await.unwrap();
    let category = &described.categories[&crate::stand_in::plan()];
    assert_eq!((category.tells_changes, category.concerns.len()), (Some(true), 0));
    assert_eq!(category.roles[1].column.as_deref(), Some("/client/bsn"));
}

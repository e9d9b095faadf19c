//! All kinds of paging give the same, and a list that goes wrong is noticed.

use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::HttpResponse;
use kw_adapter::{Source, SourceError};
use serde_json::{Value, json};

use crate::stand_in::{ANNA, Asked, StandIn, WHERE, everything, items, slice};

/// One list of seven, parted in every way.
fn lists(asked: &Asked) -> HttpResponse {
    let all = items(7);
    let from = asked.number("from");
    let page = slice(&all, from, 3);
    let next = (from + 3 < all.len()).then(|| from + 3);
    match asked.path.as_str() {
        "/api/links" => HttpResponse::Ok().json(json!({
            "data": page, "links": {"next": next.map(|next| format!("links?from={next}"))}})),
        "/api/header" => {
            let mut answer = HttpResponse::Ok();
            if let Some(next) = next {
                answer.insert_header((
                    "link",
                    format!("</api/header?from=0>; rel=first, </api/header?from={next}>; rel=\"next\""),
                ));
            }
            answer.json(page)
        }
        "/api/tokens" => HttpResponse::Ok().json(json!({
            "data": slice(&all, asked.number("after"), 3),
            "next": Some(asked.number("after") + 3).filter(|next| *next < 7)})),
        "/api/pages" => HttpResponse::Ok().json(slice(&all, (asked.number("page") - 1) * 3, 3)),
        "/api/pages404" if asked.number("page") > 2 => {
            HttpResponse::NotFound().json(json!({"detail": "Invalid page."}))
        }
        "/api/pages404" => {
            HttpResponse::Ok().json(json!({"count": 7, "data": slice(&all, asked.number("page") * 3, 3)}))
        }
        "/api/offsets" => HttpResponse::Ok()
            .json(json!({"total": 7, "data": slice(&all, asked.number("offset"), asked.number("limit"))})),
        "/api/whole" => HttpResponse::Ok().json(json!({"data": all})),
        _ => HttpResponse::NotFound().finish(),
    }
}

#[actix_web::test]
async fn every_kind_of_paging_gives_every_item_once() {
    let api = StandIn::answering(lists);
    for (how, pages) in [
        ("list = 'links'\nitems = '/data'\npaging = { kind = 'next-link', at = '/links/next' }", 3),
        ("list = 'header'\npaging = { kind = 'link-header' }", 3),
        ("list = 'tokens?after={cursor}'\nitems = '/data'\npaging = { kind = 'cursor', at = '/next' }", 3),
        ("list = 'pages?page={page}'\npaging = { kind = 'page' }", 4),
        (
            "list = 'pages404?page={page}'\nitems = '/data'\ntotal = '/count'\npaging = { kind = 'page', first = 0, end_status = 404 }",
            4,
        ),
        (
            "list = 'offsets?offset={offset}&limit={limit}'\nitems = '/data'\ntotal = '/total'\npaging = { kind = 'offset' }",
            4,
        ),
        ("list = 'whole'\nitems = '/data'", 1),
    ] {
        let found = everything(&api.source(&format!("{WHERE}{how}")), None).await.unwrap();
        let records: std::collections::BTreeSet<_> =
            found.present.iter().map(|one| one.record.clone()).collect();
        assert_eq!((found.present.len(), records.len()), (7, 7), "{how}");
        assert!(found.complete && found.refused.is_empty(), "{how}");
        assert_eq!(api.asked().len(), pages, "{how}");
    }
}

#[actix_web::test]
async fn a_list_that_goes_in_circles_is_noticed_and_never_whole() {
    let circle = StandIn::answering(|asked| {
        // 0 → 1 → 2 → 1 → …
        let next = [1, 2, 1][asked.number("p")];
        HttpResponse::Ok()
            .json(json!({"data": slice(&items(9), asked.number("p") * 3, 3), "next": format!("x?p={next}")}))
    });
    let how = format!("{WHERE}list = 'x'\nitems = '/data'\npaging = {{ kind = 'next-link', at = '/next' }}");
    let error = everything(&circle.source(&how), None).await.unwrap_err();
    assert!(matches!(&error, SourceError::Content(said) if said.contains("circle")), "{error}");
    assert!(circle.asked().len() < 10);

    // A server that does not know the parameter gives the first page for ever.
    let same = StandIn::answering(|_| HttpResponse::Ok().json(slice(&items(9), 0, 3)));
    let how = format!("{WHERE}list = 'x?p={{page}}'\npaging = {{ kind = 'page' }}");
    let error = everything(&same.source(&how), None).await.unwrap_err();
    assert!(matches!(&error, SourceError::Content(said) if said.contains("circle")), "{error}");
    assert_eq!(same.asked().len(), 2);
}

#[actix_web::test]
async fn a_list_that_ends_early_or_shrinks_meanwhile_is_not_whole() {
    let how = format!(
        "{WHERE}list = 'x?o={{offset}}'\nitems = '/data'\ntotal = '/total'\npaging = {{ kind = 'offset' }}"
    );
    let short = StandIn::answering(|asked| {
        HttpResponse::Ok().json(json!({"total": 9, "data": slice(&items(4), asked.number("o"), 3)}))
    });
    let found = everything(&short.source(&how), None).await.unwrap();
    assert!(!found.complete && found.present.len() == 4);

    // Item 1 goes after the first page was read: item 4 moves up past us.
    let reads = AtomicUsize::new(0);
    let shrinks = StandIn::answering(move |asked| {
        let mut all = items(7);
        if reads.fetch_add(1, Ordering::SeqCst) > 0 {
            all.remove(0);
        }
        HttpResponse::Ok().json(json!({"total": all.len(), "data": slice(&all, asked.number("o"), 3)}))
    });
    let found = everything(&shrinks.source(&how), None).await.unwrap();
    assert!(!found.complete && found.present.len() == 6, "{found:?}");
}

#[actix_web::test]
async fn nothing_is_asked_of_another_server_and_no_bsn_is_put_into_an_address() {
    let how = format!("{WHERE}list = 'x'\nitems = '/data'\npaging = {{ kind = 'next-link', at = '/next' }}");
    let elsewhere = StandIn::answering(|_| {
        HttpResponse::Ok().json(json!({"data": items(3), "next": "http://127.0.0.2/x"}))
    });
    let error = everything(&elsewhere.source(&how), None).await.unwrap_err();
    assert!(matches!(&error, SourceError::Configuration(said) if said.contains("another server")), "{error}");

    let telling = StandIn::answering(|_| {
        HttpResponse::Ok().json(json!({"data": items(3), "next": format!("x?after={ANNA}")}))
    });
    let error = everything(&telling.source(&how), None).await.unwrap_err();
    assert!(matches!(&error, SourceError::Configuration(said) if said.contains("BSN")), "{error}");
    assert!(!error.to_string().contains(ANNA));
    assert_eq!(telling.asked().len(), 1);
}

#[actix_web::test]
async fn reading_goes_on_where_it_broke_off() {
    let fails = AtomicUsize::new(0);
    let api = StandIn::answering(move |asked| {
        if asked.number("offset") == 3 && fails.fetch_add(1, Ordering::SeqCst) < 2 {
            return HttpResponse::BadGateway().finish();
        }
        lists(asked)
    });
    let how = format!(
        "{WHERE}list = 'offsets?offset={{offset}}&limit={{limit}}'\nitems = '/data'\npaging = {{ kind = 'offset' }}"
    );
    let source = api.source(&how);
    let first = source.changes(None).await.unwrap();
    for _ in 0..2 {
        let error = source.changes(Some(&first.cursor)).await.unwrap_err();
        assert!(matches!(error, SourceError::Unavailable(_)), "{error}");
    }
    // Another process goes on with the stored cursor.
    let rest = everything(&api.source(&how), Some(&first.cursor)).await.unwrap();
    assert_eq!((first.changes.len(), rest.present.len(), rest.complete), (3, 4, true));
    assert!(!format!("{:?}", Value::from(first.cursor.0.as_str())).contains(ANNA));
}

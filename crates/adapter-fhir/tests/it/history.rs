//! What changed since the last reading, on a server that pages everything.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::HttpResponse;
use serde_json::{Value, json};

use crate::reading::{ANNA, BRAM, CEES, condition, everything, patient};
use crate::stand_in::{Asked, StandIn, page};

/// Everybody whom the server ever had. Two are gone by the second reading.
const PEOPLE: [(&str, &str); 3] = [("anna", ANNA), ("bram", BRAM), ("cees", CEES)];

/// One page of `all` for each resource, with an address of the next.
fn paged(asked: &Asked, all: &[Value]) -> HttpResponse {
    let at: usize = asked.value("at").parse().unwrap_or(0);
    let next = (at + 1 < all.len()).then(|| format!("?at={}", at + 1));
    page(&all[at.min(all.len())..(at + 1).min(all.len())], next)
}

/// A history, one deletion a page.
fn deletions(asked: &Asked, ids: &[&str]) -> HttpResponse {
    let at: usize = asked.value("at").parse().unwrap_or(0);
    let next = || json!([{"relation": "next", "url": format!("_history?at={}", at + 1)}]);
    let links = if at + 1 < ids.len() { next() } else { json!([]) };
    let entries: Vec<_> = ids
        .get(at)
        .into_iter()
        .map(|id| json!({"request": {"method": "DELETE", "url": format!("Patient/{id}")}, "response": {"status": "204"}}))
        .collect();
    HttpResponse::Ok()
        .json(json!({"resourceType": "Bundle", "type": "history", "link": links, "entry": entries}))
}

#[actix_web::test]
async fn changes_and_deletions_are_read_page_by_page_from_the_last_moment_on() {
    let deleted = Arc::new(AtomicBool::new(false));
    let now = Arc::clone(&deleted);
    let server = StandIn::answering(move |asked| {
        let is_there = |id: &str| id == "anna" || !now.load(Ordering::SeqCst);
        let since = !asked.value("_lastUpdated").is_empty() || !asked.value("at").is_empty();
        match asked.path.as_str() {
            "Patient/_history" => deletions(asked, &["bram", "cees"]),
            "Patient/_search" => {
                let wanted: Vec<_> = asked.value("_id").split(',').collect();
                let known = PEOPLE.iter().filter(|(id, _)| wanted.contains(id) && is_there(id));
                page(&known.map(|(id, number)| patient(id, number)).collect::<Vec<_>>(), None)
            }
            "Patient" => page(&[], None),
            "Condition" if since && asked.value("_lastUpdated").is_empty() => {
                paged(asked, &PEOPLE.map(|(id, _)| condition(&format!("c-{id}"), id, "active")))
            }
            "Condition" if since => page(&[], None),
            _ => paged(asked, &PEOPLE.map(|(id, _)| condition(&format!("c-{id}"), id, "active"))),
        }
    });
    let source = server.source(
        "patient_history = true\noverlap_seconds = 60",
        "[categories.problems]\nresources = ['Condition']\n",
    );
    let first = everything(&source, None).await.unwrap();
    assert_eq!(first.records(), ["problems/anna", "problems/bram", "problems/cees"]);
    assert!(first.complete);
    let asked = server.addresses();
    assert!(asked.iter().filter(|one| one.contains("Condition?at=")).count() == 2, "{asked:?}");
    assert!(!asked.iter().any(|one| one.contains("_history") || one.contains("_lastUpdated")), "{asked:?}");

    deleted.store(true, Ordering::SeqCst);
    let second = everything(&source, Some(&first.cursor)).await.unwrap();
    assert_eq!(
        (&second.gone[..], second.complete),
        (&["problems/bram".to_owned(), "problems/cees".to_owned()][..], false)
    );
    let asked = server.addresses();
    let with =
        |parts: &[&str]| asked.iter().filter(|one| parts.iter().all(|part| one.contains(part))).count();
    assert_eq!(with(&["/Condition", "_lastUpdated=ge20", "_sort=_lastUpdated"]), 1, "{asked:?}");
    assert_eq!(with(&["Patient/_history", "_since=20"]), 1, "{asked:?}");
    assert_eq!(with(&["Patient/_history", "at=1"]), 1, "{asked:?}");
}

//! What must stand nowhere: neither in the database, nor in an address.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::bed::Bed;
use crate::browser::text;
use crate::world::Holder::Careful;

#[tokio::test]
async fn no_birth_date_binding_name_document_or_token_is_in_the_database_in_clear() {
    let mut bed = Bed::start().await;
    let (parent, child) = (bed.world.add("Eva", "1985-02-11"), bed.world.add("Noortjewortje", "2016-04-05"));
    let mandate = bed.world.give(parent, child, "parental-authority").to_string();
    let mut browser = bed.browser();
    let (_, session) = browser.sign_in(parent).await;
    let body = serde_json::json!({
        "mandate": mandate, "birthDate": "20160405", "label": "Noortjewortje's dossier",
    });
    let dossier = text(&browser.post("/v1/dossiers", body).await.1, "id");
    browser.bind(&dossier).await;
    for stored in [true, false] {
        let underway = browser.start(bed.holder).await.unwrap();
        for part in ["2016", "Noor", "youth-care"] {
            assert!(!underway.address.contains(part), "{part}");
        }
        assert_eq!(browser.come_back(&underway, child, true, Careful).await.1["state"], "received");
        if stored {
            assert_eq!(browser.confirm(&underway.id, &dossier).await.1["state"], "stored");
        }
    }
    let files: Vec<Vec<u8>> = ["personal.db", "personal.db-wal"]
        .iter()
        .map(|name| fs::read(bed.folder.path().join(name)).unwrap_or_default())
        .collect();
    assert!(files.iter().any(|file| file.len() > 10_000));
    let binding = *bed.world.human(child).binding.to_bytes();
    let token = text(&session, "token");
    let needles: Vec<Vec<u8>> =
        ["20160405", "2016-04-05", "Noortjewortje", "a thing to keep", "token-", "code-", token.as_str()]
            .iter()
            .map(|needle| needle.as_bytes().to_vec())
            .chain([binding.to_vec(), URL_SAFE_NO_PAD.encode(binding).into_bytes()])
            .collect();
    for needle in &needles {
        for file in &files {
            let found = file.windows(needle.len()).any(|window| window == needle.as_slice());
            assert!(!found, "{:?}", String::from_utf8_lossy(needle));
        }
    }
    // The search finds what is there.
    assert!(files.iter().any(|file| file.windows(10).any(|window| window == b"youth-care")));
    bed.stop().await;
}

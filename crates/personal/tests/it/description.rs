//! The published description is the one that is served, and the one in docs/.

use crate::bed::Bed;

#[tokio::test]
async fn the_document_in_docs_is_the_one_that_is_served() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi/personal.json");
    let document = kw_personal::openapi::document();
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(path, &document).unwrap();
    }
    let published = std::fs::read_to_string(path).unwrap_or_default();
    assert!(published == document, "docs/openapi/personal.json is behind: run cargo xtask openapi");
    let mut bed = Bed::start().await;
    let (status, served) = bed.browser().get("/v1/openapi.json").await;
    assert_eq!(status, 200);
    assert_eq!(served, serde_json::from_str::<serde_json::Value>(&published).unwrap());
    bed.stop().await;
}

#[tokio::test]
async fn every_operation_for_users_refuses_whoever_has_no_session() {
    let mut bed = Bed::start().await;
    let document: serde_json::Value = serde_json::from_str(&kw_personal::openapi::document()).unwrap();
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let open = operation["security"]
                .as_array()
                .is_some_and(|list| list.iter().all(|one| one == &serde_json::json!({})));
            let Ok(verb) = method.to_uppercase().parse::<reqwest::Method>() else { continue };
            if !["get", "post", "put", "delete"].contains(&method.as_str()) || open {
                continue;
            }
            let path = path.replace("{id}", "01890a5d-ac96-774b-bcce-b302099a8057");
            let path = path.replace("{account}", "01890a5d-ac96-774b-bcce-b302099a8057");
            let (status, problem) = bed.browser().call(verb, &path, None).await;
            assert_eq!(status, 401, "{method} {path}: {problem}");
            asked += 1;
        }
    }
    assert!(asked >= 15, "{asked}");
    bed.stop().await;
}

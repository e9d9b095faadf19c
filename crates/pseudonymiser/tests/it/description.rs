//! The published API description.

use std::path::Path;

use crate::chain::{Chain, STRANGER};

/// Set it to write the file anew: `UPDATE_OPENAPI=1 cargo test -p kw-pseudonymiser`.
const UPDATE: &str = "UPDATE_OPENAPI";

#[test]
fn the_file_in_the_documentation_is_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi/pseudonymiser.json");
    let current = serde_json::to_string_pretty(&kw_pseudonymiser::openapi()).unwrap() + "\n";
    if std::env::var_os(UPDATE).is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &current).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        published == current,
        "docs/openapi/pseudonymiser.json is out of date: set {UPDATE}=1 and run this again"
    );
}

#[tokio::test]
async fn the_public_listener_shows_it_to_anybody() {
    let chain = Chain::new();
    let running = chain.start().await;
    let anybody = chain.caller("anybody", STRANGER, &running);
    let response = anybody.http.get(format!("{}/v1/openapi.json", running.public)).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let shown: serde_json::Value = response.json().await.unwrap();
    assert_eq!(shown, serde_json::to_value(kw_pseudonymiser::openapi()).unwrap());
    assert!(shown["paths"]["/v1/evaluations"]["post"].is_object());
    let hidden = anybody.http.post(format!("{}/v1/evaluations", running.public)).send().await.unwrap();
    assert_eq!(hidden.status(), 404);
    running.stop().await;
}

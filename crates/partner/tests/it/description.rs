//! The published API descriptions.

use std::path::Path;

use utoipa::openapi::OpenApi;

/// Set it to write the files anew: `UPDATE_OPENAPI=1 cargo test -p kw-partner`.
const UPDATE: &str = "UPDATE_OPENAPI";

#[test]
fn the_files_in_the_documentation_are_what_the_code_says() {
    is_published("partner.json", &kw_partner::openapi());
    is_published("partner-local.json", &kw_partner::local_openapi());
}

fn is_published(name: &str, document: &OpenApi) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi").join(name);
    let current = serde_json::to_string_pretty(document).unwrap() + "\n";
    if std::env::var_os(UPDATE).is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &current).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(published == current, "docs/openapi/{name} is out of date: set {UPDATE}=1 and run this again");
}

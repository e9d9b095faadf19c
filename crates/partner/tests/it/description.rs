//! The published API description.

use std::path::Path;

/// Set it to write the file anew: `UPDATE_OPENAPI=1 cargo test -p kw-partner`.
const UPDATE: &str = "UPDATE_OPENAPI";

#[test]
fn the_file_in_the_documentation_is_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi/partner.json");
    let current = serde_json::to_string_pretty(&kw_partner::openapi()).unwrap() + "\n";
    if std::env::var_os(UPDATE).is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &current).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        published == current,
        "docs/openapi/partner.json is out of date: set {UPDATE}=1 and run this again"
    );
}

//! What the pages say.

use std::path::Path;

#[test]
fn every_page_says_everything_in_both_languages() {
    let own = (include_str!("../../locales/nl.ftl"), include_str!("../../locales/en.ftl"));
    let mistakes = kw_web::testing::mistakes(Path::new(env!("CARGO_MANIFEST_DIR")), own);
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

//! What the pages say.

use std::path::Path;

#[test]
fn every_page_says_everything_in_both_languages() {
    let own = (
        concat!(include_str!("../../locales/nl.ftl"), "\n", include_str!("../../locales/collected.nl.ftl")),
        concat!(include_str!("../../locales/en.ftl"), "\n", include_str!("../../locales/collected.en.ftl")),
    );
    let mistakes = kw_web::testing::mistakes(Path::new(env!("CARGO_MANIFEST_DIR")), own);
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

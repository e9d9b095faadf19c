//! No text makes the parser panic, and it never accepts a text silently changed.

use kw_agreement::Agreement;
use proptest::prelude::*;

use crate::youth;

#[test]
fn no_depth_of_nesting_makes_parsing_panic() {
    let depth = 100_000;
    for text in [
        format!("x = {}", "[".repeat(depth)),
        format!("x = {}{}", "[".repeat(depth), "]".repeat(depth)),
        format!("x = {}1{}", "{a=".repeat(depth), "}".repeat(depth)),
        format!("x{} = 1", ".a".repeat(depth)),
        format!("[x{}]", ".a".repeat(depth)),
        format!("[definitions.x{}]", ".not".repeat(depth)),
        format!("[categories.x.schema{}]", ".not".repeat(depth)),
    ] {
        assert!(Agreement::parse(&text).is_err());
    }
}

#[test]
fn a_schema_that_refers_to_itself_ends_all_the_same() {
    let text = youth::TEXT.replace(
        "[definitions.contact]\n",
        "[definitions.loop]\nallOf = [{ \"$ref\" = \"#/$defs/knot\" }]\n[definitions.knot]\n\"$ref\" = \"#/$defs/loop\"\n[definitions.contact]\n",
    );
    let text = text.replace(
        "[categories.youth-health.schema.properties]\n",
        "[categories.youth-health.schema.properties]\nx = { \"$ref\" = \"#/$defs/loop\" }\n",
    );
    let agreement = Agreement::parse(&text).unwrap();
    let category = kw_domain::Category::parse("youth-health").unwrap();
    let document = serde_json::json!({ "person": { "familyName": "x", "birthDate": "2011" }, "x": {} });
    let found = agreement.check_document(&category, &document);
    assert_eq!(found, Ok(()));
}

proptest! {
    #[test]
    fn no_text_makes_parsing_panic(text in "\\PC{0,200}") {
        let _ = Agreement::parse(&text);
    }

    #[test]
    fn no_toml_of_another_shape_makes_parsing_panic(
        section in "(chain|switchboard|pseudonymiser|partners|categories|roles|purposes|budgets|definitions|shared_attributes|ledger|subject_access|auditors)",
        value in "(1|-1|1\\.5|inf|true|\"\"|\"a\"|\\[\\]|\\[1\\]|\\[\\[\\]\\]|\\{\\}|\\{ a = 1 \\}|\\[\\{ keys = 1 \\}\\]|2026-01-01)",
    ) {
        let text = format!("format = 1\n{section} = {value}");
        prop_assert!(Agreement::parse(&text).is_err());
    }

    #[test]
    fn a_damaged_agreement_never_makes_parsing_panic(
        start in 0usize..15_000,
        removed in 0usize..400,
        inserted in "[\\]\\[{}\"'=.#\\n a-z0-9é-]{0,6}",
    ) {
        let text: Vec<char> = youth::TEXT.chars().collect();
        let start = start.min(text.len());
        let end = (start + removed).min(text.len());
        let damaged: String =
            text[..start].iter().copied().chain(inserted.chars()).chain(text[end..].iter().copied()).collect();
        if let Err(errors) = Agreement::parse(&damaged) {
            let lines = damaged.lines().count().max(1) + 1;
            prop_assert!(!errors.as_slice().is_empty());
            prop_assert!(errors.as_slice().iter().all(|error| (1..=lines).contains(&error.line)));
        }
    }
}

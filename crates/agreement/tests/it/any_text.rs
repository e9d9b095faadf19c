//! No text makes the parser panic, and it never accepts a text silently changed.

use kw_agreement::Agreement;
use proptest::prelude::*;

use crate::youth;

proptest! {
    #[test]
    fn no_text_makes_parsing_panic(text in "\\PC{0,200}") {
        let _ = Agreement::parse(&text);
    }

    #[test]
    fn no_toml_of_another_shape_makes_parsing_panic(
        section in "(chain|switchboard|pseudonymiser|partners|categories|roles|purposes|budgets|definitions|shared_attributes)",
        value in "(1|-1|1\\.5|inf|true|\"\"|\"a\"|\\[\\]|\\[1\\]|\\[\\[\\]\\]|\\{\\}|\\{ a = 1 \\}|\\[\\{ keys = 1 \\}\\]|2026-01-01)",
    ) {
        let text = format!("format = 1\n{section} = {value}");
        prop_assert!(Agreement::parse(&text).is_err());
    }

    #[test]
    fn a_damaged_agreement_never_makes_parsing_panic(
        start in 0usize..13_000,
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

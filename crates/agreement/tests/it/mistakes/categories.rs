//! Mistakes in `[categories.*]` and `[definitions.*]`.

use super::{assert_each_is_found_alone, change, errors, mistake};
use crate::youth;

const HEADING: &str = "title = { nl = \"Verslavingszorg\", en = \"Addiction care\" }\nsensitivity = \"special\"\nmax_validity = \"P2Y\"\narchive = \"P5Y\"\ntombstone = \"P1Y\"\nage_limit = 23\nbirth_date_required = true";

/// The heading of the category addiction-care with one line replaced, and where and why it is refused.
fn found(from: &str, to: &str) -> (String, String) {
    let found = errors(&change(youth::TEXT, HEADING, &change(HEADING, from, to)));
    let [error] = &found[..] else { panic!("{found:#?}") };
    (error.path.clone(), error.reason.clone())
}

#[test]
fn about_retention() {
    for (from, to, field, reason) in [
        ("max_validity = \"P2Y\"", "max_validity = \"2 years\"", "max_validity", "expected a term in years"),
        ("max_validity = \"P2Y\"", "max_validity = \"PT24H\"", "max_validity", "expected a term in years"),
        ("max_validity = \"P2Y\"", "max_validity = \"P0D\"", "max_validity", "out of bounds"),
        ("max_validity = \"P2Y\"", "max_validity = \"P21Y\"", "max_validity", "out of bounds"),
        ("max_validity = \"P2Y\"", "", "max_validity", "missing"),
        ("archive = \"P5Y\"", "archive = \"P240M1D\"", "archive", "out of bounds"),
        ("tombstone = \"P1Y\"", "tombstone = \"P0Y\"", "tombstone", "out of bounds"),
        ("age_limit = 23", "age_limit = 0", "age_limit", "out of bounds"),
        ("age_limit = 23", "age_limit = 131", "age_limit", "out of bounds"),
        ("age_limit = 23", "age_limit = -1", "age_limit", "out of bounds"),
        ("age_limit = 23", "age_limit = 23.5", "age_limit", "found a number with a fraction"),
        ("\"special\"", "\"secret\"", "sensitivity", "none of the possible"),
        ("required = true", "required = \"yes\"", "birth_date_required", "expected true or false"),
    ] {
        let (path, why) = found(from, to);
        assert_eq!(path, format!("categories.addiction-care.{field}"), "{to}");
        assert!(why.contains(reason), "{to}: {why}");
    }
}

#[test]
fn about_schemas() {
    let properties = "[categories.addiction-care.schema.properties]\n";
    let schema = "categories.addiction-care.schema";
    let place = "[categories.addiction-care.schema]";
    assert_each_is_found_alone(vec![
        mistake(
            properties,
            "[categories.addiction-care.schema.properties]\nx = { type = \"persoon\" }\n",
            schema,
            "/properties/x/type",
        )
        .at(place),
        mistake(
            properties,
            "[categories.addiction-care.schema.properties]\nx = { pattern = \"(\" }\n",
            schema,
            "no JSON Schema",
        )
        .at(place),
        mistake(
            properties,
            "[categories.addiction-care.schema.properties]\nx = { \"$ref\" = \"https://example.com/x\" }\n",
            schema,
            "offline",
        )
        .at(place),
        mistake(
            properties,
            "[categories.addiction-care.schema.properties]\nx = { \"$ref\" = \"#/$defs/absent\" }\n",
            schema,
            "offline",
        )
        .at(place),
        mistake(
            properties,
            "[categories.addiction-care.schema.properties]\nx = { const = 2026-01-01 }\n",
            "categories.addiction-care.schema.properties.x.const",
            "JSON has no such value",
        )
        .at("x = { const"),
        mistake(
            properties,
            "[categories.addiction-care.schema.\"$defs\"]\n[categories.addiction-care.schema.properties]\n",
            schema,
            "no $defs of its own",
        )
        .at(place),
    ]);
}

#[test]
fn about_names() {
    let text = youth::TEXT.replace("categories.youth-health", "categories.Jeugd");
    let paths: Vec<String> = errors(&text).into_iter().map(|error| error.path).collect();
    assert!(paths.contains(&"categories.Jeugd".to_owned()), "{paths:?}");
    // Every reference to the category that has another name now; three times it is a kind of partner.
    let references = youth::TEXT.matches("\"youth-health\"").count() - 3 + 3;
    assert_eq!(paths.len(), 1 + references, "{paths:?}");
}

#[test]
fn a_definition_that_is_no_schema_is_found_in_the_categories_that_use_it() {
    let text = change(
        youth::TEXT,
        "[definitions.contact]\ntype = \"object\"",
        "[definitions.contact]\ntype = \"objet\"",
    );
    let found = errors(&text);
    assert_eq!(found.len(), 5);
    assert!(found.iter().all(|error| error.reason.contains("/$defs/contact/type")), "{found:#?}");
}

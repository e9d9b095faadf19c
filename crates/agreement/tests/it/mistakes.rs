//! Every mistake is found, at its place, with a reason and a next step, and nothing else is said.

mod authority;
mod categories;
mod chain;
mod decisions;
mod ledger;
mod partners;

use kw_agreement::{Agreement, AgreementError};

use crate::youth;

/// One mistake made in the youth chain: `from` (which occurs once) becomes `to`.
pub(crate) struct Mistake {
    from: &'static str,
    to: &'static str,
    path: &'static str,
    reason: &'static str,
    at: Option<&'static str>,
}

pub(crate) fn mistake(
    from: &'static str,
    to: &'static str,
    path: &'static str,
    reason: &'static str,
) -> Mistake {
    Mistake { from, to, path, reason, at: None }
}

impl Mistake {
    /// Complained about not where the change was made but in the last line that has this text.
    pub(crate) fn at(self, at: &'static str) -> Self {
        Self { at: Some(at), ..self }
    }
}

pub(crate) fn change(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "the place is not unique: {from}");
    text.replace(from, to)
}

pub(crate) fn errors(text: &str) -> Vec<AgreementError> {
    Agreement::parse(text).map_or_else(|errors| errors.as_slice().to_vec(), |_| Vec::new())
}

pub(crate) fn assert_each_is_found_alone(mistakes: Vec<Mistake>) {
    for mistake in mistakes {
        let text = change(youth::TEXT, mistake.from, mistake.to);
        let found = errors(&text);
        let [error] = &found[..] else { panic!("{} -> {}: {found:#?}", mistake.from, mistake.to) };
        let offset = match mistake.at {
            Some(at) => text.rfind(at).unwrap(),
            None => youth::TEXT.find(mistake.from).unwrap(),
        };
        let line = text[..offset].matches('\n').count() + 1;
        assert_eq!((error.path.as_str(), error.line), (mistake.path, line), "{error}");
        assert!(error.reason.contains(mistake.reason), "{error}");
        assert!(!error.next_step.is_empty(), "{error}");
    }
}

#[test]
fn the_words_of_a_persons_own_question_are_nobodys_to_define() {
    for (word, reserved, path) in [
        ("addiction-care", "access-log", "categories.access-log"),
        ("enforce-attendance", "subject-access", "purposes.subject-access"),
    ] {
        let found = errors(&youth::TEXT.replace(word, reserved));
        let [error] = &found[..] else { panic!("{found:#?}") };
        assert_eq!(error.path, path);
        assert!(error.reason.contains("is kept for"), "{error}");
    }
}

#[test]
fn all_mistakes_are_reported_at_once_in_the_order_of_the_file() {
    let text = change(youth::TEXT, "lease_term = \"P30D\"", "lease_term = \"soon\"");
    let text = change(&text, "[categories.youth-health]\n", "[categories.youth-health]\ncolour = 1\n");
    let text = change(&text, "legal_basis = \"Leerplichtwet 1969, art. 16\"\n", "");
    let text = change(&text, "population = 900", "population = 0");
    let text = change(
        &text,
        "values]\nyouth-care-plan = \"/contact/phone\"",
        "values]\nyouth-care-plan = \"phone\"",
    );
    let paths: Vec<String> = errors(&text).into_iter().map(|error| error.path).collect();
    assert_eq!(
        paths,
        [
            "chain.lease_term",
            "categories.youth-health.colour",
            "purposes.enforce-attendance.legal_basis",
            "partners[4].population",
            "shared_attributes.phone.values.youth-care-plan",
        ]
    );
}

#[test]
fn the_report_names_line_column_path_reason_and_next_step() {
    let text = change(youth::TEXT, "environment = \"test\"", "environment = \"tset\"");
    let report = Agreement::parse(&text).unwrap_err().to_string();
    assert_eq!(
        report,
        "the agreement has 1 mistake\n  line 10, column 15: chain.environment: this is none of the possible values; \
         write one of \"test\", \"production\""
    );
}

#[test]
fn every_mistake_in_the_syntax_is_found_too() {
    let text = change(youth::TEXT, "format = 1", "format = ");
    let text = change(&text, "kind = \"school\"", "kind : \"school\"");
    let found = errors(&text);
    assert!(found.len() >= 2 && found.iter().all(|error| error.path == "(syntax)"), "{found:#?}");
    assert_eq!(found[0].line, 4);
}

#[test]
fn a_huge_file_is_refused_unread() {
    let found = errors(&"#".repeat(1024 * 1024 + 1));
    assert_eq!(found.len(), 1);
    assert!(found[0].reason.contains("1 MiB"));
}

#[test]
fn no_report_repeats_a_value_of_the_file() {
    // Every quoted text and every number becomes wrong, one at a time; the marker may never come back.
    let marker = "Geheim 999990342";
    let mut spoiled = 0;
    for (start, _) in youth::TEXT.match_indices("= \"") {
        let begin = start + 3;
        let end = begin + youth::TEXT[begin..].find('"').unwrap();
        let text = format!("{}{marker}{}", &youth::TEXT[..begin], &youth::TEXT[end..]);
        if let Err(report) = Agreement::parse(&text) {
            assert!(!report.to_string().contains("999990342"), "{report}");
            spoiled += 1;
        }
    }
    assert!(spoiled > 80, "{spoiled}");
}

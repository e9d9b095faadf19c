//! The pages about agreements say what the parser does.

use kw_agreement::Agreement;

use crate::{authority, youth};

const REFERENCE: &str = include_str!("../../../../docs/agreement.md");

/// The fields that the parser knows in a table, taken from its own complaint about one that it does not know.
pub(crate) fn fields_after(whole: &str, header: &str) -> Vec<String> {
    // A table that has tables only has no header of its own when it is written by a program.
    let whole = if whole.contains(header) { whole.to_owned() } else { format!("{whole}\n{header}\n") };
    let place = whole.find(header).unwrap() + header.len();
    let text = format!("{}\nqqqqqqqqqqqqqqqqqqqq = 1\n{}", &whole[..place], &whole[place..]);
    let errors = Agreement::parse(&text).unwrap_err();
    let complaint = &errors.as_slice()[0].next_step;
    let fields = complaint.strip_prefix("remove it or use one of: ").unwrap();
    fields.split(", ").map(str::to_owned).collect()
}

#[test]
fn the_reference_describes_every_field() {
    let whole = authority::text();
    let mut described = 0;
    for header in [
        "format = 1",
        "[chain]",
        "[switchboard]",
        "[pseudonymiser]",
        "[[pseudonymiser.keys]]",
        "[categories.youth-health]",
        "[roles.youth-doctor]",
        "[purposes.coordinate-help]",
        "[[partners]]",
        "[shared_attributes.phone]",
        "[ledger]",
        "[ledger.retention]",
        "[ledger.office_hours]",
        "[subject_access]",
        "[[auditors]]",
        "[[suppliers]]",
        "[[operators]]",
        "[review]",
        "[consent]",
        "[representation]",
        "[representation.provider]",
        "[representation.kinds.parental-authority]",
        "[[representation.kinds.parental-authority.ages]]",
        "[alarms]",
        "[match]",
        "[feedback]",
        "[policy]",
        "[console]",
        "[console.identity_provider]",
        "[categories.youth-care-plan.match]",
        "[[partners.contacts]]",
        "[partners.identity_provider]",
        "[[partners.delegations]]",
    ] {
        for field in fields_after(&whole, header) {
            let forms = [
                format!("| `{field}` |"),
                format!("`[{field}"),
                format!("`[[{field}"),
                format!(".{field}]]`"),
            ];
            assert!(forms.iter().any(|form| REFERENCE.contains(form)), "{header} {field}");
            described += 1;
        }
    }
    assert!(described > 120, "{described}");
    for field in ["query", "register", "refresh", "switchboard_query"] {
        assert!(REFERENCE.contains(&format!("| `{field}` |")), "{field}");
    }
}

#[test]
fn the_page_of_each_example_names_its_parties_and_words() {
    for (text, page) in [
        (youth::TEXT, include_str!("../../../../examples/chains/youth.md")),
        (
            include_str!("../../../../examples/chains/care.toml"),
            include_str!("../../../../examples/chains/care.md"),
        ),
        (
            include_str!("../../../../examples/chains/work-and-income.toml"),
            include_str!("../../../../examples/chains/work-and-income.md"),
        ),
    ] {
        let agreement = Agreement::parse(text).unwrap();
        for partner in agreement.partners() {
            let row = format!("| {} | {} | {} |", partner.name, partner.oin, partner.kind);
            assert!(page.contains(&row), "{row}");
        }
        for auditor in agreement.auditors() {
            assert!(page.contains(&auditor.name), "{}", auditor.name);
        }
        let words = (agreement.categories().map(|(name, _)| name.as_str()))
            .chain(agreement.roles().map(|(name, _)| name.as_str()))
            .chain(agreement.purposes().map(|(name, _)| name.as_str()));
        for word in words {
            assert!(page.contains(word), "{word}");
        }
    }
}

#[test]
fn the_example_of_a_report_is_what_the_parser_writes() {
    let text = youth::TEXT.replace("environment = \"test\"", "environment = \"tset\"");
    let report = Agreement::parse(&text).unwrap_err().to_string();
    assert!(REFERENCE.contains(&report));
}

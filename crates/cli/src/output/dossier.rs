//! A dossier as a table: one row per section, then the differences.

use comfy_table::Table;
use kw_protocol::dossier::{Difference, Party, SectionStatus};
use serde_json::Value;

use super::{table, tall_table};

/// One row of the table.
pub(crate) struct Row<'a> {
    pub(crate) holder: &'a Party,
    pub(crate) category: &'a str,
    pub(crate) status: SectionStatus,
    pub(crate) reason: Option<&'a str>,
    pub(crate) as_of: Option<String>,
    pub(crate) document: Option<&'a Value>,
}

/// The sections of a dossier, what the holders disagree on, and what an empty one means.
pub(crate) fn readable<'a>(
    rows: impl IntoIterator<Item = Row<'a>>,
    differences: &[Difference],
    complete: bool,
) -> String {
    let mut sections = tall_table(["holder", "category", "status", "as of", "document"]);
    let mut count = 0;
    for row in rows {
        count += 1;
        let status = match row.reason {
            Some(reason) => format!("{} ({reason})", row.status.code()),
            None => row.status.code().to_owned(),
        };
        let document = row.document.map(flat).unwrap_or_default();
        sections.add_row([
            row.holder.name.as_str(),
            row.category,
            &status,
            row.as_of.as_deref().unwrap_or_default(),
            &document,
        ]);
    }
    let mut text = if count == 0 { "no holder is disclosed".to_owned() } else { sections.to_string() };
    if !differences.is_empty() {
        text = format!("{text}\n\nholders disagree:\n{}", differing(differences));
    }
    let completeness = if complete {
        "complete: every holder that is disclosed has answered"
    } else {
        "NOT complete: at least one holder has not answered"
    };
    format!("{text}\n\n{completeness}; policy may withhold others")
}

fn differing(differences: &[Difference]) -> Table {
    let mut shown = table(["attribute", "holder", "value", ""]);
    for difference in differences {
        for held in &difference.values {
            let leads = difference.authoritative == Some(held.holder.oin);
            let remark = match (leads, held.under_investigation) {
                (true, true) => "leading, under investigation",
                (true, false) => "leading",
                (false, true) => "under investigation",
                (false, false) => "",
            };
            let (attribute, name) = (difference.attribute.as_str(), held.holder.name.as_str());
            shown.add_row([attribute, name, &plain(&held.value), remark]);
        }
    }
    shown
}

/// One `path: value` a line.
fn flat(document: &Value) -> String {
    let mut lines = Vec::new();
    gather(document, String::new(), &mut lines);
    lines.join("\n")
}

fn gather(value: &Value, path: String, lines: &mut Vec<String>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, inner)| gather(inner, below(name), lines)),
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            for (at, item) in items.iter().enumerate() {
                gather(item, below(&(at + 1).to_string()), lines);
            }
        }
        Value::Array(items) => {
            lines.push(format!("{path}: {}", items.iter().map(plain).collect::<Vec<_>>().join(", ")));
        }
        other => lines.push(format!("{path}: {}", plain(other))),
    }
}

/// A value as people write it. Holders are other parties: what would steer the terminal is left out.
fn plain(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use kw_domain::Oin;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_section_shows_its_holder_status_and_document() {
        let holder = Party { oin: Oin::parse("00000099000000011000").unwrap(), name: "Jeugdzorg".to_owned() };
        let document =
            json!({ "person": { "name": "A\u{1b}[31m" }, "kinds": ["x", "y"], "plans": [{ "id": 1 }] });
        let row = |status, reason, document| Row {
            holder: &holder,
            category: "care",
            status,
            reason,
            as_of: None,
            document,
        };
        let text = readable(
            [
                row(SectionStatus::Delivered, None, Some(&document)),
                row(SectionStatus::Refused, Some("denied"), None),
            ],
            &[],
            false,
        );
        for part in [
            "Jeugdzorg",
            "person.name: A[31m",
            "kinds: x, y",
            "plans.1.id: 1",
            "refused (denied)",
            "NOT complete",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn an_empty_dossier_says_that_it_proves_nothing() {
        assert!(readable([], &[], true).ends_with("policy may withhold others"));
    }
}

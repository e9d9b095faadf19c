//! A dossier as a table: one row per section, then the differences.

use comfy_table::Table;
use kw_protocol::dossier::{Difference, Party, SectionStatus};
use serde_json::Value;

use super::{escaped, table, tall_table};

/// One row of the table.
pub(crate) struct Row<'a> {
    pub(crate) holder: &'a Party,
    pub(crate) category: &'a str,
    pub(crate) status: SectionStatus,
    pub(crate) reason: Option<&'a str>,
    pub(crate) as_of: Option<String>,
    pub(crate) document: Option<&'a Value>,
    /// JSON pointers to what the holder has under investigation.
    pub(crate) doubted: &'a [String],
}

/// The sections of a dossier, what the holders disagree on, and what an empty one means.
pub(crate) fn readable<'a>(
    rows: impl IntoIterator<Item = Row<'a>>,
    differences: &[Difference],
    complete: bool,
) -> String {
    let mut sections = tall_table(["section", "holder", "category", "status", "as of", "document"]);
    let mut count = 0;
    for row in rows {
        count += 1;
        let status = match row.reason {
            Some(reason) => format!("{} ({reason})", row.status.code()),
            None => row.status.code().to_owned(),
        };
        let document = row.document.map(|document| flat(document, row.doubted)).unwrap_or_default();
        sections.add_row([
            count.to_string().as_str(),
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
    let mut shown = table(["difference", "attribute", "holder", "value", ""]);
    for (place, difference) in differences.iter().enumerate() {
        let number = (place + 1).to_string();
        for held in &difference.values {
            let leads = difference.authoritative == Some(held.holder.oin);
            let remark = match (leads, held.under_investigation) {
                (true, true) => "leading, under investigation",
                (true, false) => "leading",
                (false, true) => "under investigation",
                (false, false) => "",
            };
            let (attribute, name) = (difference.attribute.as_str(), held.holder.name.as_str());
            shown.add_row([&number, attribute, name, &plain(&held.value), remark]);
        }
    }
    shown
}

/// One `path: value` a line, with a mark where the holder itself is not sure of it.
fn flat(document: &Value, doubted: &[String]) -> String {
    let mut lines = Vec::new();
    gather(document, &Place::default(), doubted, &mut lines);
    lines.join("\n")
}

/// Where a value stands, as people read it and as a JSON pointer.
#[derive(Default)]
struct Place {
    path: String,
    pointer: String,
}

impl Place {
    fn below(&self, name: &str, token: &str) -> Self {
        let name = escaped(name);
        let path = if self.path.is_empty() { name } else { format!("{}.{name}", self.path) };
        let token = token.replace('~', "~0").replace('/', "~1");
        Self { path, pointer: format!("{}/{token}", self.pointer) }
    }

    fn is_among(&self, doubted: &[String]) -> bool {
        let is_within = |inner: &str, outer: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        doubted.iter().any(|one| is_within(&self.pointer, one) || is_within(one, &self.pointer))
    }

    fn line(&self, value: &str, doubted: &[String]) -> String {
        let mark = if self.is_among(doubted) { " (under investigation)" } else { "" };
        format!("{}: {value}{mark}", self.path)
    }
}

fn gather(value: &Value, place: &Place, doubted: &[String], lines: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, inner) in members {
                gather(inner, &place.below(name, name), doubted, lines);
            }
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            for (at, item) in items.iter().enumerate() {
                let place = place.below(&(at + 1).to_string(), &at.to_string());
                gather(item, &place, doubted, lines);
            }
        }
        Value::Array(items) => {
            let items = items.iter().map(plain).collect::<Vec<_>>().join(", ");
            lines.push(place.line(&items, doubted));
        }
        other => lines.push(place.line(&plain(other), doubted)),
    }
}

/// A value as people write it.
fn plain(value: &Value) -> String {
    escaped(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
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
        let doubted = ["/plans/0".to_owned()];
        let row = |status, reason, document| Row {
            holder: &holder,
            category: "care",
            status,
            reason,
            as_of: None,
            document,
            doubted: &doubted,
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
            r"person.name: A\u{1b}[31m",
            "kinds: x, y",
            "plans.1.id: 1 (under investigation)",
            "refused (denied)",
            "NOT complete",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains('\u{1b}') && text.matches("under investigation").count() == 1, "{text}");
        assert!(text.contains("section"), "{text}");
    }

    #[test]
    fn an_empty_dossier_says_that_it_proves_nothing() {
        assert!(readable([], &[], true).ends_with("policy may withhold others"));
    }
}

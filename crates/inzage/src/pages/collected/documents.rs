//! `GET /collected/documents/{at}`: one document, with whom it is about above it.

use actix_web::web::Path;
use askama::Template;
use kw_agreement::Agreement;
use kw_domain::Category;
use kw_web::{Failure, Frame, Outcome};
use serde_json::Value;

use super::{About, By, Open, Page, Shared, about, born, end, language, named, titled};
use crate::personal::FullDocument;

#[derive(Template)]
#[template(path = "collected/document.html")]
struct DocumentPage<'a> {
    f: &'a Frame,
    about: &'a About,
    born: String,
    category: String,
    holder: String,
    received: String,
    rows: Vec<(String, String)>,
    /// There is more than a page shows.
    cut: bool,
}

pub(super) async fn show(by: By, app: Shared, at: Path<usize>) -> Outcome {
    end(&by, read(&by, &app, *at).await)
}

async fn read(by: &By, app: &Shared, at: usize) -> Page {
    let (open, about) = (Open::of(app, by)?, about(by)?);
    let id = by.session.data().collected.document(at).ok_or_else(Failure::not_found)?;
    let document: FullDocument = open.get(&format!("/v1/documents/{id}")).await?;
    let (f, agreement) = (by.frame("collected-document"), app.agreed());
    let content = document.content.get("document").unwrap_or(&document.content);
    let mut rows = Rows { found: Vec::new(), cut: false, f: &f };
    rows.walk(content, "", 0);
    let titles = titles(&agreement, &f, &document.about.category);
    let page = DocumentPage {
        f: &f,
        about: &about,
        born: born(&f, about.birth_date.as_deref()),
        category: titled(&agreement, &f, &document.about.category),
        holder: named(&agreement, &document.about.holder),
        received: f.moment(document.about.received_at),
        rows: rows.found.into_iter().map(|(pointer, value)| (label(&titles, &pointer), value)).collect(),
        cut: rows.cut,
    };
    Ok(f.page(&page)?)
}

/// What the agreement calls places in documents of this category.
fn titles(agreement: &Agreement, f: &Frame, category: &str) -> Vec<(String, String)> {
    let Ok(category) = Category::parse(category) else { return Vec::new() };
    let attributes = agreement.shared_attributes().iter();
    let titled = attributes.filter_map(|one| {
        Some((one.values.get(&category)?.clone(), one.title.within(language(f)).to_owned()))
    });
    titled.collect()
}

/// The title of the agreement, else the holder's own words.
fn label(titles: &[(String, String)], pointer: &str) -> String {
    let title = titles.iter().find(|(place, _)| place == pointer).map(|(_, title)| title.clone());
    title.unwrap_or_else(|| {
        pointer.trim_start_matches('/').replace('/', " › ").replace("~1", "/").replace("~0", "~")
    })
}

/// The values of a document of another party, as rows: whatever it holds, bounded.
struct Rows<'a> {
    found: Vec<(String, String)>,
    cut: bool,
    f: &'a Frame,
}

impl Rows<'_> {
    fn walk(&mut self, value: &Value, pointer: &str, depth: usize) {
        if self.found.len() >= MOST {
            self.cut = true;
            return;
        }
        let inside = |key: &str| {
            format!("{pointer}/{}", plain(&key.replace('~', "~0").replace('/', "~1"), LONGEST_NAME))
        };
        match value {
            Value::Object(fields) if depth < DEEPEST => {
                for (key, below) in fields {
                    self.walk(below, &inside(key), depth + 1);
                }
            }
            Value::Array(values) if depth < DEEPEST => {
                for (at, below) in values.iter().enumerate() {
                    self.walk(below, &inside(&(at + 1).to_string()), depth + 1);
                }
            }
            other => {
                let text = match other {
                    Value::Bool(true) => self.f.t("collected-yes"),
                    Value::Bool(false) => self.f.t("collected-no"),
                    Value::Null => self.f.t("collected-empty"),
                    Value::String(text) => plain(text, LONGEST),
                    other => plain(&other.to_string(), LONGEST),
                };
                self.found.push((pointer.to_owned(), text));
            }
        }
    }
}

/// Without what is not text, or would turn the text around it.
fn plain(text: &str, most: usize) -> String {
    let turns =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(|c| (!c.is_control() || *c == '\n') && !turns(*c)).take(most).collect()
}

const MOST: usize = 400;
const DEEPEST: usize = 8;
const LONGEST: usize = 4_000;
const LONGEST_NAME: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_party_wrote_is_shown_as_text() {
        assert_eq!(plain("a\u{202e}b\u{0}c\nd", 10), "abc\nd");
        assert_eq!(plain("abcdef", 3), "abc");
        let titles = vec![("/person/birthDate".to_owned(), "Geboortedatum".to_owned())];
        assert_eq!(label(&titles, "/person/birthDate"), "Geboortedatum");
        assert_eq!(label(&titles, "/plan/a~1b"), "plan › a/b");
    }
}

//! `GET /collected/documents/{at}`: one document, with whom it is about above it.

use actix_web::web::Path;
use askama::Template;
use kw_domain::Category;
use kw_web::{Failure, Frame, Outcome, harmless_within};
use serde_json::Value;

use super::{About, By, Open, Page, Shared, about, born, end, language, named, titled};
use crate::personal::FullDocument;
use crate::rules::fields::label;

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
    let (open, about) = (Open::reading(app, by).await?, about(by)?);
    let id = by.session.data().collected.document(at).ok_or_else(Failure::not_found)?;
    let document: FullDocument = open.get(&format!("/v1/documents/{id}")).await?;
    let (f, agreement) = (by.frame("collected-document"), app.agreed());
    let content = document.content.get("document").unwrap_or(&document.content);
    let mut rows = Rows { found: Vec::new(), cut: false, f: &f };
    rows.walk(content, "", 0);
    let category = Category::parse(&document.about.category).map_err(|_| Failure::fault())?;
    let named_as = |pointer: &str| label(&agreement, &category, language(&f), pointer);
    let page = DocumentPage {
        f: &f,
        about: &about,
        born: born(&f, about.birth_date.as_deref()),
        category: titled(&agreement, &f, &document.about.category),
        holder: named(&agreement, &document.about.holder),
        received: f.moment(document.about.received_at),
        rows: rows.found.into_iter().map(|(pointer, value)| (named_as(&pointer), value)).collect(),
        cut: rows.cut,
    };
    Ok(f.page(&page)?)
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
            format!("{pointer}/{}", harmless_within(&key.replace('~', "~0").replace('/', "~1"), LONGEST_NAME))
        };
        match value {
            Value::Object(fields) if depth < DEEPEST && !fields.is_empty() => {
                for (key, below) in fields {
                    self.walk(below, &inside(key), depth + 1);
                }
            }
            Value::Array(values) if depth < DEEPEST && !values.is_empty() => {
                for (at, below) in values.iter().enumerate() {
                    self.walk(below, &inside(&(at + 1).to_string()), depth + 1);
                }
            }
            other => {
                let long = |text: &str| text.chars().nth(LONGEST).is_some();
                self.cut |= matches!(other, Value::String(text) if long(text));
                let text = match other {
                    Value::Bool(true) => self.f.t("collected-yes"),
                    Value::Bool(false) => self.f.t("collected-no"),
                    Value::Object(fields) if fields.is_empty() => self.f.t("collected-empty"),
                    Value::Array(values) if values.is_empty() => self.f.t("collected-empty"),
                    Value::Null => self.f.t("collected-empty"),
                    Value::String(text) => harmless_within(text, LONGEST),
                    other => harmless_within(&other.to_string(), LONGEST),
                };
                self.found.push((pointer.to_owned(), text));
            }
        }
    }
}

const MOST: usize = 400;
const DEEPEST: usize = 8;
const LONGEST: usize = 4_000;
const LONGEST_NAME: usize = 80;

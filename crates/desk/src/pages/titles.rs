//! What the agreement calls things.

use kw_agreement::{Agreement, Localised};
use kw_domain::{Category, Oin};
use kw_web::{Frame, Language};

use crate::document::{Row, readable};

/// A title of the agreement, in the language of the page.
pub(super) fn titled(f: &Frame, title: &Localised) -> String {
    let language = match f.language {
        Language::Dutch => kw_agreement::Language::Dutch,
        Language::English => kw_agreement::Language::English,
    };
    title.within(language).to_owned()
}

/// A category.
pub(super) fn category(f: &Frame, agreement: &Agreement, category: &Category) -> String {
    agreement.category(category).map_or_else(|| category.to_string(), |rules| titled(f, &rules.title))
}

/// A party.
pub(super) fn party(agreement: &Agreement, oin: Oin) -> String {
    agreement.party_name(oin).map_or_else(|| oin.to_string(), str::to_owned)
}

/// An attribute that several holders give.
pub(super) fn shared(f: &Frame, agreement: &Agreement, name: &str) -> String {
    let found = agreement.shared_attributes().iter().find(|one| one.name == name);
    found.map_or_else(|| readable(name), |one| titled(f, &one.title))
}

/// Where a value stands in its document, from the outside in.
pub(super) fn row(f: &Frame, agreement: &Agreement, category: &Category, row: &Row) -> String {
    let titles = agreement.titles_at(category, &row.pointer);
    let steps = row.path.iter().zip(titles);
    joined(steps.map(|(name, title)| title.map_or_else(|| readable(name), |title| titled(f, &title))))
}

/// The same, where there is a JSON pointer only: whether a number counts items is not known, so it stays.
pub(super) fn place(f: &Frame, agreement: &Agreement, category: &Category, pointer: &str) -> String {
    let names = pointer.split('/').skip(1).map(|name| name.replace("~1", "/").replace("~0", "~"));
    let steps = names.zip(agreement.titles_at(category, pointer));
    joined(steps.map(|(name, title)| title.map_or_else(|| readable(&name), |title| titled(f, &title))))
}

fn joined(steps: impl Iterator<Item = String>) -> String {
    steps.collect::<Vec<_>>().join(" › ")
}

//! Nothing of a person in what may be logged.

use kw_adapter::{LocalId, SourceDocument, SourceRecord};
use kw_domain::{Category, Subject};

use super::SourceTrial;
use super::read::{Key, Reading};
use crate::catalogue::{KEYS_ARE_NOT_PEOPLE, NOTHING_PERSONAL};
use crate::report::{Findings, Seen, failed, passed};

pub(super) async fn try_hiding(
    trial: &SourceTrial,
    first: &Reading,
    fetched: &[(&SourceRecord, SourceDocument)],
    findings: &mut Findings,
) {
    findings.note(&NOTHING_PERSONAL, nothing_personal(trial, first, fetched).await);
    findings.note(&KEYS_ARE_NOT_PEOPLE, keys(first));
}

async fn nothing_personal(
    trial: &SourceTrial,
    first: &Reading,
    fetched: &[(&SourceRecord, SourceDocument)],
) -> Seen {
    let mut said: Vec<(&str, String)> = vec![("its Debug", format!("{:?}", trial.source))];
    said.extend(first.shown.iter().map(|page| ("the Debug of a page", page.clone())));
    said.extend(fetched.iter().map(|(_, document)| ("the Debug of a document", format!("{document:?}"))));
    said.extend(first.refused.iter().map(|row| ("a refused row", format!("{} {}", row.origin, row.reason))));
    if let Ok(category) = Category::parse("no-such-category")
        && let Some((_, id)) = first.records.keys().next()
        && let Err(error) = trial.source.fetch(&category, id).await
    {
        said.push(("an error", error.to_string()));
    }
    for (where_, text) in &said {
        if first.records.iter().any(|(key, record)| gives_away(text, key, record)) {
            return failed(format!("{where_} names a person or a record"));
        }
    }
    passed(format!("{} texts", said.len()))
}

fn gives_away(text: &str, (_, id): &Key, record: &SourceRecord) -> bool {
    number_of(&record.subject).is_some_and(|number| text.contains(&number))
        || (id.as_str().len() >= DISTINCT && text.contains(id.as_str()))
}

fn keys(first: &Reading) -> Seen {
    let named = |((_, id), record): &(&Key, &SourceRecord)| names(id, &record.subject);
    match first.records.iter().filter(named).count() {
        0 => passed("no key does"),
        some => failed(format!("{some} keys do")),
    }
}

fn names(id: &LocalId, subject: &Subject) -> bool {
    // A number column may have lost its leading zero.
    number_of(subject).is_some_and(|number| id.as_str().contains(number.strip_prefix('0').unwrap_or(&number)))
}

/// The digits of a person's number; enterprises and cases are no people.
fn number_of(subject: &Subject) -> Option<String> {
    match subject {
        Subject::Bsn(bsn) => Some(bsn.expose().to_owned()),
        _ => None,
    }
}

/// A shorter key may stand in a text by chance.
const DISTINCT: usize = 8;

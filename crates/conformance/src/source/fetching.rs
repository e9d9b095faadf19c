//! Documents.

use std::time::{Duration, Instant};

use kw_adapter::{LocalId, SourceDocument, SourceRecord};
use kw_domain::Category;
use tokio::time::timeout;

use super::SourceTrial;
use super::read::{Reading, kind};
use crate::catalogue::{
    AS_OF, DOCUMENTS_FIT, FETCHES, FETCHES_AT_ONCE, INVESTIGATIONS, SAME_BIRTH_DATE, SAME_SUBJECT,
    UNKNOWN_CATEGORY, UNKNOWN_RECORD,
};
use crate::report::{Findings, Seen, failed, not_tried, passed};

/// Fetches a sample; what it gave.
pub(super) async fn try_fetching<'a>(
    trial: &SourceTrial,
    first: &'a Reading,
    findings: &mut Findings,
) -> Vec<(&'a SourceRecord, SourceDocument)> {
    let sampled = sample(first, trial.sample);
    let mut fetched = Vec::new();
    let (mut slowest, mut trouble) = (Duration::ZERO, None);
    for record in &sampled {
        let began = Instant::now();
        let asked = timeout(trial.fetch_deadline, trial.source.fetch(&record.category, &record.record)).await;
        slowest = slowest.max(began.elapsed());
        match asked {
            Ok(Ok(Some(document))) => fetched.push((*record, document)),
            Ok(Ok(None)) => trouble = Some("there is nothing for a record that is listed"),
            Ok(Err(error)) => trouble = Some(kind(&error)),
            Err(_) => trouble = Some("a document did not come in time"),
        }
    }
    let tried = sampled.len();
    findings.note(
        &FETCHES,
        match trouble {
            None => passed(format!("{tried} documents, the slowest in {} ms", slowest.as_millis())),
            Some(why) => failed(format!("{} of {tried} did not come: {why}", tried - fetched.len())),
        },
    );
    findings.note(&FETCHES_AT_ONCE, at_once(trial, &sampled).await);
    findings.note(&UNKNOWN_RECORD, unknown_record(trial, first).await);
    findings.note(&UNKNOWN_CATEGORY, unknown_category(trial, &sampled).await);
    findings.note(&SAME_SUBJECT, same_subject(trial, &sampled).await);
    findings.note(&SAME_BIRTH_DATE, same_birth_date(&fetched));
    findings.note(&DOCUMENTS_FIT, fit(trial, &fetched));
    findings.note(&AS_OF, as_of(trial, &fetched));
    findings.note(&INVESTIGATIONS, investigations(&fetched));
    fetched
}

/// Spread over the whole.
fn sample(first: &Reading, most: usize) -> Vec<&SourceRecord> {
    let step = first.records.len().div_ceil(most.max(1)).max(1);
    first.records.values().step_by(step).collect()
}

async fn at_once(trial: &SourceTrial, sampled: &[&SourceRecord]) -> Seen {
    let mut running = tokio::task::JoinSet::new();
    for record in sampled.iter().cycle().take(TOGETHER) {
        let (source, category, id) =
            (std::sync::Arc::clone(&trial.source), record.category.clone(), record.record.clone());
        let deadline = trial.fetch_deadline;
        running.spawn(async move { timeout(deadline, source.fetch(&category, &id)).await });
    }
    let late = running.join_all().await.into_iter().filter(|one| !matches!(one, Ok(Ok(Some(_))))).count();
    match late {
        0 => passed("all came in time"),
        some => failed(format!("{some} of {TOGETHER} did not come in time")),
    }
}

async fn unknown_record(trial: &SourceTrial, first: &Reading) -> Seen {
    // Keys as this source makes them, one letter longer, and one that looks like nothing.
    let of_its_own = first.records.keys().next().map(|(_, id)| format!("{}0", id.as_str()));
    for name in of_its_own.into_iter().chain(["no-such-record".to_owned()]) {
        let Ok(id) = LocalId::new(name) else { continue };
        for category in trial.source.categories() {
            if first.records.contains_key(&(category.clone(), id.clone())) {
                continue;
            }
            match timeout(trial.fetch_deadline, trial.source.fetch(&category, &id)).await {
                Ok(Ok(None)) => {}
                Ok(Ok(Some(_))) => return failed("there is a document for a key that no record has"),
                Ok(Err(error)) => return failed(kind(&error)),
                Err(_) => return failed("no answer in time"),
            }
        }
    }
    passed("`None` for keys that no record has")
}

async fn unknown_category(trial: &SourceTrial, sampled: &[&SourceRecord]) -> Seen {
    let Ok(category) = Category::parse("no-such-category") else { return not_tried("no name for one") };
    let Some(record) = sampled.first() else { return not_tried("there is no record") };
    match timeout(trial.fetch_deadline, trial.source.fetch(&category, &record.record)).await {
        Ok(Ok(Some(_))) => failed("a document came"),
        Ok(_) => passed("no document came"),
        Err(_) => failed("no answer in time"),
    }
}

async fn same_subject(trial: &SourceTrial, sampled: &[&SourceRecord]) -> Seen {
    let mut told = 0;
    for record in sampled {
        match timeout(trial.fetch_deadline, trial.source.subject(&record.category, &record.record)).await {
            Ok(Ok(Some(subject))) if subject != record.subject => {
                return failed("a record is about another person than it was listed under");
            }
            Ok(Ok(Some(_))) => told += 1,
            Ok(Ok(None)) => {}
            Ok(Err(error)) => return failed(kind(&error)),
            Err(_) => return failed("no answer in time"),
        }
    }
    match told {
        0 => not_tried(
            "the source does not say of a record whom it is about: its keys must belong to one person for good",
        ),
        some => passed(format!("{some} records are about whom they were listed under")),
    }
}

fn same_birth_date(fetched: &[(&SourceRecord, SourceDocument)]) -> Seen {
    let known = fetched.iter().filter(|(record, _)| record.birth_date.is_some());
    let differ = known.clone().filter(|(record, document)| document.birth_date != record.birth_date).count();
    match (known.count(), differ) {
        (0, _) => not_tried("no birth date is known"),
        (some, 0) => passed(format!("{some} birth dates")),
        (_, some) => failed(format!("{some} documents have another birth date than their record")),
    }
}

fn fit(trial: &SourceTrial, fetched: &[(&SourceRecord, SourceDocument)]) -> Seen {
    let mut places = std::collections::BTreeSet::new();
    let mut wrong = 0;
    for (record, document) in fetched {
        if let Err(complaints) = trial.agreement.check_document(&record.category, &document.document) {
            wrong += 1;
            places.insert(format!("{} ({} complaints)", record.category, complaints.len()));
        }
    }
    match (fetched.len(), wrong) {
        (0, _) => not_tried("no document came"),
        (some, 0) => passed(format!("{some} documents")),
        (some, wrong) => {
            let places: Vec<String> = places.into_iter().take(5).collect();
            failed(format!("{wrong} of {some} do not fit: {}", places.join(", ")))
        }
    }
}

fn as_of(trial: &SourceTrial, fetched: &[(&SourceRecord, SourceDocument)]) -> Seen {
    let latest = trial.now.plus(AHEAD);
    match fetched.iter().filter(|(_, document)| document.as_of > latest).count() {
        _ if fetched.is_empty() => not_tried("no document came"),
        0 => passed("none is from the future"),
        some => failed(format!("{some} are from the future")),
    }
}

fn investigations(fetched: &[(&SourceRecord, SourceDocument)]) -> Seen {
    let marked = fetched.iter().flat_map(|(_, document)| {
        document.under_investigation.iter().map(|pointer| document.document.pointer(pointer).is_some())
    });
    let (mut right, mut wrong) = (0, 0);
    for points in marked {
        if points { right += 1 } else { wrong += 1 }
    }
    match (right, wrong) {
        (0, 0) => not_tried("nothing of what was fetched is under investigation"),
        (some, 0) => passed(format!("{some} marks")),
        (_, some) => failed(format!("{some} marks point to nothing")),
    }
}

const TOGETHER: usize = 8;
/// The trial's own time passes after its beginning, and clocks differ.
const AHEAD: Duration = Duration::from_mins(10);

//! A source that is right, and the same with one fault at a time.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use kw_adapter::{
    Change, ChangePage, Cursor, LocalId, RefusedRow, Source, SourceDocument, SourceError, SourceRecord,
};
use kw_conformance::catalogue::SOURCE;
use kw_conformance::{Act, Hook, HookError, Outcome, SourceTrial, try_source};
use kw_domain::{BirthDate, Category, Instant, SourceName, Subject};

use crate::{agreement, with};

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    AddedUnseen,
    BirthDate,
    Blocking,
    Category,
    CategoryIgnored,
    ChangedUnseen,
    Document,
    FromTheFuture,
    GoneThatAreThere,
    Hangs,
    Investigation,
    KeyNamesPerson,
    Mute,
    NeverComplete,
    PoisonHides,
    PointsNowhere,
    Repeats,
    RemovedStays,
    ResumesLate,
    Shouts,
    Slow,
    StrangeCursor,
    Stuck,
    Subject,
    Unlike,
    UnusableRow,
}

/// A shelf of records: six to begin with, two on a page.
struct Shelf {
    name: SourceName,
    category: Category,
    fault: Fault,
    state: Mutex<State>,
    one_at_a_time: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    records: Vec<(String, &'static str, u32)>,
    reads: u32,
    poisoned: bool,
    hangs: bool,
}

const NUMBERS: [&str; 7] =
    ["999990342", "999994086", "999990019", "999990020", "999990032", "999990044", "999990056"];

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.fault == Fault::Shouts { write!(f, "Shelf of {}", NUMBERS[0]) } else { f.write_str("Shelf") }
    }
}

impl Shelf {
    fn new(fault: Fault) -> Arc<Self> {
        let records = (0..6)
            .map(|number| {
                let key = match fault {
                    Fault::KeyNamesPerson => format!("{}-{number}", NUMBERS[number]),
                    _ => format!("card-{number}"),
                };
                (key, NUMBERS[number], 1)
            })
            .collect();
        Arc::new(Self {
            name: SourceName::parse("shelf").unwrap(),
            category: Category::parse("school-attendance").unwrap(),
            fault,
            state: Mutex::new(State { records, ..State::default() }),
            one_at_a_time: tokio::sync::Mutex::default(),
        })
    }

    fn record(&self, key: &str, number: &str) -> SourceRecord {
        let category = if self.fault == Fault::Category { "youth-health" } else { self.category.as_str() };
        SourceRecord {
            category: Category::parse(category).unwrap(),
            record: LocalId::new(key).unwrap(),
            subject: Subject::parse(&format!("nl.bsn:{number}")).unwrap(),
            birth_date: BirthDate::parse("2012-05-03").ok(),
        }
    }
}

#[async_trait]
impl Source for Shelf {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn categories(&self) -> BTreeSet<Category> {
        BTreeSet::from([self.category.clone()])
    }

    async fn changes(&self, after: Option<&Cursor>) -> Result<ChangePage, SourceError> {
        if self.fault == Fault::Mute {
            return Err(SourceError::Unavailable("gone".to_owned()));
        }
        let mut state = self.state.lock().unwrap();
        state.reads += u32::from(after.is_none());
        let from = match after {
            None => 0,
            Some(cursor) => match cursor.0.parse::<usize>() {
                Ok(place) => place,
                Err(_) if self.fault == Fault::StrangeCursor => state.records.len(),
                Err(_) => return Err(SourceError::Configuration("no such cursor".to_owned())),
            },
        };
        let skip = usize::from(self.fault == Fault::ResumesLate && after.is_some() && state.reads > 1);
        let hides = self.fault == Fault::PoisonHides && state.poisoned;
        let shown = if hides { 3 } else { state.records.len() };
        let to = (from + 2).min(shown);
        let mut changes: Vec<Change> = state.records[(from + skip).min(to)..to]
            .iter()
            .map(|(key, number, _)| Change::Present(self.record(key, number)))
            .collect();
        if self.fault == Fault::Repeats && from == 2 {
            changes.push(Change::Present(self.record(&state.records[0].0, state.records[0].1)));
        }
        if self.fault == Fault::Unlike && state.reads > 1 && from == 0 {
            changes.remove(0);
        }
        if self.fault == Fault::GoneThatAreThere && from >= 6 {
            let record = LocalId::new(&*state.records[0].0).unwrap();
            changes.push(Change::Gone { category: self.category.clone(), record });
        }
        // What was added is behind the end of the last read, unless it is overlooked there.
        if self.fault == Fault::AddedUnseen && from >= 6 {
            changes.clear();
        }
        let more = to < shown || self.fault == Fault::Stuck;
        let mut refused = Vec::new();
        if !more && (state.poisoned || self.fault == Fault::UnusableRow) {
            let record = Some((self.category.clone(), LocalId::new("card-x").unwrap()));
            refused.push(RefusedRow {
                origin: "shelf".to_owned(),
                row: Some(9),
                reason: "no number".to_owned(),
                record,
            });
        }
        let cursor =
            Cursor(if self.fault == Fault::Stuck { "0".to_owned() } else { to.max(from).to_string() });
        Ok(ChangePage { changes, refused, cursor, more, complete: self.fault != Fault::NeverComplete })
    }

    async fn fetch(&self, category: &Category, id: &LocalId) -> Result<Option<SourceDocument>, SourceError> {
        if self.state.lock().unwrap().hangs {
            tokio::time::sleep(Duration::from_hours(1)).await;
        }
        if self.fault == Fault::Slow {
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        if self.fault == Fault::Blocking {
            let _turn = self.one_at_a_time.lock().await;
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        let state = self.state.lock().unwrap();
        if *category != self.category && self.fault != Fault::CategoryIgnored {
            return Ok(None);
        }
        let found = state.records.iter().find(|(key, ..)| key == id.as_str());
        let found = match (found, self.fault) {
            (None, Fault::PointsNowhere) => state.records.first(),
            (None, Fault::RemovedStays) if id.as_str() == "card-6" => state.records.first(),
            (found, _) => found,
        };
        Ok(found.map(|(_, number, version)| SourceDocument {
            document: if self.fault == Fault::Document {
                serde_json::json!({ "person": number })
            } else {
                let version = if self.fault == Fault::ChangedUnseen { 1 } else { *version };
                serde_json::json!({
                    "person": { "familyName": "Jansen", "birthDate": "2012-05-03" },
                    "attendance": { "absentHours": version }
                })
            },
            as_of: Instant::from_millis(if self.fault == Fault::FromTheFuture { i64::MAX / 2 } else { 0 }),
            birth_date: BirthDate::parse(if self.fault == Fault::BirthDate {
                "2011-01-01"
            } else {
                "2012-05-03"
            })
            .ok(),
            under_investigation: vec![
                if self.fault == Fault::Investigation { "/nowhere" } else { "/person/birthDate" }.to_owned(),
            ],
        }))
    }

    async fn subject(&self, _: &Category, id: &LocalId) -> Result<Option<Subject>, SourceError> {
        let state = self.state.lock().unwrap();
        let place = state.records.iter().position(|(key, ..)| key == id.as_str());
        let shift = usize::from(self.fault == Fault::Subject);
        Ok(place.map(|place| self.record("any", NUMBERS[(place + shift) % 7]).subject))
    }
}

/// The partner's own hands.
#[derive(Debug)]
struct Hands(Arc<Shelf>);

#[async_trait]
impl Hook for Hands {
    async fn act(&self, act: Act) -> Result<(), HookError> {
        let mut state = self.0.state.lock().unwrap();
        match act {
            Act::Add => state.records.push(("card-6".to_owned(), NUMBERS[6], 1)),
            Act::Change => {
                state.records.iter_mut().filter(|one| one.0 == "card-6").for_each(|one| one.2 += 1);
            }
            Act::Remove => state.records.retain(|one| one.0 != "card-6"),
            Act::Poison => state.poisoned = true,
            Act::Mend => state.poisoned = false,
            Act::Slow => state.hangs = self.0.fault == Fault::Hangs,
            Act::Fast => state.hangs = false,
        }
        Ok(())
    }
}

async fn tried(fault: Fault) -> Vec<kw_conformance::Finding> {
    let (agreement, _) = agreement();
    let school = agreement.partners().find(|partner| partner.kind.as_str() == "school").unwrap().oin;
    let shelf = Shelf::new(fault);
    let now = Instant::from_millis(1_800_000_000_000);
    let trial = SourceTrial {
        hook: Some(Arc::new(Hands(Arc::clone(&shelf)))),
        ..SourceTrial::of(shelf, school, agreement, now)
    };
    try_source(&trial).await
}

#[tokio::test]
async fn a_right_source_passes_every_check() {
    let findings = tried(Fault::None).await;
    let checks: Vec<&str> = findings.iter().map(|finding| finding.check).collect();
    assert_eq!(checks, SOURCE.iter().map(|check| check.id).collect::<Vec<_>>());
    assert_eq!(with(&findings, Outcome::Passed), checks, "{findings:#?}");
}

#[tokio::test]
async fn each_check_fails_for_a_source_that_does_that_wrong() {
    let faults = [
        (Fault::Mute, "reads-to-its-end"),
        (Fault::Stuck, "reads-to-its-end"),
        (Fault::Repeats, "no-repeats"),
        (Fault::Unlike, "reads-alike"),
        (Fault::NeverComplete, "says-complete"),
        (Fault::ResumesLate, "resumes"),
        (Fault::GoneThatAreThere, "changes-are-quiet"),
        (Fault::StrangeCursor, "strange-cursor"),
        (Fault::Category, "its-categories"),
        (Fault::UnusableRow, "rows-are-usable"),
        (Fault::PoisonHides, "poison"),
        (Fault::Slow, "fetches"),
        (Fault::Blocking, "fetches-at-once"),
        (Fault::PointsNowhere, "unknown-record"),
        (Fault::CategoryIgnored, "unknown-category"),
        (Fault::Subject, "same-subject"),
        (Fault::BirthDate, "same-birth-date"),
        (Fault::Document, "documents-fit"),
        (Fault::FromTheFuture, "as-of"),
        (Fault::Investigation, "investigations"),
        (Fault::Shouts, "nothing-personal"),
        (Fault::KeyNamesPerson, "keys-are-not-people"),
        (Fault::AddedUnseen, "adds"),
        (Fault::ChangedUnseen, "changes"),
        (Fault::RemovedStays, "removes"),
        (Fault::Hangs, "slow"),
    ];
    // Side by side: some of them are slow on purpose.
    let all = faults.map(|(fault, check)| async move { (fault, check, tried(fault).await) });
    for (fault, check, findings) in futures_util::future::join_all(all).await {
        assert!(with(&findings, Outcome::Failed).contains(&check), "{fault:?}: {findings:#?}");
    }
    let missing: Vec<&str> = SOURCE
        .iter()
        .map(|check| check.id)
        .filter(|id| !faults.iter().any(|(_, check)| check == id))
        .collect();
    assert_eq!(missing, [""; 0], "checks that nothing shows to be able to fail");
}

#[tokio::test]
async fn without_a_hook_changes_are_not_said_to_be_tried() {
    let (agreement, holder) = agreement();
    let shelf = Shelf::new(Fault::None);
    let trial = SourceTrial::of(shelf, holder, agreement, Instant::from_millis(1_800_000_000_000));
    let findings = try_source(&trial).await;
    for check in ["adds", "changes", "removes", "poison", "slow"] {
        assert!(with(&findings, Outcome::NotTried).contains(&check), "{check}");
    }
}

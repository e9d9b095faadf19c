//! A source with the faults that sources have, looked at.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use kw_domain::{BirthDate, Category, SourceName, Subject};
use serde_json::json;

use super::*;
use crate::description::{CategoryDescription, FieldRole, RoleDescription};
use crate::testing::{agreement, attendance, holder, requester};
use crate::{
    Change, ChangePage, Cursor, LocalId, RefusedRow, SourceDescription, SourceDocument, SourceRecord,
};

const NUMBERS: [&str; 3] = ["999990342", "999994086", "999995492"];

/// Records in a row, a page at a time.
#[derive(Debug)]
struct Cards {
    name: SourceName,
    page: usize,
    fault: Fault,
    asked: AtomicUsize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Away,
    Shuffled,
    Stuck,
    LosesBetweenPages,
    Doubled,
    Talkative,
    WrongDocuments,
    SlowDocuments,
}

impl Cards {
    fn new(fault: Fault, page: usize) -> Self {
        Self { name: SourceName::parse("cards").unwrap(), page, fault, asked: AtomicUsize::new(0) }
    }

    fn record(number: usize) -> Change {
        Change::Present(SourceRecord {
            category: attendance(),
            record: LocalId::new(format!("r{number}")).unwrap(),
            subject: Subject::parse(&format!("nl.bsn:{}", NUMBERS[number % 3])).unwrap(),
            birth_date: BirthDate::parse(["2012-05-03", "2010-11", "2009"][number % 3]).ok(),
        })
    }
}

#[async_trait]
impl Source for Cards {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn categories(&self) -> BTreeSet<Category> {
        [attendance()].into()
    }

    async fn changes(&self, after: Option<&Cursor>) -> Result<ChangePage, SourceError> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        if self.fault == Fault::Away {
            return Err(SourceError::Unavailable("nobody answers at 999990342".into()));
        }
        let mut from = after.map_or(0, |cursor| cursor.0.parse().unwrap());
        if self.fault == Fault::LosesBetweenPages && from > 0 && self.page < 5 {
            from += 1;
        }
        let to = (from + self.page).min(12);
        let mut changes: Vec<_> = (from..to).map(Self::record).collect();
        match self.fault {
            Fault::Shuffled if asked % 2 == 1 => changes.reverse(),
            Fault::Doubled if from == 0 => changes.push(Self::record(0)),
            _ => {}
        }
        let mut refused = Vec::new();
        if self.fault == Fault::Talkative && from == 0 {
            let reason = "the number 999990342 is no number".to_owned();
            refused.push(RefusedRow { origin: "cards".into(), row: Some(7), reason, record: None });
        }
        let cursor = if self.fault == Fault::Stuck { "5".to_owned() } else { to.to_string() };
        Ok(ChangePage {
            changes,
            refused,
            cursor: Cursor(cursor),
            more: to < 12 || self.fault == Fault::Stuck,
            complete: true,
        })
    }

    async fn fetch(&self, _: &Category, record: &LocalId) -> Result<Option<SourceDocument>, SourceError> {
        let number: usize = record.as_str()[1..].parse().unwrap();
        if self.fault == Fault::SlowDocuments {
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        let document = match self.fault {
            Fault::WrongDocuments => json!({"name": 7, "Anna de Vries": 1}),
            _ => {
                json!({"person": {"familyName": "De Zon", "givenName": "Anna", "birthDate": "2012-05-03"}, "attendance": {"absentHours": 3}, "internal": "secret"})
            }
        };
        Ok(Some(SourceDocument {
            document,
            as_of: Instant::from_millis(0),
            birth_date: BirthDate::parse(["2012-05-03", "2010-11", "2009"][number % 3]).ok(),
            under_investigation: vec!["/nowhere".to_owned()],
        }))
    }

    async fn describe(&self) -> Result<SourceDescription, SourceError> {
        let described = CategoryDescription {
            origins: vec!["cards".to_owned()],
            roles: vec![RoleDescription::new(FieldRole::Subject, "number", "configured")],
            ..CategoryDescription::default()
        };
        Ok(SourceDescription {
            system: "a box of cards".to_owned(),
            categories: [(attendance(), described)].into(),
        })
    }
}

async fn checked(fault: Fault) -> SourceCheck {
    let agreement = agreement();
    let narrow = Cards::new(fault, 3);
    let plan = CheckPlan {
        agreement: Some((&agreement, holder())),
        narrow: Some(&narrow),
        bounds: CheckBounds {
            document_deadline: Duration::from_millis(20),
            documents: 6,
            ..CheckBounds::default()
        },
        now: Instant::parse("2026-11-21T09:30:00Z").unwrap(),
    };
    check_source(&Cards::new(fault, 5), &plan).await
}

fn found(report: &SourceCheck, part: &str) -> Option<Grade> {
    report.findings.iter().find(|finding| finding.what.contains(part)).map(|finding| finding.grade)
}

#[tokio::test]
async fn what_would_be_registered_is_counted() {
    let report = checked(Fault::None).await;
    let [check] = &report.categories[..] else { panic!("{report:?}") };
    assert_eq!((check.records, check.subjects, check.duplicates, check.refused), (12, 3, 0, 0));
    assert_eq!(check.birth_dates, BirthDateCounts { day: 4, month: 4, year: 4, none: 0 });
    assert_eq!(check.roles.len(), 1);
    let paging = report.paging.as_ref().unwrap();
    assert_eq!((paging.pages, paging.to_the_end, paging.complete), (3, true, true));
    assert_eq!((paging.first_page_repeats, paging.second_page_repeats), (Some(true), Some(true)));
    assert_eq!((paging.small_pages_agree, paging.unchanged_records), (Some(true), Some(0)));
    assert_eq!(report.system, "a box of cards");
    assert!(report.steps.iter().any(|step| step.step == "page 1"));
    let documents = check.documents.as_ref().unwrap();
    assert_eq!((documents.asked, documents.deliverable, documents.dangling), (6, 6, 6));
    assert_eq!(check.registrable, 12);
    assert_eq!(found(&report, "point to nothing"), Some(Grade::Doubtful));
}

#[tokio::test]
async fn the_agreement_says_what_may_be_registered() {
    let agreement = agreement();
    for (party, agreed) in [(requester(), false), (holder(), true)] {
        let plan = CheckPlan {
            agreement: Some((&agreement, party)),
            narrow: None,
            bounds: CheckBounds::default(),
            now: Instant::from_millis(0),
        };
        let report = check_source(&Cards::new(Fault::None, 5), &plan).await;
        assert_eq!(report.categories[0].agreed, Some(agreed));
        assert_eq!(report.categories[0].registrable, if agreed { 12 } else { 0 });
        assert_eq!(found(&report, "does not let this partner").is_some(), !agreed);
    }
}

#[tokio::test]
async fn each_fault_of_a_source_has_its_finding() {
    for (fault, part, grade) in [
        (Fault::Away, "cannot be read", Grade::Unavailable),
        (Fault::Shuffled, "asked for again, was another", Grade::Doubtful),
        (Fault::Stuck, "same cursor again", Grade::Wrong),
        (Fault::LosesBetweenPages, "small pages give other records", Grade::Wrong),
        (Fault::Doubled, "given more than once", Grade::Wrong),
        (Fault::Talkative, "1 rows cannot be used", Grade::Wrong),
        (Fault::WrongDocuments, "not as the agreement's schema says", Grade::Wrong),
        (Fault::SlowDocuments, "documents were not given", Grade::Wrong),
    ] {
        let report = checked(fault).await;
        assert_eq!(found(&report, part), Some(grade), "{fault:?}: {:#?}", report.findings);
    }
    assert_eq!(checked(Fault::Away).await.verdict, Verdict::Unavailable);
}

#[tokio::test]
async fn no_value_of_a_person_is_in_any_report() {
    for fault in [Fault::None, Fault::Away, Fault::Talkative, Fault::WrongDocuments, Fault::Doubled] {
        let report = checked(fault).await;
        let shown = format!("{} {report:?}", serde_json::to_string(&report).unwrap());
        for value in NUMBERS.into_iter().chain(["Anna", "De Zon", "secret", "2012", "2010"]) {
            assert!(!shown.contains(value), "{fault:?}: {value} is in {shown}");
        }
        let again: SourceCheck = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
        assert_eq!(again, report);
    }
}

#[tokio::test]
async fn members_that_the_schema_does_not_name_are_said_to_stay() {
    let report = checked(Fault::None).await;
    let members: Vec<(&str, bool)> = report.categories[0]
        .documents
        .as_ref()
        .unwrap()
        .members
        .iter()
        .map(|member| (member.pointer.as_str(), member.delivered))
        .collect();
    // Three people have it, and nobody declared its name.
    assert!(members.contains(&("/*", false)), "{members:?}");
    assert!(members.contains(&("/person/familyName", true)), "{members:?}");
}

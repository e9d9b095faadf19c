//! What the reports count, and what they never say.

use std::collections::BTreeSet;

use kw_domain::{ActorId, CaseReference, Category, Instant, Purpose};
use kw_ledger::report::{Anomalies, AnomalyKind, Count, Finding, Limits, Usage, Vocabulary};
use kw_ledger::{AccessRecord, Event, Logged, Outcome};
use proptest::prelude::*;

use crate::sample::{full, oin};

/// On a Wednesday at eleven in the Netherlands.
fn question() -> AccessRecord {
    let mut record = full(Event::QueryAnswered);
    record.at = Instant::parse("2026-11-18T10:00:00Z").unwrap();
    record.relation.as_mut().unwrap().basis = "listed".into();
    record
}

fn vocabulary() -> Vocabulary {
    Vocabulary {
        purposes: BTreeSet::from([Purpose::parse("coordinate-help").unwrap()]),
        categories: ["youth-care", "school"].map(|word| Category::parse(word).unwrap()).into(),
    }
}

fn usage<'a>(smallest: u64, records: impl IntoIterator<Item = &'a AccessRecord>) -> Usage {
    let mut usage = Usage::new(vocabulary(), smallest);
    records.into_iter().for_each(|record| usage.add(record));
    usage
}

fn findings<'a>(limits: Limits, records: impl IntoIterator<Item = (u64, &'a AccessRecord)>) -> Vec<Finding> {
    let mut anomalies = Anomalies::new(limits);
    for (index, record) in records {
        anomalies.add(Logged { origin: "youth/switchboard", index, record });
    }
    anomalies.findings()
}

fn noticed(limits: Limits, records: &[AccessRecord]) -> Vec<Finding> {
    findings(limits, (0..).zip(records))
}

fn kinds(findings: &[Finding]) -> Vec<AnomalyKind> {
    findings.iter().map(|finding| finding.kind).collect()
}

#[test]
fn use_is_counted_by_month_party_purpose_category_event_and_result() {
    let records = [question(), question(), question().denied("x")];
    let lines: Vec<_> = usage(1, &records).lines().collect();
    let counted: Vec<_> =
        lines.iter().map(|line| (line.category.as_deref().unwrap(), line.result, line.count)).collect();
    assert_eq!(
        counted,
        [
            ("school", Outcome::Refused, Count::Exactly(1)),
            ("school", Outcome::Success, Count::Exactly(2)),
            ("youth-care", Outcome::Refused, Count::Exactly(1)),
            ("youth-care", Outcome::Success, Count::Exactly(2)),
        ]
    );
    assert!(lines.iter().all(|line| line.month == "2026-11" && line.party == oin(1)));
}

#[test]
fn a_month_is_a_month_in_the_netherlands() {
    let late = AccessRecord { at: Instant::parse("2026-11-30T23:30:00Z").unwrap(), ..question() };
    assert_eq!(usage(1, [&late]).lines().next().unwrap().month, "2026-12");
}

#[test]
fn a_small_count_is_not_shown() {
    let four = vec![question(); 4];
    let line = usage(5, &four).lines().next().unwrap();
    assert_eq!((line.count, line.count.to_string()), (Count::FewerThan(5), "<5".to_owned()));
    assert_eq!(serde_json::to_value(line.count).unwrap(), "<5");
    let five = vec![question(); 5];
    assert_eq!(serde_json::to_value(usage(5, &five).lines().next().unwrap().count).unwrap(), 5);
}

#[test]
fn a_small_number_cannot_be_found_from_a_total() {
    let shown = |counts: &[usize]| -> Vec<String> {
        let records = (1..).zip(counts).flat_map(|(party, count)| {
            let categories = question().categories.into_iter().take(1).collect();
            vec![AccessRecord { party: oin(party), categories, ..question() }; *count]
        });
        let records: Vec<_> = records.collect();
        usage(5, &records).lines().map(|line| line.count.to_string()).collect()
    };
    assert_eq!(shown(&[9, 7]), ["9", "7"], "nothing is small");
    assert_eq!(shown(&[9, 4, 7]), ["9", "<5", "withheld"]);
    assert_eq!(shown(&[4, 3, 30]), ["<5", "<5", "withheld"]);
    assert_eq!(shown(&[7, 1, 7]), ["withheld", "<5", "7"]);
    assert_eq!(shown(&[4]), ["<5"], "there is no other");
}

#[test]
fn a_word_that_the_agreement_does_not_know_is_not_repeated() {
    let mut record = question().denied("purpose-unknown");
    record.purpose = Some(Purpose::parse("jan-jansen").unwrap());
    record.categories = vec![Category::parse("jan-jansen").unwrap()];
    let line = usage(1, [&record]).lines().next().unwrap();
    assert_eq!((line.purpose.as_deref(), line.category.as_deref()), (Some("(other)"), Some("(other)")));
}

#[test]
fn an_ordinary_day_is_not_remarkable() {
    let records = vec![question(); 50];
    assert_eq!(noticed(Limits::default(), &records), []);
}

#[test]
fn emergency_motivated_denied_and_late_questions_are_noticed() {
    let mut records = vec![question(), question(), question().denied("role-not-allowed"), question()];
    records[0].relation.as_mut().unwrap().basis = "emergency".into();
    records[1].relation.as_mut().unwrap().basis = "motivated".into();
    records[3].at = Instant::parse("2026-11-18T18:00:00Z").unwrap();
    let found = noticed(Limits::default(), &records);
    use AnomalyKind::{Denied, EmergencyUse, MotivatedUse, OutOfHours};
    assert_eq!(kinds(&found), [EmergencyUse, MotivatedUse, Denied, OutOfHours]);
    let entries: Vec<_> = found.iter().map(|finding| finding.entries[0]).collect();
    assert_eq!(entries, [0, 1, 2, 3]);
    assert_eq!(found[2].reason.as_deref(), Some("role-not-allowed"));
    assert_eq!(found[0].actor.as_ref().map(ActorId::as_str), Some("a.jansen"));
}

#[test]
fn a_party_that_mostly_finds_nobody_is_noticed() {
    let miss = AccessRecord { grants: Vec::new(), ..question() };
    let mut records = vec![miss.clone(); 10];
    records.extend(vec![question(); 10]);
    let limits = Limits { questions_a_day: 1000, ..Limits::default() };
    let found = noticed(limits, &records);
    assert_eq!(kinds(&found), [AnomalyKind::MissRate]);
    assert_eq!((found[0].count, found[0].of), (10, Some(20)));
    records.push(question());
    assert_eq!(noticed(limits, &records), []);
    assert_eq!(noticed(limits, &vec![miss; 19]), [], "too few to speak of a rate");
}

#[test]
fn a_denied_question_is_no_miss() {
    let denied = AccessRecord { grants: Vec::new(), ..question() }.denied("x");
    let found = noticed(Limits::default(), &vec![denied; 20]);
    assert!(!kinds(&found).contains(&AnomalyKind::MissRate));
}

#[test]
fn one_person_with_many_questions_on_one_day_is_noticed() {
    let mut records = vec![question(); 51];
    for (number, record) in records.iter_mut().enumerate() {
        record.case = Some(CaseReference::parse(&format!("Z-{}", number % 7)).unwrap());
    }
    let found = noticed(Limits::default(), &records);
    assert_eq!(kinds(&found), [AnomalyKind::ManyQuestions]);
    assert_eq!((found[0].count, found[0].cases, found[0].day.as_deref()), (51, Some(7), Some("2026-11-18")));
    assert_eq!(found[0].entries.len(), 20);
    records[50].at = Instant::parse("2026-11-19T10:00:00Z").unwrap();
    assert_eq!(noticed(Limits::default(), &records), []);
}

#[test]
fn bulk_evaluations_are_noticed_by_day() {
    let batch = AccessRecord { count: Some(6_000), ..question() };
    let batch = AccessRecord { event: Event::EvaluationBatch, ..batch };
    let found = noticed(Limits::default(), &[batch.clone(), batch.clone()]);
    assert_eq!((kinds(&found), found[0].count), (vec![AnomalyKind::BulkEvaluation], 12_000));
    assert_eq!(noticed(Limits::default(), &[batch.clone(), batch.denied("budget-exhausted")]), []);
}

#[test]
fn what_cannot_be_kept_apart_is_counted_and_said() {
    let mut anomalies = Anomalies::new(Limits { groups: 0, ..Limits::default() });
    let record = question().denied("x");
    anomalies.add(Logged { origin: "o", index: 0, record: &record });
    assert_eq!(anomalies.findings(), []);
    assert_eq!(anomalies.uncounted(), 2, "a denial, and a question of somebody");
}

#[test]
fn the_documentation_has_every_anomaly_with_its_limits() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/audit.md");
    let document = std::fs::read_to_string(path).unwrap();
    for kind in AnomalyKind::ALL {
        assert!(document.contains(&format!("| `{}` |", kind.code())), "{}", kind.code());
    }
    let limits = Limits::default();
    assert_eq!((limits.questions_a_day, limits.misses_percent, limits.misses_from), (50, 50, 20));
    assert_eq!(limits.evaluations_a_day, 10_000);
    for limit in
        ["`--questions-a-day`, 50 ", "`--misses-percent`, 50,", "`--misses-from`, 20,", "a-day`, 10,000 "]
    {
        assert!(document.contains(limit), "{limit}");
    }
}

fn any_record() -> impl Strategy<Value = AccessRecord> {
    let parts = (0..Event::ALL.len(), 0i64..60, 1u32..4, 0u8..4, any::<bool>(), any::<bool>(), 0usize..3);
    parts.prop_map(|(event, hours, party, person, is_denied, is_empty, categories)| {
        let mut record = AccessRecord { event: Event::ALL[event], party: oin(party), ..question() };
        record.at = Instant::from_millis(record.at.as_millis() + hours * 3_600_000);
        record.actor.as_mut().unwrap().id = ActorId::parse(&format!("person-{person}")).unwrap();
        record.case = Some(CaseReference::parse(&format!("Z-9-{person}")).unwrap());
        record.categories.truncate(categories);
        record.relation.as_mut().unwrap().basis =
            ["listed", "motivated", "emergency"][usize::from(person) % 3].into();
        if is_empty {
            record.grants.clear();
        }
        if is_denied { record.denied("role-not-allowed") } else { record }
    })
}

/// Low, so that a few records reach them.
const LOW: Limits = Limits {
    misses_percent: 10,
    misses_from: 2,
    questions_a_day: 2,
    evaluations_a_day: 2,
    office_hours: kw_domain::OfficeHours { from: chrono::NaiveTime::MIN, until: chrono::NaiveTime::MIN },
    groups: 100_000,
};

proptest! {
    #[test]
    fn every_record_is_counted_once_for_each_category(records in prop::collection::vec(any_record(), 0..60)) {
        let expected: u64 = records.iter().map(|record| record.categories.len().max(1) as u64).sum();
        let usage = usage(0, &records);
        let counted = usage.lines().map(|line| match line.count {
            Count::Exactly(count) => count,
            Count::FewerThan(_) | Count::Withheld => panic!("nothing is below zero"),
        });
        prop_assert_eq!(counted.sum::<u64>(), expected);
    }

    #[test]
    fn no_number_below_the_threshold_is_shown(
        records in prop::collection::vec(any_record(), 0..60),
        smallest in 1u64..10,
    ) {
        for line in usage(smallest, &records).lines() {
            let shown = serde_json::to_value(line.count).unwrap();
            prop_assert!(shown.as_u64().is_none_or(|count| count >= smallest));
        }
    }

    #[test]
    fn no_person_no_case_and_no_reference_is_in_the_report_of_use(
        records in prop::collection::vec(any_record(), 1..40),
    ) {
        let text = serde_json::to_string(&usage(1, &records).lines().collect::<Vec<_>>()).unwrap();
        for record in &records {
            let subject = record.subject.unwrap().to_string();
            let transaction = record.transaction.unwrap().to_string();
            for secret in ["person-", "Z-9-", "youth-doctor", &subject, &transaction] {
                prop_assert!(!text.contains(secret));
            }
        }
    }

    #[test]
    fn no_subject_is_in_the_report_of_anomalies(records in prop::collection::vec(any_record(), 1..40)) {
        let text = serde_json::to_string(&noticed(LOW, &records)).unwrap();
        for record in &records {
            prop_assert!(!text.contains(&record.subject.unwrap().to_string()) && !text.contains("Z-9-"));
        }
    }

    #[test]
    fn reports_do_not_depend_on_the_order(
        (records, shuffled) in prop::collection::vec(any_record(), 0..60).prop_flat_map(|records| {
            let numbered: Vec<_> = (0u64..).zip(records).collect();
            (Just(numbered.clone()), Just(numbered).prop_shuffle())
        }),
    ) {
        let lines = |records: &[(u64, AccessRecord)]| -> Vec<_> {
            usage(3, records.iter().map(|(_, record)| record)).lines().collect()
        };
        prop_assert_eq!(lines(&records), lines(&shuffled));
        let found = |records: &[(u64, AccessRecord)]| {
            findings(LOW, records.iter().map(|(index, record)| (*index, record)))
        };
        prop_assert_eq!(found(&records), found(&shuffled));
    }
}

use kw_domain::Bsn;
use proptest::prelude::*;

use super::super::SyncOptions;
use super::super::stand_ins::Town;
use crate::testing::agreement;

const RECORDS: [&str; 6] = ["r1", "r2", "r3", "r4", "r5", "r6"];

/// Something happens.
#[derive(Debug, Clone)]
enum Step {
    Put(usize, usize),
    Remove(usize),
    Run {
        full: bool,
    },
    Fail(Vec<Option<bool>>),
    Down(bool),
    Kill,
    /// Nothing runs for longer than a lease.
    Away,
    /// Cut off in the middle of a run: the source breaks, or a service is away, and the process starts again.
    KillWhileRunning(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let failure = prop_oneof![Just(None), Just(Some(false)), Just(Some(true))];
    prop_oneof![
        4 => (0..RECORDS.len(), 0usize..2).prop_map(|(record, person)| Step::Put(record, person)),
        2 => (0..RECORDS.len()).prop_map(Step::Remove),
        3 => any::<bool>().prop_map(|full| Step::Run { full }),
        1 => prop::collection::vec(failure, 1..4).prop_map(Step::Fail),
        1 => any::<bool>().prop_map(Step::Down),
        1 => Just(Step::Kill),
        1 => Just(Step::Away),
        2 => (0u64..40).prop_map(Step::KillWhileRunning),
    ]
}

/// Twelve numbers of the test range: each record is about one of two people of its own.
fn people() -> Vec<String> {
    (999_990_000..1_000_000_000u32)
        .map(|number| number.to_string())
        .filter(|number| Bsn::parse(number).is_ok())
        .take(12)
        .collect()
}

/// `whom` says which of the people a record is about.
async fn play(steps: Vec<Step>, whom: fn(usize, usize) -> usize) -> Town {
    let mut town = Town::new(agreement());
    town.switchboard.0.lock().unwrap().lease_days = 30;
    let people = people();
    for step in steps {
        match step {
            Step::Put(record, person) => town.book.put(RECORDS[record], &people[whom(record, person)]),
            Step::Remove(record) => town.book.remove(RECORDS[record]),
            Step::Run { full } => {
                drop(town.run(&SyncOptions { full, ..SyncOptions::default() }).await.unwrap());
                town.clock.advance(std::time::Duration::from_secs(10));
            }
            Step::Fail(failures) => town.switchboard.0.lock().unwrap().failures = failures,
            Step::Down(down) => *town.oracle.down.lock().unwrap() = down,
            Step::Kill => town.restart(),
            Step::Away => town.clock.advance(std::time::Duration::from_hours(24 * 31)),
            Step::KillWhileRunning(polls) => {
                let options = SyncOptions::default();
                let mut run = Box::pin(town.run(&options));
                // Each turn of the run waits for a commit; dropping it in between is where a kill would come.
                for _ in 0..polls {
                    if tokio::time::timeout(std::time::Duration::from_micros(300), &mut run).await.is_ok() {
                        break;
                    }
                }
                drop(run);
                town.restart();
            }
        }
    }
    town.switchboard.0.lock().unwrap().failures.clear();
    *town.oracle.down.lock().unwrap() = false;
    town
}

async fn compare(town: &Town) {
    let people = people();
    let everybody: Vec<&str> = people.iter().map(String::as_str).collect();
    assert_eq!(town.known(&everybody), town.book.subjects());
    let status = town.sync.status().await.unwrap();
    assert_eq!(status.registered, town.book.subjects().len() as u64);
    assert_eq!(status.parked, []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_index_ends_up_with_what_the_source_has(steps in prop::collection::vec(step(), 1..24)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let town = play(steps, |record, person| record * 2 + person).await;
            town.settle().await;
            compare(&town).await;
        });
    }

    /// Three people, in any of the rows and in several at once. In the end each is in one row, and nobody waits for the hours
    /// after which a refused message is tried again.
    #[test]
    fn people_who_move_between_rows_are_where_the_source_has_them(steps in prop::collection::vec(step(), 1..24)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let town = play(steps, |record, person| (record + person) % 3).await;
            // What failed before is tried again, so that nothing but the rows themselves is in anybody's way.
            town.run(&SyncOptions::default()).await.unwrap();
            town.clock.advance(std::time::Duration::from_hours(1));
            town.run(&SyncOptions::default()).await.unwrap();
            let mut seen = std::collections::BTreeSet::new();
            for record in RECORDS {
                let subject = town.book.inner.lock().unwrap().records.get(record).map(|(subject, _)| subject.clone());
                if subject.is_some_and(|subject| !seen.insert(subject)) {
                    town.book.remove(record);
                }
            }
            town.settle_by(std::time::Duration::from_secs(10)).await;
            compare(&town).await;
        });
    }
}

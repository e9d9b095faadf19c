//! A source that never says that it is done.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kw_domain::SourceName;

use super::super::stand_ins::{Book, Town};
use super::super::{SyncOptions, Synchroniser};
use crate::Source;
use crate::testing::agreement;

const ANNA: &str = "999990342";

/// The town with a second source, that comes first.
fn beside(town: &mut Town, first: &Arc<Book>) {
    let mut parts = town.sync.parts.clone();
    let source: Arc<dyn Source> = Arc::clone(first) as Arc<_>;
    parts.sources.insert(source.name().clone(), source);
    // One process leads: the other one has to go.
    let empty = Synchroniser::new(super::super::SyncParts { sources: BTreeMap::new(), ..parts.clone() });
    town.sync = empty;
    town.sync = Synchroniser::new(parts);
}

#[tokio::test]
async fn a_source_without_an_end_holds_up_nobody_else_and_is_a_problem() {
    let mut town = Town::new(agreement());
    let endless = Book::new("api");
    endless.inner.lock().unwrap().endless = true;
    beside(&mut town, &endless);
    town.book.put("r1", ANNA);
    let (one, other) = (SourceName::parse("api").unwrap(), SourceName::parse("som").unwrap());
    let report = town.run(&SyncOptions::default()).await.unwrap();
    let of = |name: &SourceName| report.sources.iter().find(|source| source.source == *name).unwrap();
    let problem = of(&one).problem.clone().unwrap();
    assert!(problem.contains("no end"), "{problem}");
    assert_eq!((of(&other).registered, &of(&other).problem), (1, &None));
    assert!(town.sync.status().await.unwrap().lease_valid_until.is_some());
    town.book.remove("r1");
    town.run(&SyncOptions::default()).await.unwrap();
    assert_eq!(town.known(&[ANNA]).len(), 0, "what left the other source is withdrawn");
    // Mended, it is read from the start.
    endless.inner.lock().unwrap().endless = false;
    endless.put("a1", ANNA);
    let report = town.run(&SyncOptions::default()).await.unwrap();
    assert!(report.sources.iter().all(|source| source.problem.is_none()), "{report:?}");
    assert_eq!(town.known(&[ANNA]).len(), 1);
}

#[tokio::test]
async fn what_waits_is_told_before_a_source_is_read() {
    let mut town = Town::new(agreement());
    town.book.put("r1", ANNA);
    *town.oracle.down.lock().unwrap() = true;
    town.run(&SyncOptions::default()).await.unwrap();
    *town.oracle.down.lock().unwrap() = false;
    town.clock.advance(Duration::from_hours(1));
    town.sync.read_at_most = Duration::ZERO;
    let report = town.run(&SyncOptions::default()).await.unwrap();
    assert_eq!(report.sources[0].registered, 1);
    assert!(report.sources[0].problem.as_ref().unwrap().contains("takes long"));
}

#[tokio::test]
async fn a_read_that_takes_long_goes_on_in_the_next_run() {
    let mut town = Town::new(agreement());
    for number in 0..400 {
        town.book.put(&format!("r{number:03}"), ANNA);
    }
    town.sync.read_at_most = Duration::from_millis(20);
    let mut runs = 0;
    while town.run(&SyncOptions::default()).await.unwrap().sources[0].problem.is_some() {
        runs += 1;
        assert!(runs < 400, "it does not get on");
    }
    assert!(runs > 0, "one run was enough: this shows nothing");
    assert_eq!(town.known(&[ANNA]).len(), 1);
}

//! How soon both holders hear of a match: from the acknowledged registration to the signal in a feed that waits.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kw_protocol::signal::{SignalType, SignalsAsked};
use kw_testbed::{Member, PostgresServer, RunningChain};
use tokio::sync::mpsc;

use super::{member, register};
use crate::child::chain;
use crate::signals::feed;

const MATCHES: u64 = 240;
const LIMIT: Duration = Duration::from_secs(2);

/// Follows a feed, and says of each match when its signal came.
fn follow(chain: &RunningChain, member: &Member) -> mpsc::UnboundedReceiver<(String, Instant)> {
    let (heard, hears) = mpsc::unbounded_channel();
    let client = feed(chain, member);
    tokio::spawn(async move {
        let mut after = "now".to_owned();
        loop {
            let asked = SignalsAsked { after: Some(after), limit: None, wait: Some(20) };
            let Ok(page) = client.read(&asked).await else { return };
            let now = Instant::now();
            for signal in page.signals.iter().filter(|one| one.known() == Some(SignalType::MatchArisen)) {
                if heard.send((signal.about.clone(), now)).is_err() {
                    return;
                }
            }
            after = page.cursor;
        }
    });
    hears
}

async fn hears_soon(chain: RunningChain, database: &str) {
    let [care, school] = ["youth-care", "school"].map(|kind| member(&chain, kind));
    for number in 0..MATCHES {
        register(&care, number).await;
    }
    let mut feeds = [follow(&chain, &care), follow(&chain, &school)];
    tokio::time::sleep(Duration::from_millis(700)).await;
    let mut took: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    for number in 0..MATCHES {
        register(&school, number).await;
        let acknowledged = Instant::now();
        for (who, hears) in ["the other holder", "who registered"].into_iter().zip(&mut feeds) {
            let (_, heard) = tokio::time::timeout(LIMIT, hears.recv()).await.unwrap().unwrap();
            took.entry(who).or_default().push(heard.saturating_duration_since(acknowledged));
        }
    }
    for (who, took) in &mut took {
        took.sort();
        let at = |part: usize| took[(took.len() - 1) * part / 100];
        eprintln!(
            "{database}: {who} hears of {} matches after p50 {:?}, p99 {:?}, at most {:?}",
            took.len(),
            at(50),
            at(99),
            at(100)
        );
        assert!(at(100) < LIMIT);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_holders_hear_of_a_match_within_two_seconds_on_sqlite() {
    hears_soon(chain().start().unwrap(), "sqlite").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_holders_hear_of_a_match_within_two_seconds_on_postgresql() {
    let server = PostgresServer::shared().unwrap();
    hears_soon(chain().postgres(&server).unwrap().start().unwrap(), "postgresql").await;
}

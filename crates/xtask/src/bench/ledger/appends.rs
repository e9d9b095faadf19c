//! Records made durable: so many writers, each with its next record when the last is committed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kw_domain::{ChainName, Clock as _, Oin, SystemClock};
use kw_ledger::{AccessRecord, Canonical, Event, LeafKind, canonical};
use kw_store::switchboard::Switchboard;
use kw_store::{Act, DatabaseConfig, Store};
use rand_core::{OsRng, RngCore as _};

use super::super::arguments::Appends;
use super::super::load::Found;

const WARM_UP: Duration = Duration::from_millis(500);
pub(super) const ORIGIN: &str = "bench/switchboard";

/// Prints what it found.
pub(in super::super) async fn run(plan: Appends) -> anyhow::Result<()> {
    let store = Arc::new(tokio::task::spawn_blocking(move || open(&plan.database)).await??);
    let began = Instant::now();
    let until = began + WARM_UP + Duration::from_secs(plan.seconds);
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..plan.writers {
        let store = Arc::clone(&store);
        let record = record()?;
        writers.spawn(async move {
            let (mut times, mut bad) = (Vec::with_capacity(100_000), 0);
            while Instant::now() < until {
                let record = record.clone();
                let asked = Instant::now();
                let done = store.write::<(), (), _>("bench", move |_| Ok(((), act(record.clone())))).await;
                if asked.duration_since(began) < WARM_UP {
                    continue;
                }
                if done.is_ok() { times.push(asked.elapsed()) } else { bad += 1 }
            }
            (times, bad)
        });
    }
    let (mut times, mut bad) = (Vec::new(), 0);
    for (of_one, bad_of_one) in writers.join_all().await {
        times.extend(of_one);
        bad += bad_of_one;
    }
    let found = Found::of(&mut times, bad, plan.seconds as f64);
    println!("{}", serde_json::to_string(&found)?);
    Ok(())
}

pub(super) fn open(database: &str) -> anyhow::Result<Store<Switchboard>> {
    Ok(Store::open(&DatabaseConfig::at(database), ORIGIN, |bytes| OsRng.fill_bytes(bytes))?)
}

pub(super) fn act(record: Canonical) -> Act {
    Act::new(SystemClock.now(), LeafKind::Access, record)
}

/// As long as that of a question.
pub(super) fn record() -> anyhow::Result<Canonical> {
    let party = Oin::parse("00000099000000012000")?;
    let chain = ChainName::parse("bench")?;
    let mut record =
        AccessRecord::new(Event::QueryAnswered, SystemClock.now(), chain, party, party, "0".repeat(64));
    record.legal_basis = Some("art. 7.1.2.1 Jeugdwet".to_owned());
    record.processing_activity = Some("https://register.example/verwerking/0123456789".to_owned());
    record.trace = Some("0".repeat(32));
    record.holders = vec![party];
    record.count = Some(1);
    Ok(canonical(&record)?)
}

//! How long it takes from an answer until a published checkpoint covers its record, as any party of the chain can see it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Deserialize;

use super::super::arguments::{Plan, Publishing};
use super::super::load::{Found, requests};
use super::super::wire;

/// How often the checkpoint is looked at: what is found may be so much too long.
const EVERY: Duration = Duration::from_millis(5);
/// Longer than this is a failure and not a figure.
const GIVE_UP: Duration = Duration::from_secs(30);

/// Answers that are not published yet: the index of the record, and when the answer came.
type Waiting = Arc<Mutex<Vec<(u64, Instant)>>>;

#[derive(Deserialize)]
struct Answer {
    receipt: Receipt,
}

#[derive(Deserialize)]
struct Receipt {
    index: u64,
}

/// Prints what it found.
pub(in super::super) async fn run(Publishing { plan, rest }: Publishing) -> anyhow::Result<()> {
    let waiting = Waiting::default();
    let over = Arc::new(AtomicBool::new(false));
    let looking = tokio::spawn(look(plan.clone(), Arc::clone(&waiting), Arc::clone(&over)));
    let until = Instant::now() + Duration::from_secs(plan.seconds);
    let requests = Arc::new(requests(&plan)?);
    let mut askers = tokio::task::JoinSet::new();
    for number in 0..plan.connections {
        let mut connection = wire::Door::of(&plan.target)?.open(&plan.target).await?;
        let (waiting, requests) = (Arc::clone(&waiting), Arc::clone(&requests));
        askers.spawn(async move {
            let (mut buffer, mut bad) = (Vec::new(), 0_u64);
            for request in requests.iter().cycle().skip(number * 7) {
                if Instant::now() > until {
                    break;
                }
                match wire::exchange(connection.as_mut(), request, &mut buffer).await? {
                    200..300 => {
                        let answered = Instant::now();
                        let answer: Answer = serde_json::from_slice(wire::body(&buffer)?)?;
                        waiting
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .push((answer.receipt.index, answered));
                    }
                    _ => bad += 1,
                }
                tokio::time::sleep(Duration::from_millis(rest)).await;
            }
            anyhow::Ok(bad)
        });
    }
    let mut bad = 0;
    for of_one in askers.join_all().await {
        bad += of_one?;
    }
    over.store(true, Ordering::Relaxed);
    let mut times = looking.await??;
    println!("{}", serde_json::to_string(&Found::of(&mut times, bad, plan.seconds as f64))?);
    Ok(())
}

/// Looks at the checkpoint until everything that was answered is in it.
async fn look(plan: Plan, waiting: Waiting, over: Arc<AtomicBool>) -> anyhow::Result<Vec<Duration>> {
    let mut connection = wire::Door::of(&plan.target)?.open(&plan.target).await?;
    let request = wire::request("GET", "/log/checkpoint", "", "");
    let (mut buffer, mut times, mut last) = (Vec::new(), Vec::new(), Instant::now());
    loop {
        // Asked first: what was answered after the checkpoint was read waits for the next.
        let ended = over.load(Ordering::Relaxed);
        let status = wire::exchange(connection.as_mut(), &request, &mut buffer).await?;
        let now = Instant::now();
        let size = if status == 200 { size_in(wire::body(&buffer)?)? } else { 0 };
        let left = {
            let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.retain(|(index, answered)| {
                let published = *index < size;
                if published {
                    // An answer may be under way while its record is published.
                    times.push(now.saturating_duration_since(*answered));
                    last = now;
                }
                !published
            });
            waiting.len()
        };
        if ended && left == 0 {
            return Ok(times);
        }
        anyhow::ensure!(now - last < GIVE_UP, "{left} answers were not published within {GIVE_UP:?}");
        tokio::time::sleep(EVERY).await;
    }
}

/// The second line of a checkpoint (C2SP tlog-checkpoint).
fn size_in(note: &[u8]) -> anyhow::Result<u64> {
    let size = std::str::from_utf8(note)?.lines().nth(1).context("a checkpoint has three lines")?;
    Ok(size.parse()?)
}

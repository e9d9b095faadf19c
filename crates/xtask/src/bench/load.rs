//! The load generator: each connection sends its next request when the last is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::arguments::Plan;
use super::wire;

const WARM_UP: Duration = Duration::from_millis(500);

/// What one run found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Found {
    /// Answers with a good status while it was measured.
    pub(super) good: u64,
    /// Other answers.
    pub(super) bad: u64,
    /// For how long it was measured.
    pub(super) seconds: f64,
    /// Half of the answers came within so many microseconds.
    pub(super) p50_us: f64,
    /// All but one in a hundred came within so many microseconds.
    pub(super) p99_us: f64,
}

impl Found {
    /// What the times of the good answers say; sorts them.
    pub(super) fn of(times: &mut [Duration], bad: u64, seconds: f64) -> Self {
        times.sort_unstable();
        let at = |part: f64| {
            let place = (times.len() as f64 * part) as usize;
            times.get(place.min(times.len().saturating_sub(1))).map_or(0.0, |time| time.as_secs_f64() * 1e6)
        };
        Self { good: times.len() as u64, bad, seconds, p50_us: at(0.5), p99_us: at(0.99) }
    }
}

/// Prints `go` when everything is warm, `end` when it is over, and what was found.
pub(super) async fn run(plan: Plan) -> anyhow::Result<()> {
    let requests = Arc::new(requests(&plan)?);
    let door = wire::Door::of(&plan.target)?;
    let (stop, measuring) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let next = Arc::new(AtomicU64::new(0));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..plan.connections {
        let mut connection = door.open(&plan.target).await?;
        let (stop, measuring, next) = (Arc::clone(&stop), Arc::clone(&measuring), Arc::clone(&next));
        let requests = Arc::clone(&requests);
        callers.spawn(async move {
            let (mut times, mut bad, mut buffer) =
                (Vec::with_capacity(100_000), 0_u64, Vec::with_capacity(8_192));
            while !stop.load(Ordering::Relaxed) {
                let at = next.fetch_add(1, Ordering::Relaxed) as usize % requests.len();
                let began = Instant::now();
                let status = wire::exchange(connection.as_mut(), &requests[at], &mut buffer).await?;
                let took = began.elapsed();
                if measuring.load(Ordering::Relaxed) {
                    if (200..300).contains(&status) { times.push(took) } else { bad += 1 }
                }
            }
            anyhow::Ok((times, bad))
        });
    }
    tokio::time::sleep(WARM_UP).await;
    let began = Instant::now();
    measuring.store(true, Ordering::Relaxed);
    println!("go");
    tokio::time::sleep(Duration::from_secs(plan.seconds)).await;
    measuring.store(false, Ordering::Relaxed);
    let seconds = began.elapsed().as_secs_f64();
    println!("end");
    stop.store(true, Ordering::Relaxed);
    let (mut times, mut bad) = (Vec::new(), 0);
    for caller in callers.join_all().await {
        let (of_one, bad_of_one) = caller?;
        times.extend(of_one);
        bad += bad_of_one;
    }
    println!("{}", serde_json::to_string(&Found::of(&mut times, bad, seconds))?);
    Ok(())
}

/// Opens connections, uses each once, and keeps them until it is killed.
pub(super) async fn idle(plan: Plan) -> anyhow::Result<()> {
    let door = wire::Door::of(&plan.target)?;
    let request = wire::request("GET", "/v1/pointers?limit=1", "", "");
    let (mut open, mut buffer) = (Vec::new(), Vec::new());
    for _ in 0..plan.connections {
        let mut connection = door.open(&plan.target).await?;
        wire::exchange(connection.as_mut(), &request, &mut buffer).await?;
        open.push(connection);
    }
    println!("go");
    tokio::time::sleep(Duration::from_secs(plan.seconds)).await;
    println!("end");
    drop(open);
    Ok(())
}

/// The requests of a plan, ready to send.
pub(super) fn requests(plan: &Plan) -> anyhow::Result<Vec<Vec<u8>>> {
    let path = plan.requests.as_ref().context("--requests is needed")?;
    let text = std::fs::read_to_string(path)?;
    let headers = plan.token.as_ref().map_or(Ok(String::new()), |path| {
        std::fs::read_to_string(path).map(|token| format!("authorization: Bearer {}\r\n", token.trim()))
    })?;
    let requests: Vec<Vec<u8>> = text.lines().filter_map(|line| parsed(line, &headers)).collect();
    anyhow::ensure!(!requests.is_empty(), "there are no requests in {}", path.display());
    Ok(requests)
}

fn parsed(line: &str, headers: &str) -> Option<Vec<u8>> {
    let (method, rest) = line.split_once(' ')?;
    let (path, body) = rest.split_once(' ').unwrap_or((rest, ""));
    Some(wire::request(method, path, headers, body))
}

//! Killed in the middle, again and again, the one that delivers and the one that takes: nothing is lost, the order holds, and
//! what comes twice comes under the same id.
//!
//! `KETENWIJZER_KILLS` says how often; a few times without it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use kw_protocol::signal::Signal;
use kw_testbed::{Chain, Member, PostgresServer, RunningChain};

use crate::child::chain;
use crate::log;
use crate::signals::feed;
use crate::sink::Sink;

fn kills() -> u32 {
    std::env::var("KETENWIJZER_KILLS").ok().map_or(6, |text| text.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_signal_is_lost_when_switchboard_and_sink_are_killed_on_sqlite() {
    killed(chain()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_signal_is_lost_when_switchboard_and_sink_are_killed_on_postgresql() {
    let server = PostgresServer::shared().unwrap();
    killed(chain().postgres(&server).unwrap()).await;
}

async fn killed(chain: Chain) {
    let mut chain = impatient(chain);
    let care = Arc::new(chain.member("youth-care").unwrap());
    let mut sink = Sink::of(&chain, "youth-care");
    feed(&chain, &care).subscribe(&sink.subscription(&["pointer-registered"])).await.unwrap();
    let (stop, next) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        callers.spawn(registers(Arc::clone(&care), Arc::clone(&stop), Arc::clone(&next)));
    }
    let began = Instant::now();
    let kills = kills();
    for kill in 0..kills {
        tokio::time::sleep(Duration::from_millis(random(20, 900))).await;
        // One of four hits the sink, one of four both.
        let (here, there) = (kill % 4 != 1, kill % 4 == 1 || kill % 4 == 3);
        if here {
            chain.kill_switchboard().unwrap();
        }
        if there {
            sink.kill();
            tokio::time::sleep(Duration::from_millis(random(0, 300))).await;
        }
        (chain, sink) = tokio::task::spawn_blocking(move || {
            if here {
                chain.start_switchboard().unwrap();
            }
            if there {
                sink.start();
            }
            (chain, sink)
        })
        .await
        .unwrap();
    }
    stop.store(true, Ordering::SeqCst);
    let acknowledged: u64 = callers.join_all().await.into_iter().sum();
    let told = all_told(&chain, &care).await;
    assert!(told.len() as u64 >= acknowledged && acknowledged > 20, "{acknowledged} of {}", told.len());
    until_taken(&sink, &told).await;
    let taken = sink.taken();
    let duplicates = check(&told, &taken);
    eprintln!(
        "{kills} kills in {:.0?}: {} signals, lost 0, {duplicates} delivered once more",
        began.elapsed(),
        told.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_switchboards_one_delivers_and_the_other_goes_on_when_it_is_killed() {
    let server = PostgresServer::shared().unwrap();
    let mut chain = impatient(chain().postgres(&server).unwrap());
    let second = chain.start_second_switchboard().unwrap();
    let care = chain.member("youth-care").unwrap();
    let sink = Sink::of(&chain, "youth-care");
    feed(&chain, &care).subscribe(&sink.subscription(&["pointer-registered"])).await.unwrap();
    for number in 0..20 {
        care.switchboard().unwrap().register(&care.registration(number).unwrap(), &care.key()).await.unwrap();
    }
    let told = all_told(&chain, &care).await;
    until_taken(&sink, &told).await;
    assert_eq!(check(&told, &sink.taken()), 0, "two delivered");
    chain.kill_switchboard().unwrap();
    let url = format!("https://{}/v1/pointers", second.address("service").unwrap());
    for number in 20..30 {
        let request = care.http().post(&url).json(&care.registration(number).unwrap());
        assert!(request.send().await.unwrap().status().is_success());
    }
    let told = all_told(&chain, &care).await;
    assert_eq!(told.len(), 30);
    until_taken(&sink, &told).await;
    check(&told, &sink.taken());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_keep_up_with_what_is_told() {
    let chain = impatient(chain());
    let care = chain.member("youth-care").unwrap();
    let sink = Sink::of(&chain, "youth-care");
    let client = feed(&chain, &care);
    sink.behaves("status 503");
    client.subscribe(&sink.subscription(&["pointer-registered"])).await.unwrap();
    let many: u64 = 400;
    for number in 0..many {
        let registration = care.registration(number).unwrap();
        care.switchboard().unwrap().register(&registration, &care.key()).await.unwrap();
    }
    let told = all_told(&chain, &care).await;
    sink.behaves("");
    let began = Instant::now();
    until_taken(&sink, &told).await;
    let took = began.elapsed();
    eprintln!("{many} signals in {took:.2?}: {:.0} a second", many as f64 / took.as_secs_f64());
    check(&told, &sink.taken());
}

/// A switchboard that comes back soon, and never gives up.
fn impatient(chain: Chain) -> RunningChain {
    let mut chain = chain.prepare().unwrap();
    let file = chain.config_file();
    let text = std::fs::read_to_string(&file).unwrap();
    let signals = "\n[signals]\nattempts = 100\nfirst-wait-ms = 50\nlongest-wait = 1\ntimeout-ms = 2000\n";
    std::fs::write(file, text + signals).unwrap();
    chain.start_switchboard().unwrap();
    chain
}

/// Registers until told to stop; comes back after every break. How many were acknowledged.
async fn registers(care: Arc<Member>, stop: Arc<AtomicBool>, next: Arc<AtomicU64>) -> u64 {
    let mut acknowledged = 0;
    let mut client = care.switchboard().unwrap();
    while !stop.load(Ordering::SeqCst) {
        let number = next.fetch_add(1, Ordering::SeqCst);
        match client.register(&care.registration(number).unwrap(), &care.key()).await {
            Ok(_) => acknowledged += 1,
            Err(error) => {
                assert!(error.retryable(), "{error:?}");
                tokio::time::sleep(Duration::from_millis(50)).await;
                client = care.switchboard().unwrap();
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    acknowledged
}

/// The ids of everything that this party was told of its pointers, in the order of its feed, from the database.
async fn all_told(chain: &RunningChain, member: &Member) -> Vec<String> {
    let (index, oin) = (log::index(chain).await, member.oin);
    let mut all = Vec::new();
    let mut after = 0;
    loop {
        let page = index.read(move |index| index.signals_after(oin, after, 500)).await.unwrap();
        let Some(last) = page.last() else { return all };
        after = last.number;
        let pointers = page.iter().filter(|one| one.signal.kind.on_request());
        all.extend(pointers.map(|stored| stored.signal.id.to_string()));
    }
}

async fn until_taken(sink: &Sink, told: &[String]) {
    let (began, last) = (Instant::now(), told.last().unwrap());
    while !sink.taken().iter().any(|signal| signal.id.to_string() == *last) {
        assert!(began.elapsed() < Duration::from_mins(3), "{} of {} arrived", sink.taken().len(), told.len());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Everything arrived, first arrivals in the order of the feed; how many arrived more than once.
fn check(told: &[String], taken: &[Signal]) -> usize {
    let mut first = Vec::new();
    let mut seen: BTreeMap<String, &Signal> = BTreeMap::new();
    for signal in taken {
        let id = signal.id.to_string();
        if let Some(before) = seen.insert(id.clone(), signal) {
            assert_eq!(before, signal, "the same id tells the same");
        } else {
            first.push(id);
        }
    }
    let arrived: BTreeSet<_> = first.iter().collect();
    let lost: Vec<_> = told.iter().filter(|id| !arrived.contains(id)).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    assert_eq!(first, told, "the order does not hold");
    taken.len() - first.len()
}

fn random(from: u64, to: u64) -> u64 {
    let mut bytes = [0; 8];
    aws_lc_rs::rand::fill(&mut bytes).unwrap();
    from + u64::from_le_bytes(bytes) % (to - from)
}

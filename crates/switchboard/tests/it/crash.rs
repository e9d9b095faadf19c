//! Killed in the middle, again and again: what was acknowledged is there, no grant is without its record, and the log never
//! forks.
//!
//! `KW_KILLS` says how often; a few times without it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use kw_client::SwitchboardClient;
use kw_domain::{Clock as _, SystemClock, TransactionId};
use kw_testbed::{Chain, Member, PostgresServer};

use crate::child::chain;
use crate::promises::{self, Told};

const CALLERS: u64 = 64;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_switchboard_is_killed_on_sqlite() {
    killed(chain()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_switchboard_is_killed_on_postgresql() {
    let server = PostgresServer::shared().unwrap();
    killed(chain().postgres(&server).unwrap()).await;
}

async fn killed(chain: Chain) {
    let kills: u32 = std::env::var("KW_KILLS").ok().map_or(5, |text| text.parse().unwrap());
    let mut chain = chain.start().unwrap();
    let (school, care) =
        (Arc::new(chain.member("school").unwrap()), Arc::new(chain.member("youth-care").unwrap()));
    let (stop, next) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let watching =
        tokio::spawn(promises::watch(Arc::clone(&school), promises::log_key(&chain), Arc::clone(&stop)));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..CALLERS {
        callers.spawn(call(Arc::clone(&school), Arc::clone(&care), Arc::clone(&stop), Arc::clone(&next)));
    }
    for _ in 0..kills {
        // Another moment each time: while it starts, while callers come back, in the middle of the work.
        tokio::time::sleep(Duration::from_millis(u64::from(random(&[20..120, 300..1_100])))).await;
        chain.kill_switchboard().unwrap();
        chain = tokio::task::spawn_blocking(move || {
            chain.start_switchboard().unwrap();
            chain
        })
        .await
        .unwrap();
    }
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    stop.store(true, Ordering::SeqCst);
    let told = callers.join_all().await;
    let seen = watching.await.unwrap();
    chain.kill_switchboard().unwrap();

    let promised = promises::check(&chain, school.oin, &told, &seen).await;
    assert!(promised.registrations > 100 && promised.grants > 20, "hardly anything happened: {promised:?}");
    assert!(promised.checkpoints > 0, "no checkpoint was seen");
    eprintln!("{kills} kills: {promised}");
}

/// A number from one of the ranges.
fn random(ranges: &[std::ops::Range<u32>]) -> u32 {
    let mut bytes = [0; 4];
    aws_lc_rs::rand::fill(&mut bytes).unwrap();
    let drawn = u32::from_le_bytes(bytes);
    let range = &ranges[drawn as usize % ranges.len()];
    range.start + (drawn >> 8) % (range.end - range.start)
}

/// Registers, and asks about what was registered, until told to stop; comes back after every break.
async fn call(school: Arc<Member>, care: Arc<Member>, stop: Arc<AtomicBool>, next: Arc<AtomicU64>) -> Told {
    let mut told = Told::default();
    let (mut registering, mut asking) = clients(&school, &care);
    while !stop.load(Ordering::SeqCst) {
        // Some numbers are given out twice, so that registrations of one subject meet.
        let number = next.fetch_add(1, Ordering::SeqCst) / 2;
        let broken = match registering.register(&school.registration(number).unwrap(), &school.key()).await {
            Ok(registered) => {
                told.pointers.push((number, registered.pointer.id));
                let transaction = TransactionId::new(SystemClock.now(), [1; 10]);
                match asking.query(&care.question(number).unwrap(), transaction).await {
                    Ok(answer) => {
                        assert_eq!(answer.holders.len(), 1, "an acknowledged pointer is not found");
                        told.answers.push(answer);
                        None
                    }
                    Err(error) => Some(error),
                }
            }
            Err(error) => Some(error),
        };
        if let Some(error) = broken {
            assert!(error.retryable(), "{error:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
            (registering, asking) = clients(&school, &care);
        }
    }
    told
}

fn clients(school: &Member, care: &Member) -> (SwitchboardClient, SwitchboardClient) {
    (school.switchboard().unwrap(), care.switchboard().unwrap())
}

//! Killed in the middle, again and again: what was acknowledged is there, and no grant is without its record.
//!
//! `KW_KILLS` says how often; a few times without it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_client::SwitchboardClient;
use kw_domain::{Clock as _, PointerId, SystemClock, TransactionId};
use kw_ledger::canonical;
use kw_protocol::grant::GrantClaims;
use kw_protocol::query::QueryAnswer;
use kw_testbed::{Chain, Member, PostgresServer};

use crate::child::chain;
use crate::log;

const CALLERS: u64 = 64;

/// What callers were told.
#[derive(Default)]
struct Told {
    pointers: Vec<(u64, PointerId)>,
    answers: Vec<QueryAnswer>,
}

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
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..CALLERS {
        callers.spawn(call(Arc::clone(&school), Arc::clone(&care), Arc::clone(&stop), Arc::clone(&next)));
    }
    for round in 0..kills {
        // Another moment each time, long enough for the callers to have come back.
        tokio::time::sleep(Duration::from_millis(700 + u64::from(round % 7) * 70)).await;
        chain.kill_switchboard().unwrap();
        chain = tokio::task::spawn_blocking(move || {
            chain.start_switchboard().unwrap();
            chain
        })
        .await
        .unwrap();
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    stop.store(true, Ordering::SeqCst);
    let told = callers.join_all().await;
    chain.kill_switchboard().unwrap();

    let index = log::index(&chain).await;
    let entries = log::entries(&index).await;
    let grants: BTreeSet<&str> =
        entries.iter().map(|entry| entry.record.as_ref().unwrap().as_str()).collect();
    let mut pointers: BTreeMap<u64, PointerId> = BTreeMap::new();
    let (mut acknowledged, mut granted) = (0, 0);
    for told in &told {
        for (number, id) in &told.pointers {
            acknowledged += 1;
            assert_eq!(*pointers.entry(*number).or_insert(*id), *id, "one reference, two pointers");
            let (holder, id) = (school.oin, *id);
            let stored = index.read(move |index| index.pointer(holder, id)).await.unwrap();
            assert!(stored.is_some(), "an acknowledged pointer is lost");
        }
        for answer in &told.answers {
            let entry = &entries[answer.receipt.index as usize];
            assert_eq!(entry.record.as_ref().unwrap().as_str(), answer.receipt.record.as_deref().unwrap());
            assert_eq!(entry.salt.unwrap().0, answer.receipt.salt.0, "the receipt no longer opens its leaf");
            for holder in &answer.holders {
                granted += 1;
                let claims = holder.grant.split('.').nth(1).unwrap();
                let mut claims: GrantClaims =
                    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
                let place = claims.log.take().unwrap();
                let text = canonical(&claims).unwrap();
                assert!(grants.contains(text.as_str()), "a grant without its record");
                let leaf = &entries[place.i as usize];
                assert_eq!(
                    (leaf.record.as_ref().unwrap().as_str(), leaf.salt.unwrap().0),
                    (text.as_str(), place.s.0)
                );
            }
        }
    }
    assert!(acknowledged > 100 && granted > 20, "hardly anything happened: {acknowledged} and {granted}");
    let subjects = index.read(|index| index.count_subjects()).await.unwrap();
    let active = index.read(|index| index.count_all_active()).await.unwrap();
    assert_eq!(subjects, active, "a subject without its pointer, or twice");
    eprintln!(
        "{kills} kills: {acknowledged} registrations and {granted} grants acknowledged, {} entries",
        entries.len()
    );
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

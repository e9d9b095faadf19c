//! Dates that come by themselves.

use std::time::{Duration, Instant};

use kw_domain::{Clock as _, Oin, SystemClock, TransactionId};
use kw_ledger::{AccessRecord, Event, LeafKind, canonical};
use kw_protocol::pointer::{Pointer, PointerState};
use kw_protocol::signal::{SignalType, SignalsAsked};
use kw_protocol::subscription::CreateSubscription;
use kw_store::Act;
use kw_store::switchboard::ActiveSelector;
use kw_testbed::{Member, RunningChain};

use crate::child::chain;
use crate::log;
use crate::signals::{feed, kinds};

const PATIENCE: Duration = Duration::from_secs(30);

async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < end, "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// Registers a subject for so long.
async fn for_seconds(member: &Member, number: u64, seconds: u64) -> Pointer {
    let mut registration = member.registration(number).unwrap();
    registration.valid_until = Some(SystemClock.now().plus(Duration::from_secs(seconds)));
    member.switchboard().unwrap().register(&registration, &member.key()).await.unwrap().pointer
}

async fn holders(asker: &Member, number: u64) -> usize {
    let transaction = TransactionId::new(SystemClock.now(), [1; 10]);
    asker
        .switchboard()
        .unwrap()
        .query(&asker.question(number).unwrap(), transaction)
        .await
        .unwrap()
        .holders
        .len()
}

async fn hears_of_lapses(chain: &RunningChain, member: &Member) {
    let types = vec![SignalType::PointerLapsed.event_type()];
    let subscription = CreateSubscription { types, ..CreateSubscription::default() };
    feed(chain, member).subscribe(&subscription).await.unwrap();
}

/// Which pointers a member was told of as lapsed.
async fn lapses_told(chain: &RunningChain, member: &Member) -> Vec<String> {
    let page = feed(chain, member).read(&SignalsAsked::default()).await.unwrap();
    let kinds = kinds(&page);
    let told = page.signals.into_iter().zip(kinds).filter(|(_, kind)| *kind == SignalType::PointerLapsed);
    told.map(|(signal, _)| signal.about).collect()
}

async fn linked_subjects(chain: &RunningChain) -> u64 {
    log::index(chain).await.read(|index| index.count_subjects()).await.unwrap()
}

#[tokio::test]
async fn a_pointer_that_runs_out_goes_to_the_archive_or_leaves_a_tombstone_without_a_subject() {
    let chain = chain()
        .agreed(|draft| {
            draft.categories.get_mut("youth-health").unwrap().archive = None;
            draft.categories.get_mut("school-attendance").unwrap().archive = Some("P1D".to_owned());
        })
        .start()
        .unwrap();
    let (school, health) = (chain.member("school").unwrap(), chain.member("youth-health").unwrap());
    let care = chain.member("youth-care").unwrap();
    hears_of_lapses(&chain, &school).await;
    let (archived, buried) = (for_seconds(&school, 1, 2).await, for_seconds(&health, 1, 2).await);
    let kept = for_seconds(&school, 2, 3_600).await;
    assert_eq!(holders(&care, 1).await, 2);
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    assert_eq!(holders(&care, 1).await, 0, "not found any more, whether or not the job has run");

    let client = school.switchboard().unwrap();
    let archived = until("the archive", async || {
        Some(client.read(archived.id).await.unwrap()).filter(|pointer| pointer.state != PointerState::Active)
    })
    .await;
    assert_eq!(archived.state, PointerState::Inactive);
    let client = health.switchboard().unwrap();
    let buried = until("the tombstone", async || {
        Some(client.read(buried.id).await.unwrap()).filter(|pointer| pointer.state != PointerState::Active)
    })
    .await;
    assert_eq!((buried.state, buried.handle, buried.source), (PointerState::Lapsed, None, None));
    let index = log::index(&chain).await;
    let stored = index.read(move |index| index.pointer(buried.holder, buried.id)).await.unwrap().unwrap();
    assert!(stored.subject.is_none() && stored.sealed.is_none() && stored.source_key.is_none());
    assert_eq!(school.switchboard().unwrap().read(kept.id).await.unwrap().state, PointerState::Active);
    assert_eq!(lapses_told(&chain, &school).await, [archived.id.to_string()], "whoever asked for it");
    assert!(lapses_told(&chain, &health).await.is_empty());
    let records = log::records(&index).await;
    let lapsed: u64 = records
        .iter()
        .filter(|record| record.event == Event::PointersLapsed)
        .filter_map(|record| record.count)
        .sum();
    assert_eq!(lapsed, 2);
    assert!(linked_subjects(&chain).await >= 1, "who asked about the person stays visible to them");
}

/// An agreement cannot say less than an hour, so the lease is shortened in the database.
async fn shorten_lease(chain: &RunningChain, holder: Oin, length: Duration) {
    let until = SystemClock.now().plus(length);
    let record = AccessRecord::new(
        Event::LeaseRenewed,
        SystemClock.now(),
        chain.agreement().unwrap().chain().clone(),
        holder,
        holder,
        "test",
    );
    log::index(chain)
        .await
        .write::<_, (), _>("test", move |tx| {
            tx.write().delete_lease(holder)?;
            tx.write().renew_lease(holder, until)?;
            Ok(((), Act::new(record.at, LeafKind::Access, canonical(&record).unwrap())))
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn without_a_sign_of_life_all_pointers_of_a_holder_lapse_and_with_one_they_stay() {
    let chain = chain().start().unwrap();
    let (school, care) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    let health = chain.member("youth-health").unwrap();
    hears_of_lapses(&chain, &school).await;
    let mut registered = Vec::new();
    for number in 0..3 {
        registered.push(for_seconds(&school, number, 3_600).await.id.to_string());
    }
    let alive = for_seconds(&health, 1, 3_600).await;
    for holder in [school.oin, health.oin] {
        shorten_lease(&chain, holder, Duration::from_secs(2)).await;
    }
    assert_eq!(holders(&care, 1).await, 2);
    let lease = health.switchboard().unwrap().lease().await.unwrap();
    assert!(lease.valid_until > SystemClock.now().plus(Duration::from_hours(1)));
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    assert_eq!(holders(&care, 1).await, 1, "at once, whether or not the job has run");

    let index = log::index(&chain).await;
    let silent = school.oin;
    until("the end of the lease", async || {
        let left = index.read(move |index| index.count_active(silent, &ActiveSelector::default()));
        (left.await.unwrap() == 0).then_some(())
    })
    .await;
    let mut told = lapses_told(&chain, &school).await;
    told.sort();
    registered.sort();
    assert_eq!(told, registered);
    assert_eq!(holders(&care, 1).await, 1, "the one that gave a sign of life is still found");
    assert_eq!(health.switchboard().unwrap().read(alive.id).await.unwrap().state, PointerState::Active);
    // Coming back is registering again.
    let client = school.switchboard().unwrap();
    assert!(client.register(&school.registration(1).unwrap(), &school.key()).await.unwrap().created);
    assert_eq!(holders(&care, 1).await, 2);
}

//! What happens when an address does not take what is delivered: waits, dead letters, replay, an end.

use std::time::{Duration, Instant};

use kw_protocol::query::RelationBasis;
use kw_protocol::signal::{SignalType, SignalsAsked};
use kw_protocol::subscription::{DeadLettersAsked, DeliveryFailure, ReplayDeadLetters, SubscriptionStatus};

use crate::signals::{ask, feed, kinds, register};
use crate::sink::Sink;
use crate::subscriptions::{impatient_chain, until, until_is};

#[tokio::test]
async fn what_is_refused_goes_to_the_dead_letters_and_can_be_replayed_one_or_all() {
    let chain = impatient_chain();
    let care = chain.member("youth-care").unwrap();
    let (sink, client) = (Sink::of(&chain, "youth-care"), feed(&chain, &care));
    let one =
        client.subscribe(&sink.subscription(&["pointer-registered", "subscription-failing"])).await.unwrap();
    sink.behaves("status 400");
    for number in 0..3 {
        register(&care, number).await;
    }
    // Three about pointers; the fourth says that the subscription fails, once.
    let failing = until_is(&client, &one, "all are given up", |now| now.dead_letters == 4).await;
    assert_eq!(
        (failing.status, failing.failure),
        (SubscriptionStatus::Failing, Some(DeliveryFailure::Refused))
    );
    let told = client.read(&SignalsAsked::default()).await.unwrap();
    let failures = kinds(&told).into_iter().filter(|kind| *kind == SignalType::SubscriptionFailing).count();
    assert_eq!((told.signals.len(), failures), (4, 1), "{told:?}");
    assert!(told.signals.iter().any(|signal| signal.about == one.id.to_string()));

    let page = |after: Option<String>| DeadLettersAsked { after, limit: Some(3) };
    let first = client.dead_letters(one.id, &page(None)).await.unwrap();
    let rest = client.dead_letters(one.id, &page(first.next_after.clone())).await.unwrap();
    assert_eq!((first.dead_letters.len(), rest.dead_letters.len(), rest.next_after), (3, 1, None));
    let letters = [first.dead_letters, rest.dead_letters].concat();
    assert!(
        letters.iter().all(|one| one.attempts == 3 && one.failure == DeliveryFailure::Refused),
        "{letters:?}"
    );
    let dead: Vec<_> = letters.iter().map(|one| one.signal.clone().unwrap()).collect();
    assert_eq!(dead, told.signals);

    sink.behaves("");
    let second = ReplayDeadLetters { sequence: Some(letters[1].sequence.clone()) };
    assert_eq!(client.replay(one.id, &second).await.unwrap().replaying, 1);
    until("one is delivered", || sink.taken() == [dead[1].clone()]).await;
    // The address has it before the switchboard knows.
    until_is(&client, &one, "it is a dead letter no longer", |now| now.dead_letters == 3).await;
    assert_eq!(client.replay(one.id, &ReplayDeadLetters::default()).await.unwrap().replaying, 3);
    until("all are delivered", || sink.taken().len() == 4).await;
    let last: Vec<_> = sink.taken()[1..].to_vec();
    assert_eq!(last, [dead[0].clone(), dead[2].clone(), dead[3].clone()]);
    until_is(&client, &one, "no dead letter is left", |now| now.dead_letters == 0).await;
    register(&care, 9).await;
    until("it goes on", || sink.taken().len() == 5).await;
    until_is(&client, &one, "it is well again", |now| now.status == SubscriptionStatus::Active).await;
}

#[tokio::test]
async fn one_signal_that_is_refused_does_not_hold_up_the_others() {
    let chain = impatient_chain();
    let care = chain.member("youth-care").unwrap();
    let (sink, client) = (Sink::of(&chain, "youth-care"), feed(&chain, &care));
    let one = client.subscribe(&sink.subscription(&["pointer-registered"])).await.unwrap();
    let switchboard = care.switchboard().unwrap();
    let mut ids = Vec::new();
    sink.behaves("status 503 1");
    for number in 0..3 {
        let done = switchboard.register(&care.registration(number).unwrap(), &care.key()).await.unwrap();
        ids.push(done.pointer.id.to_string());
    }
    sink.behaves(&format!("not {}", ids[1]));
    until("the others are delivered", || sink.taken().len() == 2).await;
    let told: Vec<_> = sink.taken().iter().map(|signal| signal.about.clone()).collect();
    assert_eq!(told, [ids[0].clone(), ids[2].clone()]);
    let page = client.dead_letters(one.id, &DeadLettersAsked::default()).await.unwrap();
    assert_eq!(page.dead_letters[0].signal.as_ref().unwrap().about, ids[1]);
}

#[tokio::test]
async fn a_server_that_asks_to_wait_is_waited_for_and_one_that_is_gone_ends_it() {
    let chain = impatient_chain();
    let (school, care) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    let (sink, client) = (Sink::of(&chain, "school"), feed(&chain, &school));
    let (beside, other) = (Sink::of(&chain, "youth-care"), feed(&chain, &care));
    let one = client.subscribe(&sink.subscription(&[])).await.unwrap();
    other.subscribe(&beside.subscription(&["pointer-registered"])).await.unwrap();
    sink.behaves("status 429 3");
    let began = Instant::now();
    ask(&school, 1, RelationBasis::Motivated).await;
    until_is(&client, &one, "it was tried", |now| now.attempts == 1).await;
    sink.behaves("");
    // Another subscriber is not held up.
    register(&care, 1).await;
    until("the other's is delivered", || beside.taken().len() == 1).await;
    until("it is delivered", || sink.taken().len() == 1).await;
    assert!(began.elapsed() >= Duration::from_secs(3), "{:?}", began.elapsed());

    sink.behaves("status 410");
    ask(&school, 2, RelationBasis::Motivated).await;
    let ended = until_is(&client, &one, "it ended", |now| now.ended_at.is_some()).await;
    assert_eq!((ended.status, ended.failure), (SubscriptionStatus::Ended, Some(DeliveryFailure::Gone)));
    let told = client.read(&SignalsAsked::default()).await.unwrap();
    assert_eq!(kinds(&told).last(), Some(&SignalType::SubscriptionFailing));
}

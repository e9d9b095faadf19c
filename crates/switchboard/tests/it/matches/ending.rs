//! How a match dissolves, shrinks and grows, and what happens when nobody makes contact.

use std::time::Duration;

use kw_domain::{Clock as _, Instant, MatchId, SystemClock};
use kw_ledger::{AccessRecord, Event, LeafKind, canonical};
use kw_protocol::matching::{Match, MatchState, MatchesAsked};
use kw_protocol::pointer::{PointerSelector, RenewPointer, SupersedePointer, WithdrawMany, WithdrawalReason};
use kw_protocol::problem::ProblemCode;
use kw_protocol::signal::SignalType;
use kw_store::Act;
use kw_store::StoreError;
use kw_store::switchboard::SwitchboardWrite;
use kw_testbed::{Member, PostgresServer, RunningChain};

use super::{HOLDERS, TOWN, by, kinds, live, member, register, seen, told, until, withdraw};
use crate::child::chain;
use crate::log;
use crate::signals::AUDITOR;

/// Changes something past the switchboard.
async fn change(
    chain: &RunningChain,
    change: impl Fn(&mut dyn SwitchboardWrite) -> Result<(), StoreError> + Send + 'static,
) {
    let oin = chain.agreement().unwrap().switchboard().oin;
    let name = chain.agreement().unwrap().chain().clone();
    let record = AccessRecord::new(Event::LeaseRenewed, SystemClock.now(), name, oin, oin, "test");
    log::index(chain)
        .await
        .write::<_, (), _>("test", move |tx| {
            change(tx.write())?;
            Ok(((), Act::new(record.at, LeafKind::Access, canonical(&record).unwrap())))
        })
        .await
        .unwrap();
}

async fn for_seconds(member: &Member, number: u64, seconds: u64) {
    let mut registration = member.registration(number).unwrap();
    registration.valid_until = Some(SystemClock.now().plus(Duration::from_secs(seconds)));
    member.switchboard().unwrap().register(&registration, &member.key()).await.unwrap();
}

async fn only(chain: &RunningChain) -> MatchId {
    let all = live(chain).await;
    assert_eq!(all.len(), 1);
    all[0].id
}

#[tokio::test]
async fn a_holder_that_comes_or_goes_is_told_and_so_are_the_others() {
    let chain = chain().start().unwrap();
    let [care, school, health] = ["youth-care", "school", "youth-health"].map(|kind| member(&chain, kind));
    let town = member(&chain, TOWN);
    let pointer = register(&care, 1).await;
    let second = register(&school, 1).await;
    let id = only(&chain).await;
    care.switchboard().unwrap().say_contact(id, &by("youth-care-worker")).await.unwrap();
    register(&health, 1).await;
    assert_eq!(only(&chain).await, id, "the same match");
    let [arisen, changed, ended] =
        [SignalType::MatchArisen, SignalType::MatchChanged, SignalType::MatchEnded];
    assert_eq!(kinds(&chain, &health).await, [arisen]);
    assert_eq!(kinds(&chain, &care).await, [arisen, changed]);
    let joined = seen(&health, id).await;
    assert_eq!(
        (joined.holders.len(), joined.contacted_at),
        (3, None),
        "with whoever comes there is contact to make"
    );

    withdraw(&care, pointer).await;
    assert_eq!(kinds(&chain, &care).await.last(), Some(&ended));
    let left: Match = seen(&care, id).await;
    assert_eq!(
        (left.state, left.holders.len()),
        (MatchState::Lapsed, 1),
        "who has left does not see who is there"
    );
    assert!(left.holders[0].own_pointers.is_empty() && left.ended_at.is_some());
    let refused = care.switchboard().unwrap().say_contact(id, &by("youth-care-worker")).await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::Denied));
    assert_eq!(seen(&health, id).await.holders.len(), 2);
    let only_live = MatchesAsked { live: Some(true), ..MatchesAsked::default() };
    assert_eq!(town.switchboard().unwrap().matches(&only_live).await.unwrap().matches.len(), 1);

    withdraw(&school, second).await;
    assert!(live(&chain).await.is_empty());
    for member in [&school, &health, &town] {
        assert_eq!(kinds(&chain, member).await.last(), Some(&ended));
    }
    let over = seen(&health, id).await;
    assert_eq!((over.state, over.holders.len()), (MatchState::Lapsed, 1));
    let refused = health.switchboard().unwrap().say_contact(id, &by("youth-doctor")).await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::Conflict));
    // Whoever registers again makes a new one.
    register(&school, 1).await;
    assert_ne!(only(&chain).await, id);
}

#[tokio::test]
async fn withdrawing_many_dissolves_each_and_superseding_none() {
    let chain = chain().start().unwrap();
    let [care, school] = ["youth-care", "school"].map(|kind| member(&chain, kind));
    for number in 0..20 {
        register(&care, number).await;
    }
    let mut last = None;
    for number in 0..20 {
        last = Some(register(&school, number).await);
    }
    assert_eq!(live(&chain).await.len(), 20);
    let before = told(&chain, &care).await.len();
    let mut successor = school.registration(19).unwrap();
    successor.source = "newer".parse().unwrap();
    let client = school.switchboard().unwrap();
    client.supersede(last.unwrap(), &SupersedePointer { successor }, &school.key()).await.unwrap();
    assert_eq!((live(&chain).await.len(), told(&chain, &care).await.len()), (20, before));
    let many = WithdrawMany {
        selector: PointerSelector { category: None, source: None, all: true },
        expected_count: 20,
        reason: WithdrawalReason::EnteredInError,
    };
    client.withdraw_many(&many).await.unwrap();
    assert!(live(&chain).await.is_empty());
    assert_eq!(told(&chain, &care).await.len(), before + 20);
}

async fn dates_dissolve(chain: RunningChain) {
    let [care, school, health] = ["youth-care", "school", "youth-health"].map(|kind| member(&chain, kind));
    for number in 0..3 {
        register(&care, number).await;
    }
    for_seconds(&school, 0, 2).await;
    for_seconds(&health, 1, 3_600).await;
    for_seconds(&school, 2, 3_600).await;
    assert_eq!(live(&chain).await.len(), 3);
    until("expiry", async || (live(&chain).await.len() == 2).then_some(())).await;

    // Without a sign of life all of a holder's matches dissolve.
    let silent = health.oin;
    change(&chain, move |index| {
        index.delete_lease(silent)?;
        index.renew_lease(silent, SystemClock.now().plus(Duration::from_millis(500)))
    })
    .await;
    until("the end of the lease", async || (live(&chain).await.len() == 1).then_some(())).await;
    assert_eq!(
        kinds(&chain, &health).await,
        [SignalType::MatchArisen, SignalType::MatchEnded],
        "the silent holder finds it when it comes back"
    );
    let ends = kinds(&chain, &care).await.into_iter().filter(|kind| *kind == SignalType::MatchEnded);
    assert_eq!(ends.count(), 2);
    // Coming back is registering again.
    register(&health, 1).await;
    assert_eq!(live(&chain).await.len(), 2);
}

#[tokio::test]
async fn expiry_and_a_lapsed_lease_dissolve_on_sqlite() {
    dates_dissolve(chain().start().unwrap()).await;
}

#[tokio::test]
async fn expiry_and_a_lapsed_lease_dissolve_on_postgresql() {
    let server = PostgresServer::shared().unwrap();
    dates_dissolve(chain().postgres(&server).unwrap().start().unwrap()).await;
}

#[tokio::test]
async fn a_pointer_that_ran_out_matches_nobody_until_it_is_renewed() {
    let chain = chain().start().unwrap();
    let [care, school] = ["youth-care", "school"].map(|kind| member(&chain, kind));
    let pointer = register(&care, 1).await;
    let holder = care.oin;
    // It ran out, and the job that ends it is not due yet.
    change(&chain, move |index| {
        let mut stored = index.pointer(holder, pointer)?.unwrap();
        stored.valid_until = SystemClock.now().minus(Duration::from_secs(1));
        index.update_pointer(&stored)
    })
    .await;
    register(&school, 1).await;
    assert!(live(&chain).await.is_empty());
    care.switchboard().unwrap().renew(pointer, &RenewPointer { valid_until: None }).await.unwrap();
    assert_eq!(live(&chain).await.len(), 1);
}

/// The term is over.
async fn run_out(chain: &RunningChain, id: MatchId) {
    change(chain, move |index| {
        let mut one = index.found_match(id)?.unwrap();
        one.contact_by = SystemClock.now().minus(Duration::from_secs(1));
        index.update_match(&one)
    })
    .await;
}

#[tokio::test]
async fn a_match_without_contact_is_escalated_once_and_one_with_contact_never() {
    let chain = chain().start().unwrap();
    let [care, school, town] = ["youth-care", "school", TOWN].map(|kind| member(&chain, kind));
    let pointer = register(&care, 1).await;
    register(&school, 1).await;
    register(&care, 2).await;
    register(&school, 2).await;
    let [late, spoken] = live(&chain).await.iter().map(|one| one.id).collect::<Vec<_>>()[..] else {
        panic!("two matches")
    };
    let due: Instant = seen(&care, late).await.contact_by;
    assert!(due > SystemClock.now().plus(Duration::from_hours(5 * 24)), "five working days");
    care.switchboard().unwrap().say_contact(spoken, &by("youth-care-worker")).await.unwrap();
    run_out(&chain, late).await;
    run_out(&chain, spoken).await;
    let escalated = async |member: &Member| {
        let all = told(&chain, member).await.into_iter();
        let of_kind = all.filter(|(kind, _)| *kind == SignalType::MatchEscalated);
        of_kind.map(|(_, about)| about).collect::<Vec<_>>()
    };
    until("the escalation", async || (!escalated(&town).await.is_empty()).then_some(())).await;
    tokio::time::sleep(Duration::from_secs(11)).await;
    for member in [&care, &school, &town] {
        assert_eq!(escalated(member).await, [late.to_string()]);
    }
    assert!(seen(&town, late).await.escalated_at.is_some());
    // One waits beyond its term, one has contact; the operator sees numbers, and goes on seeing the late one after the alarm.
    shows(&chain, &[("{state=\"in-contact\"}", 1.0), ("_overdue", 1.0), ("_arisen_this_month", 2.0)]).await;
    // Late contact is contact.
    let state = school.switchboard().unwrap().say_contact(late, &by("care-coordinator")).await.unwrap().state;
    assert_eq!(state, MatchState::InContact);
    shows(&chain, &[("{state=\"in-contact\"}", 2.0), ("_overdue", 0.0)]).await;
    withdraw(&care, pointer).await;
    shows(&chain, &[("{state=\"lapsed\"}", 1.0), ("_arisen_this_month", 2.0)]).await;
}

/// Waits until the metrics of matches have these values.
async fn shows(chain: &RunningChain, wanted: &[(&str, f64)]) {
    let metric =
        |name: &str| chain.switchboard().unwrap().metric(&format!("ketenwijzer_matches{name}")).unwrap();
    until("what the metrics should show", async || {
        wanted.iter().all(|(name, value)| metric(name) == Some(*value)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn without_a_coordinator_the_auditors_hear_of_an_escalation_and_may_look() {
    let chain = chain().agreed(|draft| draft.matching.coordinators.clear()).start().unwrap();
    let [care, school] = ["youth-care", "school"].map(|kind| member(&chain, kind));
    let auditor = chain.party("auditor", AUDITOR).unwrap();
    register(&care, 1).await;
    register(&school, 1).await;
    let id = only(&chain).await;
    run_out(&chain, id).await;
    until("the escalation", async || (!told(&chain, &auditor).await.is_empty()).then_some(())).await;
    assert_eq!(kinds(&chain, &auditor).await, [SignalType::MatchEscalated]);
    let overview = seen(&auditor, id).await;
    assert!(overview.holders.len() == 2 && overview.coordinators.is_empty());
    let outsider = member(&chain, HOLDERS[3]);
    assert!(outsider.switchboard().unwrap().found_match(id).await.is_err());
}

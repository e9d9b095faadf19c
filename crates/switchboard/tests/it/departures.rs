//! A partner leaves: alone, with a successor, or without a word.

use std::time::{Duration, Instant as Elapsed};

use kw_domain::{ActorId, Clock as _, DepartureId, Oin, Role, SystemClock};
use kw_ledger::{AccessRecord, Event, LeafKind, canonical};
use kw_protocol::departure::{
    Departure, DepartureAct, DepartureCategory, DepartureKind, DepartureStatus, RequestDeparture,
};
use kw_protocol::pointer::{Pointer, PointerState, WithdrawPointer, WithdrawalReason};
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::{Actor, Assurance};
use kw_protocol::signal::{SignalType, SignalsAsked};
use kw_store::Act;
use kw_testbed::{Chain, Member, PostgresServer, RunningChain};

use crate::child::chain;
use crate::log;

const PATIENCE: Duration = Duration::from_secs(30);

fn act(name: &str) -> DepartureAct {
    DepartureAct { actor: person(name) }
}

fn person(name: &str) -> Actor {
    Actor {
        id: ActorId::parse(name).unwrap(),
        role: Role::parse("director").unwrap(),
        assurance: Assurance::Asserted,
        proof: None,
    }
}

async fn ask(member: &Member, successor: Option<Oin>) -> DepartureId {
    let asked = RequestDeparture { successor, actor: person("a.director") };
    member.switchboard().unwrap().request_departure(&asked).await.unwrap().id
}

async fn register(member: &Member, number: u64) -> Pointer {
    let client = member.switchboard().unwrap();
    client.register(&member.registration(number).unwrap(), &member.key()).await.unwrap().pointer
}

async fn until(member: &Member, id: DepartureId, reached: impl Fn(&Departure) -> bool) -> Departure {
    let (client, end) = (member.switchboard().unwrap(), Elapsed::now() + PATIENCE);
    loop {
        let seen = client.departure(id).await.unwrap();
        if reached(&seen) {
            return seen;
        }
        assert!(Elapsed::now() < end, "{seen:?}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// How often a party was told of this departure.
async fn told(member: &Member, id: DepartureId) -> usize {
    let page = member.switchboard().unwrap().signals(&SignalsAsked::default()).await.unwrap();
    let about = id.to_string();
    let ours = |signal: &&kw_protocol::signal::Signal| {
        signal.known() == Some(SignalType::PartnerDeparted) && signal.about == about
    };
    page.signals.iter().filter(ours).count()
}

async fn leaves_alone(chain: RunningChain) {
    let (school, care) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    let client = school.switchboard().unwrap();
    let mut pointers = Vec::new();
    for number in 0..5 {
        pointers.push(register(&school, number).await);
    }
    let id = ask(&school, None).await;
    let twice = client.request_departure(&RequestDeparture { successor: None, actor: person("x") }).await;
    assert_eq!(twice.unwrap_err().code(), Some(ProblemCode::Conflict));
    let others = care.switchboard().unwrap();
    assert_eq!(
        others.departure(id).await.unwrap_err().code(),
        Some(ProblemCode::NotFound),
        "not theirs to know yet"
    );
    client.approve_departure(id, &act("a.director")).await.unwrap();
    let same = client.approve_departure(id, &act("A.Director")).await.unwrap_err();
    assert_eq!(same.code(), Some(ProblemCode::Conflict));
    register(&school, 5).await;
    assert_eq!(client.departure(id).await.unwrap().status, DepartureStatus::Requested);
    client.approve_departure(id, &act("b.lawyer")).await.unwrap();

    let done = until(&school, id, |seen| seen.status == DepartureStatus::Finished).await;
    let report = done.report.unwrap();
    let words: Vec<_> = report.approvals.iter().map(|one| one.actor.as_str()).collect();
    assert_eq!(words, ["a.director", "b.lawyer"]);
    assert_eq!(
        report.categories,
        [DepartureCategory {
            category: school.category().unwrap(),
            held: Some(6),
            transferred: 0,
            withdrawn: 6,
            remaining: 0,
            otherwise: Some(0),
        }]
    );
    for pointer in &pointers {
        let left = client.read(pointer.id).await.unwrap();
        assert_ne!(left.state, PointerState::Active);
        assert_eq!(left.withdrawal, Some(WithdrawalReason::HolderStopped));
    }
    let again = client.register(&school.registration(9).unwrap(), &school.key()).await.unwrap_err();
    assert_eq!(again.code(), Some(ProblemCode::Denied));

    // The others are told once, and see that it left, not who decided it.
    let seen = others.departure(id).await.unwrap();
    assert_eq!((seen.status, seen.report), (DepartureStatus::Finished, None));
    assert_eq!(told(&care, id).await, 1);
    assert_eq!(others.end_departure(id, &act("c")).await.unwrap_err().code(), Some(ProblemCode::NotFound));

    // It comes back: the others are told, and it registers again.
    client.end_departure(id, &act("a.director")).await.unwrap();
    assert_eq!(told(&care, id).await, 2);
    register(&school, 9).await;
    let records = log::records(&log::index(&chain).await).await;
    let changed = records.iter().filter(|record| record.event == Event::DepartureChanged);
    assert!(changed.filter(|record| record.actor.is_some()).count() >= 4);
}

#[tokio::test]
async fn a_partner_leaves_when_two_of_its_people_say_so_and_registers_nothing_more() {
    leaves_alone(chain().start().unwrap()).await;
}

#[tokio::test]
async fn a_partner_leaves_when_two_of_its_people_say_so_and_registers_nothing_more_on_postgresql() {
    let server = PostgresServer::shared().unwrap();
    leaves_alone(chain().postgres(&server).unwrap().start().unwrap()).await;
}

/// Youth care may register what the school does.
fn with_successor() -> Chain {
    chain().agreed(|draft| {
        let care = draft.partners.iter_mut().find(|one| one.kind == "youth-care").unwrap();
        care.registers.push("school-attendance".to_owned());
    })
}

async fn hands_over(chain: RunningChain) {
    let (school, care) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    let (own, theirs) = (school.switchboard().unwrap(), care.switchboard().unwrap());
    for number in 0..3 {
        register(&school, number).await;
    }
    let left_over = register(&school, 3).await.id;
    let id = ask(&school, Some(care.oin)).await;
    for name in ["a.director", "b.lawyer"] {
        own.approve_departure(id, &act(name)).await.unwrap();
    }
    assert_eq!(
        own.departure(id).await.unwrap().status,
        DepartureStatus::Requested,
        "the successor did not consent"
    );
    assert_eq!(told(&care, id).await, 1, "it is asked");
    theirs.approve_departure(id, &act("c.manager")).await.unwrap();

    // Two of the four, in the same category; and one in its own, which counts for nothing.
    let mut expected = 0;
    for number in [0, 2] {
        let mut registration = care.registration(number).unwrap();
        registration.category = school.category().unwrap();
        theirs.register(&registration, &care.key()).await.unwrap();
        expected += 1;
    }
    let mut elsewhere = care.registration(1).unwrap();
    elsewhere.category = kw_domain::Category::parse("youth-care-plan").unwrap();
    theirs.register(&elsewhere, &care.key()).await.unwrap();
    let part = until(&school, id, |seen| {
        seen.report.as_ref().is_some_and(|report| report.categories[0].transferred == expected)
    })
    .await;
    let counts = &part.report.unwrap().categories[0];
    assert_eq!((part.status, counts.remaining, counts.withdrawn), (DepartureStatus::Running, 2, 0));
    assert_eq!((counts.held, counts.otherwise), (Some(4), Some(0)));
    // The partner takes one back itself: the numbers still add up.
    own.withdraw(left_over, &WithdrawPointer { reason: WithdrawalReason::NoLongerPresent }).await.unwrap();
    own.finish_departure(id, &act("a.director")).await.unwrap();
    let done = until(&care, id, |seen| seen.status == DepartureStatus::Finished).await;
    let report = done.report.unwrap();
    let counts = &report.categories[0];
    assert_eq!((counts.transferred, counts.withdrawn, counts.remaining), (2, 1, 0));
    assert_eq!((counts.held, counts.otherwise), (Some(4), Some(1)));
    assert_eq!(report.approvals.len(), 3);
}

#[tokio::test]
async fn a_successor_takes_over_what_it_registers_itself_and_the_rest_goes_when_somebody_says_so() {
    hands_over(with_successor().start().unwrap()).await;
}

#[tokio::test]
async fn a_successor_takes_over_what_it_registers_itself_and_the_rest_goes_when_somebody_says_so_on_postgresql()
 {
    let server = PostgresServer::shared().unwrap();
    hands_over(with_successor().postgres(&server).unwrap().start().unwrap()).await;
}

/// An agreement cannot say less than an hour, so the lease is shortened in the database.
async fn end_lease(chain: &RunningChain, holder: Oin) {
    let now = SystemClock.now();
    let chain_name = chain.agreement().unwrap().chain().clone();
    let record = AccessRecord::new(Event::LeaseRenewed, now, chain_name, holder, holder, "test");
    log::index(chain)
        .await
        .write::<_, (), _>("test", move |tx| {
            tx.write().delete_lease(holder)?;
            tx.write().renew_lease(holder, now)?;
            Ok(((), Act::new(now, LeafKind::Access, canonical(&record).unwrap())))
        })
        .await
        .unwrap();
}

async fn vanishes(chain: RunningChain) {
    let (school, care) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    register(&school, 1).await;
    end_lease(&chain, school.oin).await;
    let others = care.switchboard().unwrap();
    let end = Elapsed::now() + PATIENCE;
    let found = loop {
        let listed = others.departures().await.unwrap().departures;
        if let Some(found) = listed.into_iter().find(|one| one.party == school.oin) {
            break found;
        }
        assert!(Elapsed::now() < end, "nobody noticed");
        tokio::time::sleep(Duration::from_millis(250)).await;
    };
    assert_eq!((found.kind, found.status), (DepartureKind::Vanished, DepartureStatus::Finished));
    assert_eq!(told(&care, found.id).await, 1);
    let own = school.switchboard().unwrap();
    let report = own.departure(found.id).await.unwrap().report.unwrap();
    assert_eq!((report.categories[0].withdrawn, report.requested_by), (1, None));
    assert_eq!((report.categories[0].held, report.categories[0].otherwise), (Some(1), Some(0)));
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(told(&care, found.id).await, 1, "once");
    own.lease().await.unwrap();
    until(&care, found.id, |seen| seen.status == DepartureStatus::Ended).await;
    assert_eq!(told(&care, found.id).await, 2);
    register(&school, 1).await;
}

#[tokio::test]
async fn of_a_partner_that_vanished_the_others_hear_once_and_again_when_it_is_back() {
    vanishes(chain().start().unwrap()).await;
}

#[tokio::test]
async fn of_a_partner_that_vanished_the_others_hear_once_and_again_when_it_is_back_on_postgresql() {
    let server = PostgresServer::shared().unwrap();
    vanishes(chain().postgres(&server).unwrap().start().unwrap()).await;
}

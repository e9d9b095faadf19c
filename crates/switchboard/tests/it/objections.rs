//! Objections to statutory registrations: taken in, decided, and kept.

use std::collections::BTreeSet;
use std::time::Duration;

use kw_client::SwitchboardClient;
use kw_domain::{Clock as _, ObjectionId, SystemClock};
use kw_ledger::{AccessRecord, Event, LeafKind, canonical};
use kw_protocol::objection::{
    DecideObjection, Objection, ObjectionReason, ObjectionState, ObjectionVerdict, SearchObjections,
    SubmitObjection,
};
use kw_protocol::pointer::PointerState;
use kw_protocol::problem::ProblemCode;
use kw_protocol::signal::{SignalType, SignalsAsked};
use kw_store::Act;
use kw_store::switchboard::consents::StoredObjection;
use kw_testbed::{Chain, Member, PostgresServer, subject_element};

use crate::consents::{Town, by_the_person, chain};
use crate::log;
use crate::signals::{OFFICER, feed, kinds, with_officer};

fn objection(town: &Town, number: u64) -> SubmitObjection {
    SubmitObjection {
        subject: subject_element(number).unwrap(),
        holder: town.care.oin,
        category: "youth-care-plan".parse().unwrap(),
        declared: by_the_person(),
        reason: ObjectionReason::PersonalSituation,
    }
}

async fn decide(client: &SwitchboardClient, objection: &Objection, verdict: ObjectionVerdict) -> Objection {
    let decision = decision(verdict);
    client.decide_objection(objection.id, &decision).await.unwrap()
}

fn decision(verdict: ObjectionVerdict) -> DecideObjection {
    let actor = serde_json::json!({ "id": "m.bakker", "role": "youth-care-worker" });
    DecideObjection {
        verdict,
        reasons: "Your situation was weighed against the task.".to_owned(),
        actor: serde_json::from_value(actor).unwrap(),
    }
}

async fn an_objection_is_decided_by_the_holder_and_then_stands(chain: Chain) {
    let town = Town::new(chain);
    let pointer = town.register(1).await;
    let (registrar, care) = (town.registrar.switchboard().unwrap(), town.care.switchboard().unwrap());
    let sent = registrar.submit_objection(&objection(&town, 1)).await.unwrap();
    assert_eq!(
        (sent.state, sent.pointers.len()),
        (ObjectionState::Received, 0),
        "the registrar hears of no pointer"
    );
    let within = town.chain.agreement().unwrap().consent().objection_within;
    assert_eq!(sent.due_at.since(sent.received_at), within);
    let twice = registrar.submit_objection(&objection(&town, 1)).await.unwrap();
    assert_eq!(twice.id, sent.id, "the same objection while it waits");
    assert_eq!(town.found(1).await, [town.care.oin], "nothing changes before it is decided");

    // Whether somebody is registered does not show.
    let nobody = registrar.submit_objection(&objection(&town, 404)).await.unwrap();
    let waiting = care.search_objections(&SearchObjections::default()).await.unwrap().objections;
    let seen: Vec<_> = waiting.iter().map(|one| (one.id, one.pointers.clone())).collect();
    assert_eq!(seen, [(sent.id, vec![pointer]), (nobody.id, Vec::new())]);

    let rejected = decide(&care, &sent, ObjectionVerdict::Rejected).await;
    assert_eq!(rejected.state, ObjectionState::Rejected);
    assert_eq!(town.found(1).await, [town.care.oin], "the registration stays");
    let again = care.decide_objection(sent.id, &decision(ObjectionVerdict::Upheld)).await.unwrap_err();
    assert_eq!(again.code(), Some(ProblemCode::Conflict), "it is decided once");

    let second = registrar.submit_objection(&objection(&town, 1)).await.unwrap();
    assert_ne!(second.id, sent.id, "a person who does not agree objects again");
    let other = town.school.switchboard().unwrap();
    let refused = other.decide_objection(second.id, &decision(ObjectionVerdict::Upheld)).await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::NotFound), "only its holder decides");
    let upheld = decide(&care, &second, ObjectionVerdict::Upheld).await;
    assert_eq!((upheld.state, upheld.pointers), (ObjectionState::Upheld, vec![pointer]));
    assert!(town.found(1).await.is_empty());
    let ended = care.read(pointer).await.unwrap();
    assert_eq!(
        (ended.state, ended.handle),
        (PointerState::Objected, None),
        "a tombstone, without the subject"
    );

    // It does not come back by itself.
    let refused = care.register(&town.care.registration(1).unwrap(), &town.care.key()).await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::Objected));
    assert!(town.found(1).await.is_empty());
    town.register(2).await;
    assert_eq!(town.found(2).await, [town.care.oin], "others are not concerned");

    let search = SearchObjections { subject: Some(subject_element(1).unwrap()), decided: true, after: None };
    let of_person = registrar.search_objections(&search).await.unwrap().objections;
    let states: Vec<_> = of_person.iter().map(|one| one.state).collect();
    assert_eq!(states, [ObjectionState::Rejected, ObjectionState::Upheld]);
    assert!(of_person.iter().all(|one| one.reasons.is_some() && one.pointers.is_empty()));
    assert_eq!(other.search_objections(&search).await.unwrap_err().code(), Some(ProblemCode::Denied));

    let records = log::records(&log::index(&town.chain).await).await;
    for (event, count) in [(Event::ObjectionReceived, 4), (Event::ObjectionDecided, 2)] {
        let about: Vec<_> = records.iter().filter(|record| record.event == event).collect();
        assert_eq!(about.len(), count, "{event:?}");
        assert!(about.iter().all(|record| record.subject.is_some() && record.holders == [town.care.oin]));
    }
}

#[tokio::test]
async fn an_objection_is_decided_by_the_holder_and_then_stands_on_sqlite() {
    an_objection_is_decided_by_the_holder_and_then_stands(chain("statutory")).await;
}

#[tokio::test]
async fn an_objection_is_decided_by_the_holder_and_then_stands_on_postgresql() {
    let server = PostgresServer::shared().unwrap();
    let chain = chain("statutory").postgres(&server).unwrap();
    an_objection_is_decided_by_the_holder_and_then_stands(chain).await;
}

#[tokio::test]
async fn only_a_registrar_passes_an_objection_on_and_only_to_a_statutory_registration() {
    let town = Town::new(chain("opt-out"));
    let registrar = town.registrar.switchboard().unwrap();
    let refused = registrar.submit_objection(&objection(&town, 1)).await.unwrap_err();
    assert_eq!(
        refused.code(),
        Some(ProblemCode::Invalid),
        "where consent counts, the person's choice does it"
    );
    let mut statutory = objection(&town, 1);
    let health = town.chain.member("youth-health").unwrap();
    statutory.holder = health.oin;
    statutory.category = "youth-health".parse().unwrap();
    let school = town.school.switchboard().unwrap();
    assert_eq!(school.submit_objection(&statutory).await.unwrap_err().code(), Some(ProblemCode::Denied));
    registrar.submit_objection(&statutory).await.unwrap();
    statutory.holder = town.care.oin;
    let refused = registrar.submit_objection(&statutory).await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::Invalid), "a category that this holder may not register");
}

#[tokio::test]
async fn the_holder_hears_that_a_term_ends_and_an_officer_that_it_has() {
    let town = Town::new(with_officer(chain("statutory")));
    let officer = town.chain.party("officer", OFFICER).unwrap();
    let registrar = town.registrar.switchboard().unwrap();
    let sent = registrar.submit_objection(&objection(&town, 1)).await.unwrap();
    // A term is days, so two that are nearly over and over are put beside it.
    let index = log::index(&town.chain).await;
    let stored = index.read(move |index| index.objection(sent.id)).await.unwrap().unwrap();
    let now = SystemClock.now();
    let beside = |number: u8, category: &str, due_at| StoredObjection {
        id: ObjectionId::new(now, [number; 10]),
        category: category.parse().unwrap(),
        due_at,
        ..stored.clone()
    };
    let ending = beside(1, "youth-health", now.plus(Duration::from_hours(1)));
    let ended = beside(2, "school-attendance", now.minus(Duration::from_hours(1)));
    let rows = [ending.clone(), ended.clone()];
    let chain_name = town.chain.agreement().unwrap().chain().clone();
    let record =
        AccessRecord::new(Event::ObjectionReceived, now, chain_name, town.care.oin, town.care.oin, "test");
    index
        .write::<_, (), _>("test", move |tx| {
            for row in &rows {
                tx.write().insert_objection(row)?;
            }
            Ok(((), Act::new(record.at, LeafKind::Access, canonical(&record).unwrap())))
        })
        .await
        .unwrap();

    let due = async |member: &Member| -> BTreeSet<String> {
        let page = feed(&town.chain, member).read(&SignalsAsked::default()).await.unwrap();
        let told = kinds(&page).into_iter().zip(page.signals);
        told.filter(|(kind, _)| *kind == SignalType::ObjectionDue).map(|(_, signal)| signal.about).collect()
    };
    let (ending, ended) = (ending.id.to_string(), ended.id.to_string());
    let began = std::time::Instant::now();
    while due(&town.care).await.len() < 2 {
        assert!(began.elapsed() < Duration::from_secs(90), "nobody noticed");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert_eq!(due(&town.care).await, BTreeSet::from([ending.clone(), ended.clone()]));
    assert_eq!(due(&officer).await, BTreeSet::from([ended.clone()]));
    assert!(due(&town.registrar).await.is_empty());
    for (reader, id, expected) in [
        (&town.care, &ending, 200),
        (&town.registrar, &ending, 200),
        (&officer, &ended, 200),
        (&officer, &ending, 404),
        (&town.school, &ended, 404),
    ] {
        let url = reader.url(&format!("/v1/objections/{id}"));
        let answer = reader.http().get(url).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), expected, "{} {id}", reader.oin);
    }
}

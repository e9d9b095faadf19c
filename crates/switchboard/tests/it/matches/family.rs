//! Family match: over relations that a registrar declared, and only where the law lets categories match so.

use kw_client::SwitchboardClient;
use kw_domain::RelationId;
use kw_ledger::Event;
use kw_protocol::matching::{DeclareRelation, EndRelation, MatchKind, Relation};
use kw_protocol::problem::ProblemCode;
use kw_protocol::signal::SignalType;
use kw_testbed::{PostgresServer, RunningChain, subject_element};

use super::{TOWN, actor, kinds, live, member, register, seen, withdraw};
use crate::child::chain;
use crate::log;

pub(super) fn family(one: u64, other: u64, kind: &str) -> DeclareRelation {
    DeclareRelation {
        one: subject_element(one).unwrap(),
        other: subject_element(other).unwrap(),
        kind: kind.to_owned(),
        actor: actor("municipal-consultant"),
    }
}

pub(super) async fn end(client: &SwitchboardClient, id: RelationId) -> Relation {
    client.end_relation(id, &EndRelation { actor: actor("municipal-consultant") }).await.unwrap()
}

async fn family_match(chain: RunningChain) {
    let [care, school, health, town] =
        ["youth-care", "school", "youth-health", TOWN].map(|kind| member(&chain, kind));
    let registrar = town.switchboard().unwrap();
    let care_pointer = register(&care, 1).await;
    let school_pointer = register(&school, 2).await;
    assert!(live(&chain).await.is_empty(), "two persons");
    let declared = registrar.declare_relation(&family(2, 1, "parent-child")).await.unwrap();
    assert_eq!(registrar.declare_relation(&family(1, 2, "parent-child")).await.unwrap(), declared);
    let id = live(&chain).await.pop().unwrap().id;
    assert_eq!(kinds(&chain, &care).await, [SignalType::MatchArisen]);
    assert_eq!(kinds(&chain, &school).await, [SignalType::MatchArisen]);
    assert!(kinds(&chain, &health).await.is_empty());
    for (reader, own) in [(&care, care_pointer), (&school, school_pointer)] {
        let one = seen(reader, id).await;
        assert_eq!((one.kind, one.holders.len()), (MatchKind::Family, 2));
        let pointers: Vec<_> = one.holders.iter().flat_map(|line| line.own_pointers.clone()).collect();
        assert_eq!(pointers, [own]);
    }

    // A third holder about one of them has a match about that person, and joins the family's.
    register(&health, 2).await;
    let both = live(&chain).await;
    assert_eq!(both.iter().filter(|one| one.kind == MatchKind::Person).count(), 1);
    assert_eq!(both.iter().find(|one| one.id == id).unwrap().present().count(), 3);

    // A second relation between the same two makes no second match, and keeps the first one alive.
    let second = registrar.declare_relation(&family(1, 2, "household")).await.unwrap();
    assert_eq!(live(&chain).await.len(), 2);
    end(&registrar, declared.id).await;
    assert_eq!(live(&chain).await.len(), 2);
    assert!(end(&registrar, second.id).await.ended_at.is_some());
    assert!(live(&chain).await.iter().all(|one| one.kind == MatchKind::Person));
    assert_eq!(kinds(&chain, &care).await.last(), Some(&SignalType::MatchEnded));

    // Without something about each of them there is none, whoever declares what.
    registrar.declare_relation(&family(1, 2, "household")).await.unwrap();
    assert_eq!(live(&chain).await.len(), 2);
    withdraw(&care, care_pointer).await;
    assert_eq!(live(&chain).await.len(), 1);

    let records = log::records(&log::index(&chain).await).await;
    let of = |event| records.iter().filter(|record| record.event == event).collect::<Vec<_>>();
    assert_eq!(of(Event::RelationDeclared).len(), 8, "one for each person, each time");
    assert!(of(Event::RelationEnded).iter().all(|record| record.subject.is_some()));
    // Each person's record of the family match names what is held about that person only.
    let arisen = of(Event::MatchArisen);
    assert!(arisen.iter().take(2).all(|record| record.categories.len() == 1), "{arisen:?}");
}

#[tokio::test]
async fn a_declared_relation_makes_a_family_match_on_sqlite() {
    family_match(chain().start().unwrap()).await;
}

#[tokio::test]
async fn a_declared_relation_makes_a_family_match_on_postgresql() {
    let server = PostgresServer::shared().unwrap();
    family_match(chain().postgres(&server).unwrap().start().unwrap()).await;
}

#[tokio::test]
async fn only_registrars_declare_and_only_who_declared_ends() {
    let chain = chain()
        .agreed(|draft| {
            let school = draft.partners.iter().find(|partner| partner.kind == "school").unwrap().oin.clone();
            draft.matching.registrars.push(school);
        })
        .start()
        .unwrap();
    let [care, school, town] = ["youth-care", "school", TOWN].map(|kind| member(&chain, kind));
    let asked = family(1, 2, "parent-child");
    let refused = care.switchboard().unwrap().declare_relation(&asked).await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::Denied));
    let registrar = town.switchboard().unwrap();
    for wrong in [family(1, 1, "parent-child"), family(1, 2, "Parent of"), family(1, 2, "-")] {
        let refused = registrar.declare_relation(&wrong).await.unwrap_err();
        assert_eq!(refused.code(), Some(ProblemCode::Invalid));
    }
    let declared = registrar.declare_relation(&asked).await.unwrap();
    let other = school.switchboard().unwrap().declare_relation(&asked).await.unwrap();
    assert_ne!(declared.id, other.id, "each registrar knows of its own only");
    let given = EndRelation { actor: actor("care-coordinator") };
    let refused = school.switchboard().unwrap().end_relation(declared.id, &given).await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::NotFound));
    end(&registrar, declared.id).await;
    let gone = registrar.end_relation(declared.id, &given).await.unwrap_err();
    assert_eq!(gone.code(), Some(ProblemCode::NotFound));
}

#[tokio::test]
async fn without_a_law_for_families_a_relation_matches_nobody() {
    let chain = chain()
        .agreed(|draft| {
            for category in draft.categories.values_mut() {
                category.matching.as_mut().unwrap().family = false;
            }
            draft.categories.get_mut("addiction-care").unwrap().matching.as_mut().unwrap().family = true;
        })
        .start()
        .unwrap();
    let [care, school, town] = ["youth-care", "school", TOWN].map(|kind| member(&chain, kind));
    register(&care, 1).await;
    register(&school, 2).await;
    town.switchboard().unwrap().declare_relation(&family(1, 2, "siblings")).await.unwrap();
    assert!(live(&chain).await.is_empty());
}

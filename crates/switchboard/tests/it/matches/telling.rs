//! Exactly the holders involved and the coordinators hear of a match, and see no more of it than they may.

use kw_client::ClientError;
use kw_domain::MatchId;
use kw_ledger::{Event, Verdict};
use kw_protocol::matching::{MatchKind, MatchState};
use kw_protocol::pointer::RegistrationReason;
use kw_protocol::problem::ProblemCode;
use kw_protocol::signal::{SignalType, SignalsAsked};
use kw_testbed::{PostgresServer, RunningChain};

use super::{TOWN, by, kinds, listed, live, member, register, seen, told};
use crate::child::chain;
use crate::log;
use crate::signals::{AUDITOR, feed};

async fn the_life_of_a_match(chain: RunningChain) {
    let [care, school, health, town] =
        ["youth-care", "school", "youth-health", TOWN].map(|kind| member(&chain, kind));
    let care_pointer = register(&care, 1).await;
    register(&health, 2).await;
    assert!(told(&chain, &town).await.is_empty() && live(&chain).await.is_empty());
    let school_pointer = register(&school, 1).await;
    register(&school, 1).await;

    let id = {
        let one = live(&chain).await.pop().unwrap();
        assert_eq!((one.state, one.kind), (MatchState::Arisen, MatchKind::Person));
        one.id
    };
    for member in [&care, &school, &town] {
        assert_eq!(told(&chain, member).await, [(SignalType::MatchArisen, id.to_string())]);
    }
    // Who has no part in it hears nothing, and finds nothing.
    let auditor = chain.party("auditor", AUDITOR).unwrap();
    for outsider in [&health, &auditor] {
        assert!(told(&chain, outsider).await.is_empty());
        let refused = outsider.switchboard().unwrap().found_match(id).await.unwrap_err();
        assert_eq!(refused.code(), Some(ProblemCode::NotFound));
    }
    assert!(listed(&health).await.is_empty());
    let nobodys = MatchId::parse("01931b3e-7d5a-7000-8000-000000000001").unwrap();
    assert_eq!(
        care.switchboard().unwrap().found_match(nobodys).await.unwrap_err().code(),
        Some(ProblemCode::NotFound)
    );

    // Each sees who holds and where they are reached, and its own pointer only. Reading the feed was enough to be notified.
    for (reader, own, other) in [(&care, care_pointer, &school), (&school, school_pointer, &care)] {
        let one = seen(reader, id).await;
        assert_eq!(one.state, MatchState::Notified);
        assert_eq!(one.holders.len(), 2);
        let line = |oin| one.holders.iter().find(|line| line.holder.oin == oin).unwrap();
        assert_eq!(line(reader.oin).own_pointers, [own]);
        assert!(line(other.oin).own_pointers.is_empty());
        assert!(line(other.oin).contact.contains('@') && line(other.oin).notified_at.is_some());
        assert_eq!(one.coordinators.iter().map(|one| one.party.oin).collect::<Vec<_>>(), [town.oin]);
        assert_eq!(listed(reader).await, [one]);
    }
    let overview = seen(&town, id).await;
    assert!(overview.holders.len() == 2 && overview.holders.iter().all(|line| line.own_pointers.is_empty()));
    assert_eq!(listed(&town).await, [overview]);

    // Who may say what: neither a coordinator for the holders, nor a holder for the coordinator, nor a stranger.
    let code = |answer: Result<_, ClientError>| answer.map(drop).map_err(|error| error.code());
    let asker = |member: &kw_testbed::Member| member.switchboard().unwrap();
    let word = by("youth-care-worker");
    assert_eq!(code(asker(&town).say_contact(id, &word).await), Err(Some(ProblemCode::Denied)));
    assert_eq!(code(asker(&care).say_coordinated(id, &word).await), Err(Some(ProblemCode::Denied)));
    assert_eq!(code(asker(&health).say_contact(id, &word).await), Err(Some(ProblemCode::NotFound)));
    assert_eq!(
        code(asker(&town).say_coordinated(id, &word).await),
        Err(Some(ProblemCode::Conflict)),
        "nobody made contact yet"
    );
    let contact = asker(&care).say_contact(id, &word).await.unwrap();
    assert_eq!(contact.state, MatchState::InContact);
    assert_eq!(
        asker(&care).say_contact(id, &word).await.unwrap(),
        contact,
        "saying it twice changes nothing"
    );
    let coordinated = asker(&town).say_coordinated(id, &by("municipal-consultant")).await.unwrap();
    assert_eq!(coordinated.state, MatchState::Coordinated);
    let [arisen, changed] = [SignalType::MatchArisen, SignalType::MatchChanged];
    assert_eq!(kinds(&chain, &care).await, [arisen, changed], "its own word is no news to it");
    assert_eq!(kinds(&chain, &school).await, [arisen, changed, changed]);
    assert_eq!(kinds(&chain, &town).await, [arisen, changed]);

    let records = log::records(&log::index(&chain).await).await;
    let of = |event| records.iter().filter(move |record| record.event == event);
    let first: Vec<_> = of(Event::MatchArisen).collect();
    assert_eq!(first.len(), 1);
    assert!(first[0].subject.is_some() && first[0].holders.len() == 2 && first[0].categories.len() == 2);
    assert_eq!(of(Event::MatchChanged).filter(|one| one.decision.verdict == Verdict::Allowed).count(), 3);
    let refused: Vec<_> =
        of(Event::MatchChanged).filter_map(|record| record.decision.reason.as_deref()).collect();
    assert_eq!(refused, ["not-a-holder", "not-a-coordinator", "no-contact-yet"]);
}

#[tokio::test]
async fn a_match_is_told_and_followed_up_by_exactly_those_it_concerns_on_sqlite() {
    the_life_of_a_match(chain().start().unwrap()).await;
}

#[tokio::test]
async fn a_match_is_told_and_followed_up_by_exactly_those_it_concerns_on_postgresql() {
    let server = PostgresServer::shared().unwrap();
    the_life_of_a_match(chain().postgres(&server).unwrap().start().unwrap()).await;
}

#[tokio::test]
async fn a_match_says_nothing_about_the_person() {
    let chain = chain().start().unwrap();
    let [care, school, town] = ["youth-care", "school", TOWN].map(|kind| member(&chain, kind));
    let (care_pointer, school_pointer) = (register(&care, 1).await, register(&school, 1).await);
    let index = log::index(&chain).await;
    let stored = live(&chain).await.pop().unwrap();
    let subject = stored.about.unwrap().subjects().next().unwrap();
    let records = log::records(&index).await;
    let references: Vec<String> =
        records.iter().filter_map(|record| record.subject).map(|one| one.to_string()).collect();
    for reader in [&care, &school, &town] {
        let shown = serde_json::to_string(&seen(reader, stored.id).await).unwrap();
        let page = feed(&chain, reader).read(&SignalsAsked::default()).await.unwrap();
        let signals = serde_json::to_string(&page.signals).unwrap();
        for text in [&shown, &signals] {
            assert!(!text.contains(&subject.to_string()), "{text}");
            assert!(references.iter().all(|reference| !text.contains(reference)), "{text}");
            for member in [&care, &school] {
                assert!(!text.contains(member.category().unwrap().as_str()), "{text}");
            }
        }
        for (owner, pointer) in [(&care, care_pointer), (&school, school_pointer)] {
            assert_eq!(shown.contains(&pointer.to_string()), owner.oin == reader.oin, "{shown}");
        }
        for member in [&care, &school, &town] {
            assert!(!signals.contains(member.oin.as_str()), "{signals}");
        }
    }
}

#[tokio::test]
async fn only_what_a_law_lets_match_matches_and_the_agreement_may_change_its_mind() {
    let without = |draft: &mut kw_agreement::draft::AgreementDraft| {
        draft.categories.get_mut("school-attendance").unwrap().matching = None;
    };
    let chain = chain().agreed(without).start().unwrap();
    let [care, school] = ["youth-care", "school"].map(|kind| member(&chain, kind));
    register(&care, 1).await;
    register(&school, 1).await;
    assert!(live(&chain).await.is_empty() && told(&chain, &care).await.is_empty());
    chain
        .change_agreement(|draft| {
            let law = draft.categories["youth-care-plan"].matching.clone();
            draft.categories.get_mut("school-attendance").unwrap().matching = law;
        })
        .unwrap();
    super::until("the match", async || (live(&chain).await.len() == 1).then_some(())).await;
    assert_eq!(kinds(&chain, &care).await, [SignalType::MatchArisen]);
    chain.change_agreement(without).unwrap();
    super::until("its end", async || live(&chain).await.is_empty().then_some(())).await;
    assert_eq!(kinds(&chain, &school).await, [SignalType::MatchArisen, SignalType::MatchEnded]);
}

#[tokio::test]
async fn a_migration_makes_no_news_of_the_same_match() {
    let chain = chain().start().unwrap();
    let [care, school] = ["youth-care", "school"].map(|kind| member(&chain, kind));
    register(&care, 1).await;
    let old = register(&school, 1).await;
    let id = live(&chain).await.pop().unwrap().id;
    care.switchboard().unwrap().say_contact(id, &by("youth-care-worker")).await.unwrap();
    let before = (told(&chain, &care).await.len(), told(&chain, &school).await.len());

    // Another system at the school: first the new pointer, then the old one goes.
    let mut again = school.registration(1).unwrap();
    again.reason = RegistrationReason::Administrative;
    again.source = "newer".parse().unwrap();
    let client = school.switchboard().unwrap();
    let newer = client.register(&again, &school.key()).await.unwrap().pointer.id;
    super::withdraw(&school, old).await;
    assert_eq!((told(&chain, &care).await.len(), told(&chain, &school).await.len()), before);
    assert_eq!(seen(&school, id).await.holders.iter().map(|one| one.own_pointers.len()).sum::<usize>(), 1);

    // The other way round it ends in between; what comes back is the same match, as far as it was.
    super::withdraw(&school, newer).await;
    assert!(live(&chain).await.is_empty());
    let told_before = told(&chain, &care).await.len();
    again.source = "newest".parse().unwrap();
    client.register(&again, &school.key()).await.unwrap();
    let back = live(&chain).await.pop().unwrap();
    assert_eq!((back.id, back.state), (id, MatchState::InContact));
    assert_eq!(told(&chain, &care).await.len(), told_before);
}

#[tokio::test]
async fn numbers_name_nobody_and_only_those_who_oversee_read_them() {
    let chain = chain().start().unwrap();
    let [care, school, town] = ["youth-care", "school", TOWN].map(|kind| member(&chain, kind));
    let auditor = chain.party("auditor", AUDITOR).unwrap();
    for number in 0..5 {
        register(&care, number).await;
        register(&school, number).await;
    }
    let figures = town.switchboard().unwrap().match_figures().await.unwrap();
    assert_eq!(figures.figures.len(), 2);
    assert!(figures.figures.iter().all(|figure| figure.count == Some(5)), "{figures:?}");
    told(&chain, &care).await;
    told(&chain, &school).await;
    let id = live(&chain).await[0].id;
    care.switchboard().unwrap().say_contact(id, &by("youth-care-worker")).await.unwrap();
    let figures = auditor.switchboard().unwrap().match_figures().await.unwrap();
    assert_eq!(figures.figures.len(), 4);
    assert!(figures.figures.iter().all(|figure| figure.count.is_none()), "four and one are too few");
    let refused = care.switchboard().unwrap().match_figures().await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::Denied));
}

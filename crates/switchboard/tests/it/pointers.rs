//! Registering, listing, changing and withdrawing one's own pointers.

use std::collections::BTreeSet;
use std::sync::Arc;

use kw_client::ClientError;
use kw_domain::{Instant, PointerId};
use kw_ledger::Event;
use kw_protocol::pointer::{
    PointerSelector, PointerState, RenewPointer, SupersedePointer, WithdrawMany, WithdrawPointer,
    WithdrawalReason,
};
use kw_protocol::problem::ProblemCode;
use kw_testbed::{Chain, PostgresServer};

use crate::child::chain;
use crate::log;

fn refused<T: std::fmt::Debug>(outcome: Result<T, ClientError>) -> ProblemCode {
    let error = outcome.unwrap_err();
    error.code().unwrap_or_else(|| panic!("{error:?}"))
}

#[tokio::test]
async fn registering_again_gives_the_pointer_with_its_first_handle() {
    let chain = chain().start().unwrap();
    let school = chain.member("school").unwrap();
    let client = school.switchboard().unwrap();
    let registration = school.registration(1).unwrap();
    let first = client.register(&registration, &school.key()).await.unwrap();
    assert!(first.created);
    assert_eq!(first.pointer.handle, Some(registration.handle));
    assert_eq!((first.pointer.holder, first.pointer.state), (school.oin, PointerState::Active));

    let again = client.register(&school.registration(1).unwrap(), &school.key()).await.unwrap();
    assert!(!again.created);
    assert_eq!(again.pointer, first.pointer, "the handle of the first registration stays");

    let mut elsewhere = school.registration(1).unwrap();
    elsewhere.source = "archive".parse().unwrap();
    assert!(
        client.register(&elsewhere, &school.key()).await.unwrap().created,
        "another source, another pointer"
    );

    let records = log::records(&log::index(&chain).await).await;
    let registered = records.iter().filter(|record| record.event == Event::PointerRegistered);
    assert_eq!(registered.count(), 3, "each registration left its record");
}

async fn twenty_by_twelve(chain: Chain) {
    let chain = chain.start().unwrap();
    let school = Arc::new(chain.member("school").unwrap());
    let mut tasks = tokio::task::JoinSet::new();
    for client in 0..12_u64 {
        let school = Arc::clone(&school);
        tasks.spawn(async move {
            let switchboard = school.switchboard().unwrap();
            let mut answers = Vec::new();
            for step in 0..20 {
                let number = (step + client) % 20;
                let answer =
                    switchboard.register(&school.registration(number).unwrap(), &school.key()).await.unwrap();
                answers.push((number, answer.pointer.id, answer.pointer.handle, answer.created));
            }
            answers
        });
    }
    let answers: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    let pointers: BTreeSet<_> = answers.iter().map(|(number, id, handle, _)| (number, id, handle)).collect();
    assert_eq!(pointers.len(), 20, "everybody was told the same pointer and handle for the same reference");
    assert_eq!(answers.iter().filter(|(.., created)| *created).count(), 20);
    let index = log::index(&chain).await;
    assert_eq!(index.read(|index| index.count_all_active()).await.unwrap(), 20);
    assert_eq!(index.read(|index| index.count_subjects()).await.unwrap(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_references_from_twelve_clients_give_twenty_rows_on_sqlite() {
    twenty_by_twelve(chain()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_references_from_twelve_clients_give_twenty_rows_on_postgresql_over_tls() {
    let server = PostgresServer::shared().unwrap();
    twenty_by_twelve(chain().postgres_over_tls(&server).unwrap()).await;
}

#[tokio::test]
async fn what_does_not_fit_the_agreement_is_refused_with_every_reason() {
    let chain = chain().start().unwrap();
    let school = chain.member("school").unwrap();
    let client = school.switchboard().unwrap();

    let mut other = school.registration(1).unwrap();
    other.category = chain.member("youth-care").unwrap().category().unwrap();
    assert_eq!(refused(client.register(&other, &school.key()).await), ProblemCode::Denied);

    let mut wrong = school.registration(1).unwrap();
    wrong.valid_until = Some(Instant::parse("2099-01-01T00:00:00Z").unwrap());
    wrong.destroy_by = Some(Instant::parse("2030-01-02T00:00:00Z").unwrap());
    wrong.purposes = vec!["be-curious".parse().unwrap()];
    match client.register(&wrong, &school.key()).await.unwrap_err() {
        ClientError::Problem(refused) => {
            let fields: Vec<_> = refused.problem.errors.iter().map(|field| field.pointer.as_str()).collect();
            assert_eq!(fields, ["/validUntil", "/destroyBy", "/purposes/0"]);
        }
        error => panic!("{error:?}"),
    }

    let mut epoch = school.registration(1).unwrap();
    epoch.subject.epoch = kw_domain::Epoch(9);
    assert_eq!(refused(client.register(&epoch, &school.key()).await), ProblemCode::EpochUnknown);
    let mut element = school.registration(1).unwrap();
    element.subject.element = kw_protocol::SecretBytes32([0; 32]);
    assert_eq!(refused(client.register(&element, &school.key()).await), ProblemCode::Invalid, "the identity");
    let index = log::index(&chain).await;
    assert_eq!(index.read(|index| index.count_subjects()).await.unwrap(), 0, "nothing was stored");
}

#[tokio::test]
async fn a_list_shows_each_own_pointer_once_and_nobody_elses() {
    let chain = chain().start().unwrap();
    let (school, care) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    let (client, other) = (school.switchboard().unwrap(), care.switchboard().unwrap());
    let mut own = BTreeSet::new();
    for number in 0..25 {
        own.insert(
            client.register(&school.registration(number).unwrap(), &school.key()).await.unwrap().pointer.id,
        );
        other.register(&care.registration(number).unwrap(), &care.key()).await.unwrap();
    }
    let (mut seen, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = client.list(cursor.as_deref(), 10).await.unwrap();
        assert!(page.pointers.iter().all(|pointer| pointer.holder == school.oin));
        seen.extend(page.pointers.into_iter().map(|pointer| pointer.id));
        pages += 1;
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(pages, 3);
    assert_eq!(seen.len(), 25, "no pointer twice");
    assert_eq!(seen.iter().copied().collect::<BTreeSet<_>>(), own);
    assert_eq!(refused(client.list(Some("?"), 10).await), ProblemCode::Invalid);
    assert_eq!(refused(client.list(None, 0).await), ProblemCode::Invalid);
    assert_eq!(refused(client.list(None, 1_001).await), ProblemCode::Invalid);

    let foreign = *own.first().unwrap();
    assert_eq!(refused(other.read(foreign).await), ProblemCode::NotFound, "another's looks like none");
    let withdrawal = WithdrawPointer { reason: WithdrawalReason::EnteredInError };
    assert_eq!(refused(other.withdraw(foreign, &withdrawal).await), ProblemCode::NotFound);
    assert_eq!(client.read(foreign).await.unwrap().id, foreign);
    let none = PointerId::from_bytes([7; 16]);
    assert_eq!(refused(client.read(none).await), ProblemCode::NotFound);
}

#[tokio::test]
async fn each_state_allows_what_it_should_and_nothing_else() {
    let chain = chain().start().unwrap();
    let school = chain.member("school").unwrap();
    let client = school.switchboard().unwrap();
    let because = |reason| WithdrawPointer { reason };
    let register = async |number| {
        client.register(&school.registration(number).unwrap(), &school.key()).await.unwrap().pointer
    };

    let pointer = register(1).await;
    let soon = Instant::from_millis(pointer.registered_at.as_millis() + 3_600_000);
    let renewed = client.renew(pointer.id, &RenewPointer { valid_until: Some(soon) }).await.unwrap();
    assert_eq!(renewed.valid_until, soon);
    let far = RenewPointer { valid_until: Some(Instant::parse("2099-01-01T00:00:00Z").unwrap()) };
    assert_eq!(refused(client.renew(pointer.id, &far).await), ProblemCode::Invalid);
    assert!(client.renew(pointer.id, &RenewPointer { valid_until: None }).await.unwrap().valid_until > soon);

    // Ended rightly: the archive, from where it can still be erased.
    let archived = client.withdraw(pointer.id, &because(WithdrawalReason::NoLongerPresent)).await.unwrap();
    assert_eq!(archived.state, PointerState::Inactive);
    assert!(archived.handle.is_some());
    let renewal = RenewPointer { valid_until: None };
    assert_eq!(refused(client.renew(pointer.id, &renewal).await), ProblemCode::IllegalTransition);
    let erased = client.withdraw(pointer.id, &because(WithdrawalReason::EnteredInError)).await.unwrap();
    assert_eq!((erased.state, erased.handle), (PointerState::Withdrawn, None));
    let again = client.withdraw(pointer.id, &because(WithdrawalReason::EnteredInError)).await;
    assert_eq!(refused(again), ProblemCode::IllegalTransition);

    // Wrong from the start: a tombstone at once. The subject may be registered anew.
    let wrong = register(2).await;
    let tombstone = client.withdraw(wrong.id, &because(WithdrawalReason::EnteredInError)).await.unwrap();
    assert_eq!((tombstone.state, tombstone.source), (PointerState::Withdrawn, None));
    assert_ne!(register(2).await.id, wrong.id);

    let old = register(3).await;
    let mut successor = school.registration(3).unwrap();
    successor.source = "new-system".parse().unwrap();
    let successor = SupersedePointer { successor };
    let new = client.supersede(old.id, &successor, &school.key()).await.unwrap().pointer;
    let left = client.read(old.id).await.unwrap();
    assert_eq!((left.state, left.superseded_by), (PointerState::Superseded, Some(new.id)));
    assert_eq!(
        refused(client.supersede(old.id, &successor, &school.key()).await),
        ProblemCode::IllegalTransition
    );
    let other_person = SupersedePointer { successor: school.registration(4).unwrap() };
    assert_eq!(refused(client.supersede(new.id, &other_person, &school.key()).await), ProblemCode::Conflict);
    assert_eq!(client.read(new.id).await.unwrap().state, PointerState::Active, "both or neither");
}

#[tokio::test]
async fn withdrawing_many_fails_closed() {
    let chain = chain().start().unwrap();
    let school = chain.member("school").unwrap();
    let client = school.switchboard().unwrap();
    for number in 0..6 {
        let mut registration = school.registration(number).unwrap();
        registration.source = if number < 4 { "old" } else { "new" }.parse().unwrap();
        client.register(&registration, &school.key()).await.unwrap();
    }
    let all = PointerSelector { all: true, ..PointerSelector::default() };
    let old = PointerSelector { source: Some("old".parse().unwrap()), ..PointerSelector::default() };
    let many = |selector: &PointerSelector, expected_count| WithdrawMany {
        selector: selector.clone(),
        expected_count,
        reason: WithdrawalReason::EnteredInError,
    };
    let nothing = PointerSelector::default();
    let both = PointerSelector { all: true, ..old.clone() };
    for (selector, count, code) in [
        (&nothing, 0, ProblemCode::Invalid),
        (&nothing, 6, ProblemCode::Invalid),
        (&both, 4, ProblemCode::Invalid),
        (&all, 5, ProblemCode::CountMismatch),
        (&all, 7, ProblemCode::CountMismatch),
        (&old, 6, ProblemCode::CountMismatch),
        (&all, 100_001, ProblemCode::TooLarge),
    ] {
        assert_eq!(refused(client.withdraw_many(&many(selector, count)).await), code, "{selector:?} {count}");
    }
    let index = log::index(&chain).await;
    assert_eq!(index.read(|index| index.count_all_active()).await.unwrap(), 6, "nothing changed");
    assert_eq!(client.withdraw_many(&many(&old, 4)).await.unwrap().withdrawn, 4);
    assert_eq!(index.read(|index| index.count_all_active()).await.unwrap(), 2);
    assert_eq!(client.withdraw_many(&many(&all, 2)).await.unwrap().withdrawn, 2);
}

#[tokio::test]
async fn no_answer_and_no_record_holds_an_element_or_a_handle_of_another() {
    let chain = chain().start().unwrap();
    let school = chain.member("school").unwrap();
    let registration = school.registration(1).unwrap();
    let client = school.switchboard().unwrap();
    client.register(&registration, &school.key()).await.unwrap();
    let element =
        serde_json::to_value(&registration.subject).unwrap()["element"].as_str().unwrap().to_owned();
    let records = log::entries(&log::index(&chain).await).await;
    for entry in records {
        let text = entry.record.unwrap();
        assert!(!text.as_str().contains(&element));
        assert!(!text.as_str().contains(&registration.handle.to_string()));
    }
    let logged = std::fs::read_to_string(chain.folder().join("switchboard.log")).unwrap_or_default();
    assert!(!logged.contains(&element));
}

//! `Idempotency-Key`: the first answer again, or a conflict.

use kw_protocol::problem::ProblemCode;

use crate::child::chain;

#[tokio::test]
async fn the_same_key_repeats_the_first_answer_even_after_the_pointer_changed() {
    let mut chain = chain().start().unwrap();
    let school = chain.member("school").unwrap();
    let client = school.switchboard().unwrap();
    let (registration, key) = (school.registration(1).unwrap(), school.key());
    let first = client.register(&registration, &key).await.unwrap();
    assert!(first.created);
    assert_eq!(client.register(&registration, &key).await.unwrap(), first, "created is still true");
    let reason = kw_protocol::pointer::WithdrawalReason::EnteredInError;
    client.withdraw(first.pointer.id, &kw_protocol::pointer::WithdrawPointer { reason }).await.unwrap();
    assert_eq!(client.register(&registration, &key).await.unwrap(), first);
    chain.kill_switchboard().unwrap();
    chain.start_switchboard().unwrap();
    let client = school.switchboard().unwrap();
    assert_eq!(client.register(&registration, &key).await.unwrap(), first, "a restart forgets nothing");

    let other = client.register(&school.registration(2).unwrap(), &key).await.unwrap_err();
    assert_eq!(other.code(), Some(ProblemCode::IdempotencyConflict));
    let care = chain.member("youth-care").unwrap();
    let theirs = care.switchboard().unwrap().register(&care.registration(1).unwrap(), &key).await.unwrap();
    assert!(theirs.created, "a key belongs to the party that uses it");
}

#[tokio::test]
async fn a_replacement_whose_answer_got_lost_can_be_repeated_with_its_key() {
    let chain = chain().start().unwrap();
    let school = chain.member("school").unwrap();
    let client = school.switchboard().unwrap();
    let old = client.register(&school.registration(1).unwrap(), &school.key()).await.unwrap().pointer;
    let mut successor = school.registration(1).unwrap();
    successor.source = "newer".parse().unwrap();
    let (successor, key) = (kw_protocol::pointer::SupersedePointer { successor }, school.key());
    let first = client.supersede(old.id, &successor, &key).await.unwrap();
    assert_eq!(client.supersede(old.id, &successor, &key).await.unwrap(), first);
    let other = client.supersede(first.pointer.id, &successor, &key).await.unwrap_err();
    assert_eq!(other.code(), Some(ProblemCode::IdempotencyConflict), "the key is of another path");
}

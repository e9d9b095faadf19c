//! Finding what differs between partner and switchboard without moving everything.

use std::time::Duration;

use kw_domain::{Instant, PointerId, SourceName};
use kw_protocol::digest::{DigestRequest, Prefix, Tally, decode};
use kw_protocol::pointer::{Pointer, WithdrawPointer, WithdrawalReason};
use kw_protocol::problem::ProblemCode;

use crate::child::chain;

fn root() -> DigestRequest {
    DigestRequest::default()
}

fn members(prefixes: &[Prefix]) -> DigestRequest {
    let prefixes = prefixes.iter().map(ToString::to_string).collect();
    DigestRequest { prefixes, members: true, ..DigestRequest::default() }
}

fn expected<'a>(pointers: impl Iterator<Item = &'a Pointer>) -> [u64; 16] {
    let mut tally = Tally::new(&[Prefix::ROOT]);
    for pointer in pointers {
        tally.add(pointer.id, pointer.valid_until, &pointer.category);
    }
    tally.digests(Prefix::ROOT)
}

#[tokio::test]
async fn digests_are_what_anybody_computes_from_the_pointers_and_lead_to_what_differs() {
    let chain = chain().start().unwrap();
    let school = chain.member("school").unwrap();
    let client = school.switchboard().unwrap();
    let mut pointers = Vec::new();
    for number in 0..40 {
        let registered = client.register(&school.registration(number).unwrap(), &school.key()).await;
        pointers.push(registered.unwrap().pointer);
    }
    let told = client.digests(&root()).await.unwrap();
    let before = decode(told.buckets[0].digests.as_deref().unwrap()).unwrap();
    assert_eq!((told.count, told.buckets.len()), (40, 1));
    assert_eq!(before, expected(pointers.iter()));

    // One goes: one digest changes, and its bucket shows which.
    let gone = pointers.remove(7);
    let reason = WithdrawalReason::EnteredInError;
    client.withdraw(gone.id, &WithdrawPointer { reason }).await.unwrap();
    let after = client.digests(&root()).await.unwrap();
    let after = decode(after.buckets[0].digests.as_deref().unwrap()).unwrap();
    let differing: Vec<usize> = (0..16).filter(|at| before[*at] != after[*at]).collect();
    assert_eq!(differing.len(), 1);
    let bucket = Prefix::ROOT.child(differing[0]);
    assert_eq!(Prefix::of(gone.id, 1), bucket);
    let listed = client.digests(&members(&[bucket])).await.unwrap();
    let listed: Vec<PointerId> =
        listed.buckets[0].members.as_ref().unwrap().iter().map(|member| member.id).collect();
    let mut own: Vec<PointerId> =
        pointers.iter().map(|pointer| pointer.id).filter(|id| Prefix::of(*id, 1) == bucket).collect();
    own.sort();
    assert_eq!(listed, own);

    // Its holder sees its own names again.
    let whole = client.digests(&members(&[Prefix::ROOT])).await.unwrap();
    let whole = whole.buckets[0].members.clone().unwrap();
    assert_eq!(whole.len(), 39);
    for member in whole {
        let pointer = pointers.iter().find(|pointer| pointer.id == member.id).unwrap();
        assert_eq!((Some(member.handle), Some(member.source)), (pointer.handle, pointer.source.clone()));
        assert_eq!((member.category, member.valid_until), (pointer.category.clone(), pointer.valid_until));
    }
}

#[tokio::test]
async fn digests_are_of_ones_own_and_of_one_source_when_asked() {
    let chain = chain().start().unwrap();
    let (school, care) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    let (own, theirs) = (school.switchboard().unwrap(), care.switchboard().unwrap());
    let mut elsewhere = school.registration(1).unwrap();
    elsewhere.source = SourceName::parse("another").unwrap();
    own.register(&elsewhere, &school.key()).await.unwrap();
    own.register(&school.registration(2).unwrap(), &school.key()).await.unwrap();
    let source = Some(elsewhere.source.clone());
    let of_one = own.digests(&DigestRequest { source, ..root() }).await.unwrap();
    assert_eq!(of_one.count, 1);
    assert_eq!(own.digests(&root()).await.unwrap().count, 2);
    assert_eq!(theirs.digests(&members(&[Prefix::ROOT])).await.unwrap().count, 0);
}

#[tokio::test]
async fn another_end_of_validity_shows() {
    let chain = chain().start().unwrap();
    let school = chain.member("school").unwrap();
    let client = school.switchboard().unwrap();
    let mut registration = school.registration(1).unwrap();
    registration.valid_until =
        Some(kw_domain::Clock::now(&kw_domain::SystemClock).plus(Duration::from_hours(1)));
    let first = client.register(&registration, &school.key()).await.unwrap().pointer;
    let before = client.digests(&root()).await.unwrap();
    let later: Instant = first.valid_until.plus(Duration::from_hours(1));
    let renewal = kw_protocol::pointer::RenewPointer { valid_until: Some(later) };
    client.renew(first.id, &renewal).await.unwrap();
    assert_ne!(client.digests(&root()).await.unwrap(), before);
}

#[tokio::test]
async fn all_that_is_wrong_with_the_buckets_is_said_at_once() {
    let chain = chain().start().unwrap();
    let client = chain.member("school").unwrap().switchboard().unwrap();
    let asked = |prefixes: &[&str], members| DigestRequest {
        prefixes: prefixes.iter().map(|text| (*text).to_owned()).collect(),
        members,
        source: None,
    };
    for (wrong, members) in [
        (vec!["g"], false),
        (vec!["ABC"], false),
        (vec!["000000"], false),
        (vec!["0000000"], true),
        (vec!["00", "0"], false),
        (vec!["00", "00"], false),
    ] {
        let refused = client.digests(&asked(&wrong, members)).await.unwrap_err();
        assert_eq!(refused.code(), Some(ProblemCode::Invalid), "{wrong:?}");
    }
    assert!(client.digests(&asked(&["000000"], true)).await.is_ok());
}

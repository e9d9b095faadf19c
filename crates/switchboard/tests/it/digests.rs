//! Finding what differs between partner and switchboard without moving everything.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use kw_domain::PointerId;
use kw_protocol::pointer::{DigestRequest, WithdrawPointer, WithdrawalReason};
use kw_protocol::problem::ProblemCode;

use crate::child::chain;

#[tokio::test]
async fn digests_are_what_anybody_computes_from_the_ids_and_lead_to_what_differs() {
    let chain = chain().start().unwrap();
    let school = chain.member("school").unwrap();
    let client = school.switchboard().unwrap();
    let mut ids = Vec::new();
    for number in 0..40 {
        ids.push(
            client.register(&school.registration(number).unwrap(), &school.key()).await.unwrap().pointer.id,
        );
    }
    let all = DigestRequest { prefix: String::new(), members: false };
    let told = client.digests(&all).await.unwrap();
    assert_eq!(
        told.buckets
            .iter()
            .map(|bucket| (bucket.prefix.clone(), (bucket.count, bucket.digest.0)))
            .collect::<BTreeMap<_, _>>(),
        expected(&ids)
    );
    assert!(told.members.is_empty());

    let reason = WithdrawalReason::EnteredInError;
    let gone = ids.remove(7);
    client.withdraw(gone, &WithdrawPointer { reason }).await.unwrap();
    let after = client.digests(&all).await.unwrap();
    let differing: Vec<_> = told.buckets.iter().filter(|bucket| !after.buckets.contains(bucket)).collect();
    assert_eq!(differing.len(), 1);
    let prefix = differing[0].prefix.clone();
    assert!(hex(gone).starts_with(&prefix));
    let members =
        client.digests(&DigestRequest { prefix: prefix.clone(), members: true }).await.unwrap().members;
    assert!(!members.contains(&gone));
    assert!(members.iter().all(|id| ids.contains(id) && hex(*id).starts_with(&prefix)));

    for prefix in ["g", "ABC", "00000"] {
        let wrong = DigestRequest { prefix: prefix.to_owned(), members: false };
        assert_eq!(client.digests(&wrong).await.unwrap_err().code(), Some(ProblemCode::Invalid), "{prefix}");
    }
}

fn expected(ids: &[PointerId]) -> BTreeMap<String, (u64, [u8; 32])> {
    let mut buckets: BTreeMap<String, Vec<(String, PointerId)>> = BTreeMap::new();
    for id in ids {
        buckets.entry(hex(*id)[..2].to_owned()).or_default().push((hex(*id), *id));
    }
    buckets
        .into_iter()
        .map(|(prefix, mut members)| {
            members.sort();
            let bytes: Vec<u8> = members.iter().flat_map(|(_, id)| *id.as_bytes()).collect();
            (prefix, (members.len() as u64, digest(&SHA256, &bytes).as_ref().try_into().unwrap()))
        })
        .collect()
}

fn hex(id: PointerId) -> String {
    digest(&SHA256, id.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

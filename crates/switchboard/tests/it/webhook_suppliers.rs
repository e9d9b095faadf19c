//! Signals at a supplier's server: only while a mandate says that it answers for the subscriber.

use std::time::Duration;

use kw_agreement::draft::{AgreementDraft, DelegationDraft};
use kw_protocol::delegation::{DelegationScope, EndDelegation};
use kw_protocol::query::RelationBasis;
use kw_protocol::subscription::{DeliveryFailure, SubscriptionStatus};

use crate::delegations::{SUPPLIER, agreed, mandate, person};
use crate::signals::{ask, feed};
use crate::sink::Sink;
use crate::subscriptions::{impatient, until, until_is};

fn answering(draft: &mut AgreementDraft) {
    agreed(draft);
    let school = draft.partners.iter_mut().find(|partner| partner.kind == "school").unwrap();
    school.delegations = vec![DelegationDraft {
        supplier: SUPPLIER.into(),
        scopes: vec!["answer".into(), "query".into()],
        max_term: "P1Y".into(),
    }];
}

#[tokio::test]
async fn a_supplier_s_server_takes_signals_while_its_mandate_stands() {
    let chain = impatient(crate::child::chain().agreed(answering));
    let school = chain.member("school").unwrap();
    drop(chain.party("supplier", SUPPLIER).unwrap());
    let (sink, client) = (Sink::of(&chain, "supplier"), feed(&chain, &school));
    let one = client.subscribe(&sink.subscription(&[])).await.unwrap();
    let refused = (SubscriptionStatus::Unverified, Some(DeliveryFailure::OtherParty));
    assert_eq!((one.status, one.failure), refused, "the agreement allows it, but nobody approved");
    // A mandate for something else is none.
    mandate(&chain, &[DelegationScope::Query]).await;
    let still = client.verify_subscription(one.id).await.unwrap();
    assert_eq!((still.status, still.failure), refused);
    let id = mandate(&chain, &[DelegationScope::Answer]).await;
    let verified = client.verify_subscription(one.id).await.unwrap();
    assert_eq!(verified.status, SubscriptionStatus::Active, "{verified:?}");
    ask(&school, 1, RelationBasis::Motivated).await;
    // The mandate itself was told too, to both sides.
    until("it is delivered", || sink.taken().iter().any(|signal| signal.kind.contains("review-due"))).await;

    let end = EndDelegation { actor: person("a.administrator") };
    school.switchboard().unwrap().end_delegation(id, &end).await.unwrap();
    let before = sink.taken().len();
    ask(&school, 2, RelationBasis::Motivated).await;
    until_is(&client, &one, "it is refused", |now| now.failure == Some(DeliveryFailure::OtherParty)).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(sink.taken().len(), before, "nothing after the end");
}

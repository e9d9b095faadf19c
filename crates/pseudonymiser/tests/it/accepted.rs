//! What partners get.

use std::time::Duration;

use kw_domain::{Epoch, KeyUse};
use kw_ledger::{Event, Outcome};
use kw_protocol::evaluation::{BudgetClass, PublicKeys};
use kw_pseudonymiser::keys;
use kw_runtime::Entropy;

use crate::chain::{Chain, blinded, unblind};

#[tokio::test]
async fn a_partner_gets_elements_that_are_proven_under_the_agreements_keys_and_a_record_stays() {
    let chain = Chain::new();
    let running = chain.start().await;
    let partner = chain.caller("partner", chain.partner().as_str(), &running);
    let agreement = chain.agreement();

    let (first, second) = (blinded(3), blinded(1));
    let response = partner.ask(BudgetClass::Register, KeyUse::Index, &first.1).await.ok().unwrap();
    let index = unblind(&agreement, KeyUse::Index, &first, &response);
    let response = partner.ask(BudgetClass::Query, KeyUse::Index, &second.1).await.ok().unwrap();
    let again = unblind(&agreement, KeyUse::Index, &second, &response);
    let response = partner.ask(BudgetClass::Query, KeyUse::Binding, &second.1).await.ok().unwrap();
    let binding = unblind(&agreement, KeyUse::Binding, &second, &response);

    assert_eq!(index.len(), 1);
    assert_eq!(index[0].len(), 3);
    assert!(index[0].iter().all(|element| *element == again[0][0]), "one subject has one pseudonym");
    assert_ne!(binding[0][0], again[0][0], "index and binding are different keys");

    running.stop().await;
    let records = chain.records();
    assert_eq!(records.iter().map(|record| record.count).collect::<Vec<_>>(), [Some(3), Some(1), Some(1)]);
    for record in &records {
        assert_eq!((record.event, record.result), (Event::EvaluationBatch, Outcome::Success));
        assert_eq!((record.party, record.service), (chain.partner(), agreement.pseudonymiser().oin));
        assert_eq!(record.decision.policy, agreement.hash());
        assert!(record.trace.is_some() && record.transaction.is_some());
        assert_eq!(record.subject, None);
    }
}

#[tokio::test]
async fn the_largest_batch_fits() {
    let mut chain = Chain::new();
    chain.limit(BudgetClass::Register, 256, 256, 256);
    let running = chain.start().await;
    let partner = chain.caller("partner", chain.partner().as_str(), &running);
    let batch = blinded(256);
    let response = partner.ask(BudgetClass::Register, KeyUse::Binding, &batch.1).await.ok().unwrap();
    assert_eq!(unblind(&chain.agreement(), KeyUse::Binding, &batch, &response)[0].len(), 256);
    running.stop().await;
}

#[tokio::test]
async fn during_a_rotation_both_keys_answer_and_a_retired_one_no_more() {
    let mut chain = Chain::new();
    let first = keys::public_keys(&chain.config.keys.directory, &chain.chain()).unwrap();
    let hand_over = chain.path("hand-over");
    std::fs::create_dir(&hand_over).unwrap();
    let running = chain.start().await;
    let partner = chain.caller("partner", chain.partner().as_str(), &running);

    // A key that is made but not listed is not used.
    let rotated = keys::rotate(
        &chain.config.keys.directory,
        &chain.chain(),
        KeyUse::Index,
        &hand_over,
        &mut Entropy::os(),
    )
    .unwrap();
    let epochs = async || {
        let response = partner.spend(BudgetClass::Query, 1).await.ok().unwrap();
        response.evaluations.iter().map(|evaluation| evaluation.epoch).collect::<Vec<_>>()
    };
    assert_eq!(epochs().await, [Epoch(1)]);

    let both = [first.clone(), vec![rotated.public_key]].concat();
    chain.list(&both);
    chain.write_agreement();
    running.reload();
    let mut left = 100;
    while epochs().await != [Epoch(1), Epoch(2)] {
        left -= 1;
        assert!(left > 0, "the new key was never taken into use");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let batch = blinded(2);
    let response = partner.ask(BudgetClass::Query, KeyUse::Index, &batch.1).await.ok().unwrap();
    let elements = unblind(&chain.agreement(), KeyUse::Index, &batch, &response);
    assert_ne!(elements[0][0], elements[1][0]);

    // Not listed any more: not used any more, though the file is still there.
    chain.list(&both[1..]);
    chain.write_agreement();
    running.reload();
    let mut left = 100;
    while epochs().await != [Epoch(2)] {
        left -= 1;
        assert!(left > 0, "the old key was never left");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    running.stop().await;
}

#[tokio::test]
async fn the_published_keys_are_those_of_the_agreement() {
    let chain = Chain::new();
    let running = chain.start().await;
    let partner = chain.caller("partner", chain.partner().as_str(), &running);
    let response = partner.http.get(format!("{}/v1/keys", running.url)).send().await.unwrap();
    assert_eq!(response.headers()["api-version"], "1.0.0");
    let published: PublicKeys = response.json().await.unwrap();
    assert_eq!(published.keys, keys::public_keys(&chain.config.keys.directory, &chain.chain()).unwrap());
    running.stop().await;
}

#[tokio::test]
async fn many_callers_at_once_are_all_answered_and_all_recorded() {
    let chain = Chain::new();
    let running = chain.start().await;
    let partner = std::sync::Arc::new(chain.caller("partner", chain.partner().as_str(), &running));
    let asking: Vec<_> = (0..40)
        .map(|_| {
            let partner = partner.clone();
            tokio::spawn(async move { partner.spend(BudgetClass::Register, 9).await.is_ok() })
        })
        .collect();
    for one in asking {
        assert!(one.await.unwrap());
    }
    running.stop().await;
    assert_eq!(chain.records().len(), 40);
}

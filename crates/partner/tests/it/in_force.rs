//! What a partner records about its agreement and its keys.

use std::time::Duration;

use kw_ledger::LeafKind;

use crate::chain::Chain;

#[tokio::test]
async fn a_partner_records_its_agreement_and_the_keys_of_its_log_and_as_a_witness() {
    let mut chain = Chain::new();
    let running = chain.start().await;
    for _ in 0..600 {
        if !chain.records_of(LeafKind::Key).is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    running.stop().await;
    let [record] = &chain.records_of(LeafKind::Key)[..] else { panic!("one record of keys") };
    let oin = &chain.draft.partners[0].oin;
    let names: Vec<_> = record.keys.iter().map(|key| (key.kind.as_str(), key.id.clone())).collect();
    let name = |kind| format!("youth-demostad/{kind}/{oin}");
    assert_eq!(names, [("log", name("partner")), ("witness", name("witness"))]);
    assert_eq!(chain.records_of(LeafKind::Agreement).len(), 1);
}

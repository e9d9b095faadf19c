use kw_ledger::Salt;
use kw_ledger::tile::TilesError;
use kw_ledger::{Canonical, Leaf, LeafKind};
use kw_protocol::Bytes32;
use kw_protocol::query::Receipt;

use super::published::{Log, leaf, trust};
use crate::reader::{RecordedEntry, VerifyError, prove, verify_proof};

fn entry(index: u64) -> RecordedEntry {
    RecordedEntry { index, leaf: leaf(index) }
}

#[tokio::test]
async fn every_entry_can_be_proved_and_its_proof_kept() {
    let log = Log::of(600);
    for index in [0, 255, 256, 511, 512, 599] {
        let (proof, signed) = prove(&log.source(), &trust(1), &entry(index)).await.unwrap();
        assert_eq!(signed.checkpoint().size, 600);
        verify_proof(&proof.to_string(), &trust(1), &entry(index)).unwrap();
        let other = RecordedEntry { leaf: leaf(9_999), ..entry(index) };
        assert!(matches!(verify_proof(&proof.to_string(), &trust(1), &other), Err(VerifyError::Proof(_))));
        let elsewhere = RecordedEntry { index: index ^ 1, ..entry(index) };
        let refused = verify_proof(&proof.to_string(), &trust(1), &elsewhere);
        assert!(matches!(refused, Err(VerifyError::OtherEntry { .. })));
    }
}

#[tokio::test]
async fn an_entry_counts_once_the_witnesses_have_seen_it() {
    let mut log = Log::of(300);
    log.grow(10);
    let (proof, _) = prove(&log.source(), &trust(1), &entry(299)).await.unwrap();
    verify_proof(&proof.to_string(), &trust(1), &entry(299)).unwrap();
    let error = prove(&log.source(), &trust(1), &entry(305)).await.unwrap_err();
    assert!(matches!(error, VerifyError::NotYet { index: 305, size: 300 }), "{error}");
    assert!(!error.is_verdict(), "it may still come");
    prove(&log.source(), &trust(0), &entry(305)).await.unwrap();
}

#[tokio::test]
async fn another_leaf_than_the_promised_one_is_refuted() {
    let log = Log::of(300);
    let promised = RecordedEntry { index: 7, leaf: leaf(8) };
    let error = prove(&log.source(), &trust(1), &promised).await.unwrap_err();
    assert!(matches!(error, VerifyError::OtherLeaf(7)) && error.is_verdict(), "{error}");
}

#[tokio::test]
async fn a_wrong_tile_proves_nothing() {
    let log = Log::of(300);
    log.flip("tile/0/000", 5);
    let error = prove(&log.source(), &trust(1), &entry(7)).await.unwrap_err();
    assert!(matches!(error, VerifyError::Tiles(TilesError::Differs(_))), "{error}");
}

#[test]
fn a_receipt_promises_the_leaf_of_its_record_and_salt() {
    let receipt = Receipt { origin: "log".to_owned(), index: 4, salt: Bytes32([7; 32]), record: None };
    let promised = RecordedEntry::of(&receipt, "{\"event\":\"vector\"}");
    let record = Canonical::from_stored("{\"event\":\"vector\"}".to_owned());
    assert_eq!(
        promised,
        RecordedEntry { index: 4, leaf: Leaf::commit(LeafKind::Access, &Salt([7; 32]), &record) }
    );
}

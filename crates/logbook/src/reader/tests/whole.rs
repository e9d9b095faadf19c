use std::fs;

use kw_ledger::LeafError;
use kw_ledger::audit::AuditError;
use kw_ledger::note::NoteError;
use kw_ledger::policy::PolicyRefusal;
use kw_ledger::tile::{BundleId, TileId};

use super::published::{Log, other_key, stranger, trust};
use crate::reader::{Progress, ReadError, Trust, VerifyError, verify_log};

async fn verify(log: &Log) -> Result<u64, VerifyError> {
    let verified = verify_log(&log.source(), &trust(1), |_| {}).await?;
    Ok(verified.newest.checkpoint().size)
}

#[tokio::test]
async fn an_honest_log_verifies_and_tells_how_far_it_is() {
    for size in [0, 1, 300, 70_000] {
        let log = Log::of(size);
        let mut told = Vec::new();
        let verified = verify_log(&log.source(), &trust(1), |reached| told.push(reached)).await.unwrap();
        assert_eq!(verified.newest.checkpoint().size, size);
        assert_eq!(verified.witnessed.unwrap().by, ["chain/witness/1"]);
        assert!(told.iter().all(|reached| reached.total == size));
        assert_eq!(told.last().copied(), (size > 0).then_some(Progress { done: size, total: size }));
    }
}

#[tokio::test]
async fn a_partial_tile_that_is_gone_is_the_beginning_of_the_full_one() {
    let mut log = Log::of(300);
    let checkpoint = fs::read_to_string(log.path("checkpoint")).unwrap();
    log.grow(300);
    fs::remove_dir_all(log.path("tile/0/001.p")).unwrap();
    fs::remove_dir_all(log.path("tile/entries/001.p")).unwrap();
    fs::write(log.path("checkpoint"), checkpoint).unwrap();
    assert_eq!(verify(&log).await.unwrap(), 300);
}

#[tokio::test]
async fn what_differs_is_named() {
    let log = Log::of(600);
    log.flip("tile/entries/001", 3 * 43 + 30);
    let error = verify(&log).await.unwrap_err();
    assert!(matches!(error, VerifyError::Audit(AuditError::Entry { index: 259, .. })), "{error}");

    let log = Log::of(600);
    log.flip("tile/entries/001", 3 * 43 + 2);
    let error = verify(&log).await.unwrap_err();
    let bundle = BundleId { index: 1, width: 256 };
    assert!(
        matches!(error, VerifyError::Leaf { index: 259, bundle: at, error: LeafError::Head } if at == bundle),
        "{error}"
    );

    let log = Log::of(600);
    log.flip("tile/0/001", 40);
    let error = verify(&log).await.unwrap_err();
    let tile = TileId { level: 0, index: 1, width: 256 };
    assert!(matches!(error, VerifyError::Audit(AuditError::Tile(at)) if at.tile == tile), "{error}");
    assert!(error.is_verdict());

    let log = Log::of(600);
    fs::remove_file(log.path("tile/0/001")).unwrap();
    let error = verify(&log).await.unwrap_err();
    assert!(matches!(&error, VerifyError::Read(ReadError::Missing(path)) if path == "tile/0/001"), "{error}");
    assert!(error.is_verdict());

    let log = Log::of(600);
    fs::write(log.path("tile/entries/000"), vec![0; 20_000]).unwrap();
    let error = verify(&log).await.unwrap_err();
    assert!(matches!(&error, VerifyError::Read(ReadError::TooLarge(_))), "{error}");
}

#[tokio::test]
async fn every_bit_of_a_copied_checkpoint_counts() {
    for file in ["checkpoint", "witnessed-checkpoint"] {
        let log = Log::of(5);
        let good = fs::read(log.path(file)).unwrap();
        for byte in 0..good.len() {
            let mut flipped = good.clone();
            flipped[byte] ^= 1 << (byte % 8);
            fs::write(log.path(file), &flipped).unwrap();
            let error = verify(&log).await.unwrap_err();
            assert!(error.is_verdict(), "{file}, byte {byte}: {error}");
        }
        fs::write(log.path(file), &good).unwrap();
        assert_eq!(verify(&log).await.unwrap(), 5);
    }
}

#[tokio::test]
async fn a_signature_that_nobody_knows_is_not_in_a_copy() {
    let log = Log::of(5);
    let mut signed = log.signed();
    let line = stranger().cosign(&signed, 1_800_000_000);
    signed.add_cosignature(line, stranger().verifier()).unwrap();
    fs::write(log.path("checkpoint"), signed.to_string()).unwrap();
    let error = verify(&log).await.unwrap_err();
    assert!(matches!(error, VerifyError::UnknownSignature { file: "checkpoint", .. }), "{error}");
    // Who knows the log's key only cannot say whose cosignatures these are.
    let trust = Trust::of_key(super::published::key().verifier().clone()).unwrap();
    verify_log(&log.source(), &trust, |_| {}).await.unwrap();
}

#[tokio::test]
async fn another_key_is_not_believed() {
    let log = Log::of(5);
    let error = verify_log(&log.source(), &Trust::of_key(other_key()).unwrap(), |_| {}).await.unwrap_err();
    let VerifyError::Checkpoint { refusal: PolicyRefusal::Checkpoint(refusal), .. } = error else {
        panic!("{error}")
    };
    assert_eq!(refusal, NoteError::NotSigned.into());
}

#[tokio::test]
async fn a_log_without_its_witnesses_does_not_verify() {
    let mut log = Log::of(300);
    log.grow(10);
    assert_eq!(verify(&log).await.unwrap(), 310, "the newest may be ahead of the witnesses");
    fs::remove_file(log.path("witnessed-checkpoint")).unwrap();
    assert!(matches!(verify(&log).await.unwrap_err(), VerifyError::Unwitnessed));
    verify_log(&log.source(), &trust(0), |_| {}).await.unwrap();
}

#[tokio::test]
async fn a_log_that_is_not_what_its_witnesses_saw_has_forked() {
    let mut log = Log::of(300);
    log.grow(10);
    log.rewrite(20);
    assert!(matches!(verify(&log).await.unwrap_err(), VerifyError::Fork(300)));
    let mut log = Log::of(300);
    log.rewrite(299);
    assert!(matches!(verify(&log).await.unwrap_err(), VerifyError::Fork(300)));
}

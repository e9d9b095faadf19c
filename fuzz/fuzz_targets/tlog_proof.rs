//! Proof files: no text makes parsing panic, what is accepted is written byte for byte, and no proof shows two entries.
#![no_main]

use std::sync::LazyLock;

use kw_ledger::note::SigningKey;
use kw_ledger::policy::Policy;
use kw_ledger::proof::TlogProof;
use kw_ledger::tree::leaf_hash;
use libfuzzer_sys::fuzz_target;

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let log = SigningKey::from_seed("example.com/log", &[1; 32]).expect("a name");
    Policy::threshold(vec![log.verifier().clone()], Vec::new(), 0).expect("one log")
});

fuzz_target!(|text: &str| {
    if let Ok(proof) = TlogProof::parse(text) {
        assert_eq!(proof.to_string(), text);
        // The seed shows entry 2 of the entries 0, 1 and 2 of one byte each.
        let (shown, other) =
            (proof.verify(&leaf_hash(&[2]), &POLICY), proof.verify(&leaf_hash(&[9]), &POLICY));
        assert!(shown.is_err() || proof.index == 2);
        assert!(other.is_err());
    }
});

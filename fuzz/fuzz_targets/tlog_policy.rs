//! Policy files: no bytes make parsing panic, what is accepted reads back as itself, and a policy that asks for a
//! witness believes no checkpoint without one.
#![no_main]

use std::sync::LazyLock;

use kw_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use kw_ledger::note::SigningKey;
use kw_ledger::policy::Policy;
use kw_ledger::tree::empty_root;
use libfuzzer_sys::fuzz_target;

static SIGNED: LazyLock<SignedCheckpoint> = LazyLock::new(|| {
    let log = SigningKey::from_seed("example.com/log", &[1; 32]).expect("a name");
    let origin = "example.com/log".to_owned();
    Checkpoint { origin, size: 0, root: empty_root() }.sign(&log).expect("the name is that of the log")
});

fuzz_target!(|bytes: &[u8]| {
    match Policy::parse(bytes) {
        Ok(policy) => {
            let written = policy.to_file();
            let unwitnessed = policy.check_quorum(&SIGNED).is_ok();
            assert_eq!(unwitnessed, written.ends_with(b"quorum none\n"));
            assert_eq!(Policy::parse(&written), Ok(policy));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});

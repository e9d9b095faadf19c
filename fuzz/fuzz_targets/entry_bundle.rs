//! Entry bundles: no bytes make reading or auditing panic, and what is read is written byte for byte.
//!
//! The first byte says how many entries there should be.
#![no_main]

use kw_ledger::Leaf;
use kw_ledger::audit::Audit;
use kw_ledger::tile::{BundleId, decode_bundle, encode_bundle};
use kw_ledger::tree::{Frontier, leaf_hash};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bundle)) = bytes.split_first() else { return };
    let width = u16::from(*first) + 1;
    let entries = decode_bundle(bundle, width);
    let mut audit = Audit::new();
    let audited = audit.add_bundle(BundleId { index: 0, width }, bundle);
    assert_eq!(entries.is_ok(), audited.is_ok());
    if let Ok(entries) = entries {
        assert_eq!(encode_bundle(&entries).as_deref(), Ok(bundle));
        let mut tree = Frontier::new();
        for entry in entries {
            tree.push(leaf_hash(entry));
            if let Ok(leaf) = Leaf::from_bytes(entry) {
                assert_eq!(leaf.to_bytes(), entry);
            }
        }
        assert_eq!((audit.size(), audit.root()), (tree.size(), tree.root()));
    } else {
        assert_eq!(audit.size(), 0, "nothing of a refused bundle is added");
    }
});

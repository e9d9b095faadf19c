//! Paths of tiles and bundles: no text makes parsing panic, and what is accepted is written byte for byte.
#![no_main]

use kw_ledger::tile::{Resource, is_pruned};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(resource) = Resource::parse(text) {
        assert_eq!(resource.path(), text);
        assert!(!is_pruned(&resource, 0), "a log that was not pruned has everything");
        let _ = is_pruned(&resource, u64::MAX);
        if let Resource::Tile(tile) = resource {
            assert!((1..=256).contains(&tile.width));
            assert_eq!(tile.full().end_index(), tile.end_index());
        }
    }
});

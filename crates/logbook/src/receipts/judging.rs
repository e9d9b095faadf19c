//! Whether a verified tree bears out a receipt: pure.

use kw_ledger::tile::{Tiles, TilesError};
use kw_ledger::tree::leaf_hash;
use kw_ledger::{Leaf, LeafKind};
use kw_store::PendingReceipt;

/// What a log says of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judged {
    /// The promised leaf is where it was promised.
    BorneOut,
    /// Another leaf is there.
    Another,
}

/// Compares the promised leaf with the one in the tree. `tiles` must have been verified against a checkpoint.
pub(super) fn judge(receipt: &PendingReceipt, tiles: &Tiles) -> Result<Judged, TilesError> {
    let promised = Leaf { kind: LeafKind::Access, hash: receipt.leaf };
    let there = tiles.leaf(receipt.index)?;
    Ok(if there == leaf_hash(&promised.to_bytes()) { Judged::BorneOut } else { Judged::Another })
}

#[cfg(test)]
mod tests {
    use kw_domain::{Instant, TransactionId};
    use kw_ledger::tile::TileId;

    use super::*;

    fn receipt(index: u64, leaf: u8) -> PendingReceipt {
        let at = Instant::from_millis(1_795_000_000_000);
        let transaction = TransactionId::new(at, [1; 10]);
        PendingReceipt { origin: "log".to_owned(), index, leaf: [leaf; 32], transaction, at }
    }

    #[test]
    fn a_receipt_is_borne_out_by_its_own_leaf_at_its_own_place_only() {
        let leaves =
            (0..5).map(|number| leaf_hash(&Leaf { kind: LeafKind::Access, hash: [number; 32] }.to_bytes()));
        let mut tiles = Tiles::new();
        tiles.insert_hashes(TileId { level: 0, index: 0, width: 5 }, leaves.collect()).unwrap();
        assert_eq!(judge(&receipt(3, 3), &tiles), Ok(Judged::BorneOut));
        assert_eq!(judge(&receipt(3, 4), &tiles), Ok(Judged::Another));
        assert_eq!(judge(&receipt(2, 3), &tiles), Ok(Judged::Another));
        assert!(judge(&receipt(5, 3), &tiles).is_err(), "what is beyond the tree is not judged");
    }
}

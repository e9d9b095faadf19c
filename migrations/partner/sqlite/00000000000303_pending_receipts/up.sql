-- Receipts of other logs that are still to be found in a witnessed checkpoint. Two leaves for one index are two rows: that is
-- what checking them is for.
CREATE TABLE pending_receipts (
    origin TEXT NOT NULL,
    idx INTEGER NOT NULL,
    leaf BLOB NOT NULL CHECK (length(leaf) = 32),
    transaction_id BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (origin, idx, leaf)
) WITHOUT ROWID, STRICT;

-- Logs that this one goes on after: the newest checkpoint that is known of each, as evidence, and how many of its entries were
-- carried over. The entry of that number here says so.
CREATE TABLE ledger_predecessors (
    origin TEXT PRIMARY KEY,
    size INTEGER NOT NULL CHECK (size >= 0),
    root BLOB NOT NULL CHECK (length(root) = 32),
    note TEXT NOT NULL,
    carried INTEGER NOT NULL CHECK (carried >= 0),
    at INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

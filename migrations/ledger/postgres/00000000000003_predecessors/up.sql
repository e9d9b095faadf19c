-- Logs that this one goes on after: the newest checkpoint that is known of each, as evidence, and how many of its entries were
-- carried over. The entry of that number here says so.
CREATE TABLE ledger_predecessors (
    origin TEXT PRIMARY KEY,
    size BIGINT NOT NULL CHECK (size >= 0),
    root BYTEA NOT NULL CHECK (length(root) = 32),
    note TEXT NOT NULL,
    carried BIGINT NOT NULL CHECK (carried >= 0),
    at BIGINT NOT NULL
);

-- One row: the log's name and how many entries it has. Locked first by every writing transaction.
CREATE TABLE ledger_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    origin TEXT NOT NULL,
    size BIGINT NOT NULL CHECK (size >= 0)
);

-- Records and grants with their leaves. Record and salt may be erased; the leaf stays.
CREATE TABLE ledger_entries (
    idx BIGINT PRIMARY KEY,
    kind SMALLINT NOT NULL,
    at BIGINT NOT NULL,
    leaf BYTEA NOT NULL CHECK (length(leaf) = 32),
    salt BYTEA CHECK (salt IS NULL OR length(salt) = 32),
    record TEXT
);

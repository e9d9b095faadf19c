-- One row: the log's name and how many entries it has. Locked first by every writing transaction.
CREATE TABLE ledger_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    origin TEXT NOT NULL,
    size INTEGER NOT NULL CHECK (size >= 0)
) STRICT;

-- Records and grants with their leaves. Record and salt may be erased; the leaf stays.
CREATE TABLE ledger_entries (
    idx INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    at INTEGER NOT NULL,
    leaf BLOB NOT NULL CHECK (length(leaf) = 32),
    salt BLOB CHECK (salt IS NULL OR length(salt) = 32),
    record TEXT
) STRICT;

-- What was signed: 1 is the newest checkpoint, 2 the newest that has the quorum of cosignatures.
CREATE TABLE ledger_publication (
    which INTEGER PRIMARY KEY CHECK (which IN (1, 2)),
    size INTEGER NOT NULL CHECK (size >= 0),
    root BLOB NOT NULL CHECK (length(root) = 32),
    note TEXT NOT NULL,
    published_at INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

-- Roots of complete subtrees of 256^(level+1) leaves, so that a proof does not need all leaves.
CREATE TABLE ledger_subtrees (
    level INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    root BLOB NOT NULL CHECK (length(root) = 32),
    PRIMARY KEY (level, idx)
) WITHOUT ROWID, STRICT;

-- This party's memory as a witness: the newest checkpoint it cosigned of each log.
CREATE TABLE ledger_witnessed (
    origin TEXT PRIMARY KEY,
    size INTEGER NOT NULL CHECK (size >= 0),
    root BLOB NOT NULL CHECK (length(root) = 32),
    note TEXT NOT NULL,
    at INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

-- How far erasing came: every entry of a kind before this index is erased.
CREATE TABLE ledger_erasures (
    kind INTEGER PRIMARY KEY,
    until INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

-- Whom a reference means, asked by one auditor and opened when a second one agrees.
CREATE TABLE ledger_resolutions (
    id BLOB PRIMARY KEY,
    whom_kind INTEGER NOT NULL,
    whom BLOB NOT NULL,
    reason TEXT NOT NULL,
    requested_at INTEGER NOT NULL,
    requested_by TEXT NOT NULL,
    requester TEXT NOT NULL,
    requester_certificate BLOB NOT NULL,
    approved_at INTEGER,
    approved_by TEXT,
    approver TEXT,
    approver_certificate BLOB,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

-- Nearly every entry is an access (kind 1): the others are found without reading all of those.
CREATE INDEX ledger_entries_rare ON ledger_entries (kind, idx) WHERE kind <> 1;

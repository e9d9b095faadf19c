-- What was signed: 1 is the newest checkpoint, 2 the newest that has the quorum of cosignatures.
CREATE TABLE ledger_publication (
    which SMALLINT PRIMARY KEY CHECK (which IN (1, 2)),
    size BIGINT NOT NULL CHECK (size >= 0),
    root BYTEA NOT NULL CHECK (length(root) = 32),
    note TEXT NOT NULL,
    published_at BIGINT NOT NULL
);

-- Roots of complete subtrees of 256^(level+1) leaves, so that a proof does not need all leaves.
CREATE TABLE ledger_subtrees (
    level SMALLINT NOT NULL,
    idx BIGINT NOT NULL,
    root BYTEA NOT NULL CHECK (length(root) = 32),
    PRIMARY KEY (level, idx)
);

-- This party's memory as a witness: the newest checkpoint it cosigned of each log.
CREATE TABLE ledger_witnessed (
    origin TEXT PRIMARY KEY,
    size BIGINT NOT NULL CHECK (size >= 0),
    root BYTEA NOT NULL CHECK (length(root) = 32),
    note TEXT NOT NULL,
    at BIGINT NOT NULL
);

-- How far erasing came: every entry of a kind before this index is erased.
CREATE TABLE ledger_erasures (
    kind SMALLINT PRIMARY KEY,
    until BIGINT NOT NULL
);

-- Whom a reference means, asked by one auditor and opened when a second one agrees.
CREATE TABLE ledger_resolutions (
    id BYTEA PRIMARY KEY,
    whom_kind SMALLINT NOT NULL,
    whom BYTEA NOT NULL,
    reason TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    requested_by TEXT NOT NULL,
    requester TEXT NOT NULL,
    requester_certificate BYTEA NOT NULL,
    approved_at BIGINT,
    approved_by TEXT,
    approver TEXT,
    approver_certificate BYTEA,
    expires_at BIGINT NOT NULL
);

-- Nearly every entry is an access (kind 1): the others are found without reading all of those.
CREATE INDEX ledger_entries_rare ON ledger_entries (kind, idx) WHERE kind <> 1;

-- What this partner has registered. The source's key and the binding are sealed; there is no BSN here.
CREATE TABLE local_records (
    handle BLOB PRIMARY KEY,
    source TEXT NOT NULL,
    category TEXT NOT NULL,
    record_key BLOB NOT NULL,
    record_sealed BLOB NOT NULL,
    subject_key BLOB NOT NULL,
    binding_sealed BLOB,
    binding_epoch INTEGER,
    pointer BLOB,
    state INTEGER NOT NULL,
    valid_until INTEGER,
    seen_read INTEGER NOT NULL,
    UNIQUE (source, category, record_key)
) WITHOUT ROWID, STRICT;

CREATE INDEX local_records_by_read ON local_records (source, seen_read);
CREATE INDEX local_records_by_expiry ON local_records (valid_until);
CREATE INDEX local_records_by_pointer ON local_records (pointer);

-- What the switchboard still has to be told. The subject is sealed and goes when the switchboard has acknowledged.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    handle BLOB NOT NULL,
    task INTEGER NOT NULL,
    subject_sealed BLOB,
    reason INTEGER,
    destroy_by INTEGER,
    queued_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    next_at INTEGER NOT NULL
) STRICT;

CREATE INDEX outbox_next ON outbox (next_at, id);
CREATE INDEX outbox_by_handle ON outbox (handle);

CREATE TABLE source_cursors (
    source TEXT PRIMARY KEY,
    cursor TEXT NOT NULL,
    read_number INTEGER NOT NULL,
    synced_at INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

-- Grants that were used: one request each (an identical retry is the same request).
CREATE TABLE used_grants (
    grant_id BLOB PRIMARY KEY,
    request BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

CREATE INDEX used_grants_due ON used_grants (expires_at);

-- Which of our own records an access record is about. Access records hold a random reference; erasing a link makes it
-- unresolvable. Links outlive the record: an access stays one after the withdrawal.
CREATE TABLE record_links (
    handle BLOB NOT NULL,
    idx INTEGER NOT NULL,
    position INTEGER NOT NULL,
    reference BLOB NOT NULL,
    PRIMARY KEY (handle, idx, position)
) WITHOUT ROWID, STRICT;

-- Who is in the index: the only table that holds tags (docs/decisions/0002). Generation g of the index keys uses the
-- column of its parity; while a rotation runs both are filled, so a subject is unique by either.
CREATE TABLE subjects (
    id BLOB PRIMARY KEY,
    tag_even BLOB UNIQUE,
    tag_odd BLOB UNIQUE,
    generation INTEGER NOT NULL,
    element BLOB NOT NULL,
    CHECK (tag_even IS NOT NULL OR tag_odd IS NOT NULL)
) WITHOUT ROWID, STRICT;

CREATE TABLE pointers (
    id BLOB PRIMARY KEY,
    subject BLOB REFERENCES subjects (id),
    holder TEXT NOT NULL,
    category TEXT NOT NULL,
    source_key BLOB,
    sealed BLOB,
    purposes TEXT,
    state INTEGER NOT NULL,
    withdrawal INTEGER,
    registered_at INTEGER NOT NULL,
    valid_until INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    destroy_by INTEGER,
    superseded_by BLOB,
    CHECK ((subject IS NULL) = (sealed IS NULL)),
    CHECK (state <> 0 OR subject IS NOT NULL)
) WITHOUT ROWID, STRICT;

-- The identity of a pointer: what makes registering twice harmless whoever races whom (design §4).
CREATE UNIQUE INDEX pointers_identity ON pointers (subject, holder, source_key, category) WHERE state = 0;
CREATE INDEX pointers_of_holder ON pointers (holder, id);
CREATE INDEX pointers_active ON pointers (holder, id) WHERE state = 0;
-- Whether a subject still has a pointer, in any state.
CREATE INDEX pointers_of_subject ON pointers (subject);
-- What a job has to look at next: expiry, end of the archive or tombstone term, destruction.
CREATE INDEX pointers_due ON pointers (due_at);

-- Which record is about whom. Access records hold a random reference; erasing a link makes it unresolvable.
CREATE TABLE subject_links (
    subject BLOB NOT NULL,
    idx INTEGER NOT NULL,
    position INTEGER NOT NULL,
    reference BLOB NOT NULL,
    PRIMARY KEY (subject, idx, position)
) WITHOUT ROWID, STRICT;

CREATE TABLE leases (
    holder TEXT PRIMARY KEY,
    valid_until INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

CREATE TABLE uploads (
    holder TEXT NOT NULL,
    upload BLOB NOT NULL,
    lines INTEGER NOT NULL,
    touched_at INTEGER NOT NULL,
    PRIMARY KEY (holder, upload)
) WITHOUT ROWID, STRICT;

CREATE TABLE idempotency_keys (
    holder TEXT NOT NULL,
    key TEXT NOT NULL,
    request BLOB NOT NULL,
    status INTEGER NOT NULL,
    -- Sealed: it repeats the handle.
    response BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (holder, key)
) WITHOUT ROWID, STRICT;

CREATE INDEX idempotency_keys_due ON idempotency_keys (expires_at);

-- Generations of the index keys, and how far a rotation has come.
CREATE TABLE generations (
    generation INTEGER PRIMARY KEY,
    index_epoch INTEGER NOT NULL,
    pseudonymiser_epoch INTEGER NOT NULL,
    phase INTEGER NOT NULL,
    cursor BLOB NOT NULL,
    converted INTEGER NOT NULL,
    began_at INTEGER NOT NULL
) STRICT;

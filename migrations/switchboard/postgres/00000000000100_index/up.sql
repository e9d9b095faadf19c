-- Who is in the index: the only table that holds tags (docs/decisions/0002). Generation g of the index keys uses the
-- column of its parity; while a rotation runs both are filled, so a subject is unique by either.
CREATE TABLE subjects (
    id BYTEA PRIMARY KEY,
    tag_even BYTEA UNIQUE,
    tag_odd BYTEA UNIQUE,
    generation INTEGER NOT NULL,
    element BYTEA NOT NULL,
    CHECK (tag_even IS NOT NULL OR tag_odd IS NOT NULL)
);

CREATE TABLE pointers (
    id BYTEA PRIMARY KEY,
    subject BYTEA REFERENCES subjects (id),
    holder TEXT NOT NULL,
    category TEXT NOT NULL,
    source_key BYTEA,
    sealed BYTEA,
    purposes TEXT,
    state SMALLINT NOT NULL,
    withdrawal SMALLINT,
    registered_at BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    destroy_by BIGINT,
    superseded_by BYTEA,
    CHECK ((subject IS NULL) = (sealed IS NULL)),
    CHECK (state <> 0 OR subject IS NOT NULL)
);

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
    subject BYTEA NOT NULL,
    idx BIGINT NOT NULL,
    position INTEGER NOT NULL,
    reference BYTEA NOT NULL,
    PRIMARY KEY (subject, idx, position)
);

CREATE TABLE leases (
    holder TEXT PRIMARY KEY,
    valid_until BIGINT NOT NULL
);

CREATE TABLE uploads (
    holder TEXT NOT NULL,
    upload BYTEA NOT NULL,
    lines BIGINT NOT NULL,
    touched_at BIGINT NOT NULL,
    PRIMARY KEY (holder, upload)
);

CREATE TABLE idempotency_keys (
    holder TEXT NOT NULL,
    key TEXT NOT NULL,
    request BYTEA NOT NULL,
    status SMALLINT NOT NULL,
    -- Sealed: it repeats the handle.
    response BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (holder, key)
);

CREATE INDEX idempotency_keys_due ON idempotency_keys (expires_at);

-- Generations of the index keys, and how far a rotation has come.
CREATE TABLE generations (
    generation INTEGER PRIMARY KEY,
    index_epoch INTEGER NOT NULL,
    pseudonymiser_epoch INTEGER NOT NULL,
    phase SMALLINT NOT NULL,
    cursor BYTEA NOT NULL,
    converted BIGINT NOT NULL,
    began_at BIGINT NOT NULL
);

-- Subjects that nobody is, by which this partner sees whether the index leaves somebody out: its own, registered like any other
-- record, and those that another partner told it of. The subject is sealed; without a source the pointer is another partner's.
CREATE TABLE canaries (
    id BYTEA NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    holder TEXT NOT NULL,
    source TEXT,
    category TEXT NOT NULL,
    subject_key BYTEA NOT NULL CHECK (length(subject_key) = 16),
    sealed BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    retired SMALLINT NOT NULL,
    exported SMALLINT NOT NULL,
    next_at BIGINT NOT NULL,
    asked_at BIGINT,
    misses INTEGER NOT NULL,
    silences INTEGER NOT NULL,
    missed_at BIGINT,
    UNIQUE (holder, category, subject_key)
);
-- When the switchboard was asked about one, for the day's budget.
CREATE TABLE canary_asks (
    id BYTEA NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL
);
CREATE INDEX canary_asks_by_time ON canary_asks (at);

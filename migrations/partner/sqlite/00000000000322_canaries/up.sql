-- Subjects that nobody is, by which this partner sees whether the index leaves somebody out: its own, registered like any other
-- record, and those that another partner told it of. The subject is sealed; without a source the pointer is another partner's.
CREATE TABLE canaries (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    holder TEXT NOT NULL,
    source TEXT,
    category TEXT NOT NULL,
    subject_key BLOB NOT NULL CHECK (length(subject_key) = 16),
    sealed BLOB NOT NULL,
    made_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    retired INTEGER NOT NULL,
    exported INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    asked_at INTEGER,
    misses INTEGER NOT NULL,
    silences INTEGER NOT NULL,
    missed_at INTEGER,
    UNIQUE (holder, category, subject_key)
) STRICT;
-- When the switchboard was asked about one, for the day's budget.
CREATE TABLE canary_asks (
    id BLOB NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX canary_asks_by_time ON canary_asks (at);

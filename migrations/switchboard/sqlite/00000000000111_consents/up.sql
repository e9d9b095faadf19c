-- What persons chose about disclosure. NULL in a scope means all.
CREATE TABLE consents (
    id BLOB PRIMARY KEY,
    subject BLOB NOT NULL REFERENCES subjects (id),
    refused INTEGER NOT NULL,
    holder TEXT,
    holder_kind TEXT,
    category TEXT,
    requester TEXT,
    requester_kind TEXT,
    given_by INTEGER NOT NULL,
    mandate BLOB,
    evidence TEXT NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    valid_until INTEGER,
    withdrawn_at INTEGER,
    -- The moment from which on it does not count; the largest number there is when there is none.
    ends_at INTEGER NOT NULL,
    CHECK (holder IS NULL OR holder_kind IS NULL),
    CHECK (requester IS NULL OR requester_kind IS NULL)
) WITHOUT ROWID, STRICT;

CREATE INDEX consents_of_subject ON consents (subject, id);
CREATE INDEX consents_ended ON consents (ends_at);

-- Objections to statutory registrations. One that was upheld stays: it keeps the registration from coming back.
CREATE TABLE objections (
    id BLOB PRIMARY KEY,
    subject BLOB NOT NULL REFERENCES subjects (id),
    holder TEXT NOT NULL,
    category TEXT NOT NULL,
    given_by INTEGER NOT NULL,
    mandate BLOB,
    reason INTEGER NOT NULL,
    state INTEGER NOT NULL,
    received_by TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    -- 0: nobody was told that the term ends; 1: the holder was; 2: its data protection officer was told that it ended.
    warned INTEGER NOT NULL,
    decided_at INTEGER,
    reasons TEXT
) WITHOUT ROWID, STRICT;

CREATE INDEX objections_of_holder ON objections (holder, id);
CREATE INDEX objections_of_subject ON objections (subject, holder, category);
CREATE INDEX objections_due ON objections (due_at) WHERE state = 0;

-- What parties are told: that something happened and where to look. No personal data, ever.
CREATE TABLE signals (
    recipient TEXT NOT NULL,
    -- Counted from 1 for each recipient, without gaps: a reader that goes on from a number misses nothing.
    number BIGINT NOT NULL,
    id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    -- The review, mandate, consent, … that it is about: random.
    about BYTEA NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (recipient, number)
);

CREATE INDEX signals_by_time ON signals (at);
CREATE INDEX signals_about ON signals (recipient, about);

-- The last number that each recipient has; it stays when its signals are forgotten.
CREATE TABLE signal_heads (
    recipient TEXT PRIMARY KEY,
    number BIGINT NOT NULL
);

-- Questions on a motivated or emergency ground, until their records are erased.
CREATE TABLE reviews (
    id BYTEA PRIMARY KEY,
    -- Whom the question was about.
    subject BYTEA NOT NULL,
    party TEXT NOT NULL,
    actor TEXT NOT NULL,
    role TEXT NOT NULL,
    purpose TEXT NOT NULL,
    categories TEXT NOT NULL,
    case_reference TEXT NOT NULL,
    ground TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- The transaction of the question; its record has the same.
    transaction_id BYTEA NOT NULL,
    opened_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    escalated_at BIGINT,
    verdict TEXT,
    reviewer TEXT,
    note TEXT,
    decided_at BIGINT,
    CHECK ((verdict IS NULL) = (decided_at IS NULL)),
    CHECK ((verdict IS NULL) = (reviewer IS NULL))
);

-- An organisation's own reviews, and everybody's, in the order in which they were opened: ids begin with the time.
CREATE INDEX reviews_of_party ON reviews (party, id);
-- What still waits, by when it is due.
CREATE INDEX reviews_due ON reviews (due_at) WHERE verdict IS NULL AND escalated_at IS NULL;
CREATE INDEX reviews_by_time ON reviews (opened_at);

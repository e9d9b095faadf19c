-- Who asked for signals: pushed to an address, or named so that they are in the feed.
CREATE TABLE subscriptions (
    id BLOB PRIMARY KEY,
    subscriber TEXT NOT NULL,
    -- An https address; a feed subscription has none.
    sink TEXT,
    -- Codes, separated by spaces; empty: everything but what is told on request.
    types TEXT NOT NULL,
    -- JSON.
    filters TEXT NOT NULL,
    reference TEXT,
    created_at INTEGER NOT NULL,
    -- When the address agreed.
    verified_at INTEGER,
    ended_at INTEGER,
    -- Signals a minute that the address allows.
    allowed_rate INTEGER,
    -- The last number of the subscriber's feed that was delivered, left out or given up: stored after the answer.
    reached INTEGER NOT NULL,
    -- Of the next signal.
    attempts INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    failure TEXT,
    failing_since INTEGER
) WITHOUT ROWID, STRICT;

CREATE INDEX subscriptions_of_party ON subscriptions (subscriber, id);
CREATE INDEX subscriptions_live ON subscriptions (id) WHERE ended_at IS NULL;

-- Signals that were given up, by their number in the subscriber's feed.
CREATE TABLE dead_letters (
    subscription BLOB NOT NULL,
    number INTEGER NOT NULL,
    failure TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    failed_at INTEGER NOT NULL,
    -- 1: to be tried once more.
    replay INTEGER NOT NULL,
    PRIMARY KEY (subscription, number)
) WITHOUT ROWID, STRICT;

CREATE INDEX dead_letters_to_replay ON dead_letters (subscription) WHERE replay = 1;
CREATE INDEX dead_letters_by_time ON dead_letters (failed_at);

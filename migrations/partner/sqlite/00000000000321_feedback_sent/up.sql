-- Feedback reports of this partner's own people. What is doubted is sealed, and only there as long as it may have to be sent again;
-- about whom a report is, a keyed digest says.
CREATE TABLE feedback_sent (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    version INTEGER NOT NULL,
    about BLOB NOT NULL CHECK (length(about) = 16),
    kind TEXT NOT NULL,
    holder TEXT NOT NULL,
    category TEXT NOT NULL,
    reference TEXT,
    pointers TEXT NOT NULL,
    delivery TEXT NOT NULL,
    status TEXT,
    outcome TEXT,
    reason TEXT,
    sealed BLOB,
    sent_on_by TEXT NOT NULL,
    must_tell INTEGER NOT NULL,
    must_look INTEGER NOT NULL,
    transaction_id BLOB NOT NULL CHECK (length(transaction_id) = 16),
    attempts INTEGER NOT NULL,
    next_at INTEGER,
    queued_at INTEGER NOT NULL,
    sent_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX feedback_sent_due ON feedback_sent (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX feedback_sent_about ON feedback_sent (about);
CREATE INDEX feedback_sent_at ON feedback_sent (sent_at);

-- Pulls of this partner in which a value was wrong; holder and category are asked after.
CREATE TABLE corrections_heard (
    transaction_id BLOB NOT NULL PRIMARY KEY CHECK (length(transaction_id) = 16),
    holder TEXT,
    category TEXT,
    corrected_at INTEGER,
    next_at INTEGER,
    attempts INTEGER NOT NULL,
    told_at INTEGER NOT NULL
) STRICT;
CREATE INDEX corrections_heard_due ON corrections_heard (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX corrections_heard_told ON corrections_heard (told_at);

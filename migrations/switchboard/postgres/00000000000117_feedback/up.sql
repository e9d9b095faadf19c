-- Feedback reports (terugmeldingen) as far as the switchboard knows them: between which two parties, and where they stand.
CREATE TABLE feedback_routes (
    id BYTEA NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    holder TEXT NOT NULL,
    reporter TEXT NOT NULL,
    status TEXT NOT NULL,
    since BIGINT NOT NULL,
    overdue SMALLINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX feedback_routes_by_change ON feedback_routes (changed_at);

-- Pulls in which a value was delivered that was corrected since. The recipient finds whom its pull was about in its own records.
CREATE TABLE corrections (
    transaction_id BYTEA NOT NULL CHECK (length(transaction_id) = 16),
    recipient TEXT NOT NULL,
    holder TEXT NOT NULL,
    report BYTEA NOT NULL CHECK (length(report) = 16),
    category TEXT NOT NULL,
    corrected_at BIGINT NOT NULL,
    PRIMARY KEY (transaction_id, recipient, holder, report)
);
CREATE INDEX corrections_by_age ON corrections (corrected_at);

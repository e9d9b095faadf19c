-- One report id at two holders is two reports: each holder tells of its own.
CREATE TABLE feedback_routes_by_holder (
    id BLOB NOT NULL CHECK (length(id) = 16),
    holder TEXT NOT NULL,
    reporter TEXT NOT NULL,
    status TEXT NOT NULL,
    since INTEGER NOT NULL,
    overdue INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    annotated_at INTEGER,
    PRIMARY KEY (id, holder, reporter)
) STRICT;
INSERT INTO feedback_routes_by_holder (id, holder, reporter, status, since, overdue, changed_at, annotated_at)
    SELECT id, holder, reporter, status, since, overdue, changed_at, annotated_at FROM feedback_routes;
DROP TABLE feedback_routes;
ALTER TABLE feedback_routes_by_holder RENAME TO feedback_routes;
CREATE INDEX feedback_routes_by_change ON feedback_routes (changed_at);

-- Grants that were given: what a holder tells of feedback reports and corrections is checked against them. A feedback grant goes with the
-- report that is told of under it.
CREATE TABLE grants_given (
    transaction_id BLOB NOT NULL PRIMARY KEY CHECK (length(transaction_id) = 16),
    requester TEXT NOT NULL,
    holder TEXT NOT NULL,
    category TEXT NOT NULL,
    for_feedback INTEGER NOT NULL,
    at INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
CREATE INDEX grants_given_by_age ON grants_given (at);
INSERT OR IGNORE INTO grants_given (transaction_id, requester, holder, category, for_feedback, at)
    SELECT unhex(replace(json_extract(given.value, '$.transaction'), '-', '')),
        coalesce(json_extract(entry.record, '$.onBehalfOf'), json_extract(entry.record, '$.party')),
        json_extract(given.value, '$.holder'), json_extract(given.value, '$.category'),
        coalesce(json_extract(given.value, '$.act'), 'pull') = 'feedback', entry.at
    FROM ledger_entries AS entry, json_each(entry.record, '$.grants') AS given
    WHERE entry.record IS NOT NULL AND json_extract(entry.record, '$.event') = 'query-answered';

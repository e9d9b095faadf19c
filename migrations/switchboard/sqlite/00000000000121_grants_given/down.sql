DROP TABLE grants_given;
CREATE TABLE feedback_routes_by_id (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    holder TEXT NOT NULL,
    reporter TEXT NOT NULL,
    status TEXT NOT NULL,
    since INTEGER NOT NULL,
    overdue INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    annotated_at INTEGER
) STRICT;
INSERT OR IGNORE INTO feedback_routes_by_id (id, holder, reporter, status, since, overdue, changed_at, annotated_at)
    SELECT id, holder, reporter, status, since, overdue, changed_at, annotated_at FROM feedback_routes ORDER BY changed_at DESC;
DROP TABLE feedback_routes;
ALTER TABLE feedback_routes_by_id RENAME TO feedback_routes;
CREATE INDEX feedback_routes_by_change ON feedback_routes (changed_at);

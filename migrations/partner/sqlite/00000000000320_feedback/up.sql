-- Feedback reports (terugmeldingen) that this partner received. What they say is sealed; the columns are for finding them. A
-- report is changed by its annotations only: the columns from `status` on repeat what the newest of them say.
CREATE TABLE feedback_reports (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    handle BLOB NOT NULL CHECK (length(handle) = 16),
    reporter TEXT NOT NULL,
    kind INTEGER NOT NULL,
    category TEXT NOT NULL,
    source TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 16),
    content_sealed BLOB NOT NULL,
    pointers_sealed BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    status TEXT NOT NULL,
    since INTEGER NOT NULL,
    handler TEXT NOT NULL,
    outcome INTEGER,
    planned_for INTEGER,
    take_up_by INTEGER NOT NULL,
    taken_up_at INTEGER,
    overdue_told INTEGER NOT NULL,
    is_open INTEGER NOT NULL
) STRICT;
CREATE INDEX feedback_reports_of_record ON feedback_reports (handle, is_open);
CREATE INDEX feedback_reports_by_age ON feedback_reports (received_at, id);
CREATE INDEX feedback_reports_by_term ON feedback_reports (overdue_told, taken_up_at, take_up_by);

-- What was said and done about a report, in its order. Rows are added, and go only with the report.
CREATE TABLE feedback_annotations (
    report BLOB NOT NULL REFERENCES feedback_reports (id),
    number INTEGER NOT NULL,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    at INTEGER NOT NULL,
    by_reporter INTEGER NOT NULL,
    party TEXT NOT NULL,
    content_sealed BLOB NOT NULL,
    PRIMARY KEY (report, number)
) STRICT;

-- The files of a report.
CREATE TABLE feedback_attachments (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    report BLOB NOT NULL REFERENCES feedback_reports (id),
    number INTEGER NOT NULL,
    facts_sealed BLOB NOT NULL,
    content_sealed BLOB NOT NULL
) STRICT;
CREATE INDEX feedback_attachments_of_report ON feedback_attachments (report, number);

-- What the switchboard still has to hear of reports: which one and where it stands, or that a value was corrected. Written with
-- the annotation, deleted when the switchboard has it.
CREATE TABLE feedback_outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    report BLOB NOT NULL CHECK (length(report) = 16),
    message TEXT NOT NULL,
    queued_at INTEGER NOT NULL
) STRICT;

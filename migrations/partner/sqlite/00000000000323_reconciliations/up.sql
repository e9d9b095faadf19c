-- How the last comparison of each source with the switchboard went, and when the next one is due.
CREATE TABLE reconciliations (
    source TEXT PRIMARY KEY,
    due_at INTEGER NOT NULL,
    state TEXT NOT NULL
) WITHOUT ROWID, STRICT;

-- A registration that nobody is to be notified of.
ALTER TABLE outbox ADD COLUMN administrative INTEGER NOT NULL DEFAULT 0;

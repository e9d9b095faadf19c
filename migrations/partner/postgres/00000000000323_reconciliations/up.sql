-- How the last comparison of each source with the switchboard went, and when the next one is due.
CREATE TABLE reconciliations (
    source TEXT PRIMARY KEY,
    due_at BIGINT NOT NULL,
    state TEXT NOT NULL
);

-- A registration that nobody is to be notified of.
ALTER TABLE outbox ADD COLUMN administrative SMALLINT NOT NULL DEFAULT 0;

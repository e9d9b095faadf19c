-- Partners that leave, hand their work over or vanished. One at a time for each.
CREATE TABLE departures (
    id BLOB PRIMARY KEY,
    party TEXT NOT NULL,
    successor TEXT,
    kind INTEGER NOT NULL,
    requested_at INTEGER NOT NULL,
    requested_by TEXT,
    first_approver TEXT,
    first_at INTEGER,
    second_approver TEXT,
    second_at INTEGER,
    consenter TEXT,
    consented_at INTEGER,
    effective_at INTEGER,
    -- From then on what nobody took over is withdrawn.
    closing_at INTEGER,
    finished_at INTEGER,
    ended_at INTEGER,
    CHECK (second_approver IS NULL OR first_approver IS NOT NULL),
    CHECK (second_approver IS NULL OR second_approver <> first_approver)
) WITHOUT ROWID, STRICT;

CREATE UNIQUE INDEX departures_open ON departures (party) WHERE ended_at IS NULL;
CREATE INDEX departures_running ON departures (effective_at) WHERE finished_at IS NULL AND ended_at IS NULL;

-- What became of the pointers, by category.
CREATE TABLE departure_counts (
    departure BLOB NOT NULL REFERENCES departures (id),
    category TEXT NOT NULL,
    transferred INTEGER NOT NULL,
    withdrawn INTEGER NOT NULL,
    PRIMARY KEY (departure, category)
) WITHOUT ROWID, STRICT;

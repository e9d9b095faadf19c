-- Partners that leave, hand their work over or vanished. One at a time for each.
CREATE TABLE departures (
    id BYTEA PRIMARY KEY,
    party TEXT NOT NULL,
    successor TEXT,
    kind SMALLINT NOT NULL,
    requested_at BIGINT NOT NULL,
    requested_by TEXT,
    first_approver TEXT,
    first_at BIGINT,
    second_approver TEXT,
    second_at BIGINT,
    consenter TEXT,
    consented_at BIGINT,
    effective_at BIGINT,
    -- From then on what nobody took over is withdrawn.
    closing_at BIGINT,
    finished_at BIGINT,
    ended_at BIGINT,
    CHECK (second_approver IS NULL OR first_approver IS NOT NULL),
    CHECK (second_approver IS NULL OR second_approver <> first_approver)
);

CREATE UNIQUE INDEX departures_open ON departures (party) WHERE ended_at IS NULL;
CREATE INDEX departures_running ON departures (effective_at) WHERE finished_at IS NULL AND ended_at IS NULL;

-- What became of the pointers, by category.
CREATE TABLE departure_counts (
    departure BYTEA NOT NULL REFERENCES departures (id),
    category TEXT NOT NULL,
    transferred BIGINT NOT NULL,
    withdrawn BIGINT NOT NULL,
    PRIMARY KEY (departure, category)
);

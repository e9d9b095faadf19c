-- Who may act for whom. Both sides are subjects of the index, so a mandate survives every change of keys.
CREATE TABLE mandates (
    id BYTEA PRIMARY KEY,
    representative BYTEA NOT NULL REFERENCES subjects (id),
    represented BYTEA NOT NULL REFERENCES subjects (id),
    kind TEXT NOT NULL,
    age_band TEXT NOT NULL,
    -- Names, separated by spaces.
    categories TEXT NOT NULL,
    acts TEXT NOT NULL,
    registrar TEXT NOT NULL,
    -- 0 requested, 1 active, 2 withdrawn, 3 expired, 4 refused.
    state SMALLINT NOT NULL,
    -- 1 the representative, 2 the represented person, 3 both.
    confirmed SMALLINT NOT NULL,
    registered_at BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    CHECK (representative <> represented)
);

-- Registering twice is harmless whoever races whom: of what has not ended there is one.
CREATE UNIQUE INDEX mandates_identity ON mandates (representative, represented, kind) WHERE state <= 1;
CREATE INDEX mandates_of_representative ON mandates (representative, id);
CREATE INDEX mandates_of_represented ON mandates (represented, id);
-- What a job has to look at next: the end of its term, or of what is kept after its end.
CREATE INDEX mandates_due ON mandates (due_at);

-- Who asked whether a mandate counts, so that they hear when it does not any more.
CREATE TABLE mandate_askers (
    mandate BYTEA NOT NULL REFERENCES mandates (id),
    party TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    PRIMARY KEY (mandate, party)
);

-- Who may act for whom. Both sides are subjects of the index, so a mandate survives every change of keys.
CREATE TABLE mandates (
    id BLOB PRIMARY KEY,
    representative BLOB NOT NULL REFERENCES subjects (id),
    represented BLOB NOT NULL REFERENCES subjects (id),
    kind TEXT NOT NULL,
    age_band TEXT NOT NULL,
    -- Names, separated by spaces.
    categories TEXT NOT NULL,
    acts TEXT NOT NULL,
    registrar TEXT NOT NULL,
    -- 0 requested, 1 active, 2 withdrawn, 3 expired, 4 refused.
    state INTEGER NOT NULL,
    -- 1 the representative, 2 the represented person, 3 both.
    confirmed INTEGER NOT NULL,
    registered_at INTEGER NOT NULL,
    valid_until INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    CHECK (representative <> represented)
) WITHOUT ROWID, STRICT;

-- Registering twice is harmless whoever races whom: of what has not ended there is one.
CREATE UNIQUE INDEX mandates_identity ON mandates (representative, represented, kind) WHERE state <= 1;
CREATE INDEX mandates_of_representative ON mandates (representative, id);
CREATE INDEX mandates_of_represented ON mandates (represented, id);
-- What a job has to look at next: the end of its term, or of what is kept after its end.
CREATE INDEX mandates_due ON mandates (due_at);

-- Who asked whether a mandate counts, so that they hear when it does not any more.
CREATE TABLE mandate_askers (
    mandate BLOB NOT NULL REFERENCES mandates (id),
    party TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    PRIMARY KEY (mandate, party)
) WITHOUT ROWID, STRICT;

-- Parties whose questions looked like a search through all numbers. The counting itself is done on the log.
CREATE TABLE alarms (
    id BLOB PRIMARY KEY,
    party TEXT NOT NULL,
    reason TEXT NOT NULL,
    questions INTEGER NOT NULL,
    misses INTEGER NOT NULL,
    raised_at INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

-- Whether a party's alarm for this reason was raised lately.
CREATE INDEX alarms_of_party ON alarms (party, reason, raised_at);

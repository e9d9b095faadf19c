-- Parties whose questions looked like a search through all numbers. The counting itself is done on the log.
CREATE TABLE alarms (
    id BYTEA PRIMARY KEY,
    party TEXT NOT NULL,
    reason TEXT NOT NULL,
    questions BIGINT NOT NULL,
    misses BIGINT NOT NULL,
    raised_at BIGINT NOT NULL
);

-- Whether a party's alarm for this reason was raised lately.
CREATE INDEX alarms_of_party ON alarms (party, reason, raised_at);

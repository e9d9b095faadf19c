-- What each party used of its budgets: burst is counted per minute.
CREATE TABLE budgets (
    party TEXT NOT NULL,
    class TEXT NOT NULL,
    key_use TEXT NOT NULL,
    minute_start BIGINT NOT NULL,
    minute_used BIGINT NOT NULL,
    hour_start BIGINT NOT NULL,
    hour_used BIGINT NOT NULL,
    day_start BIGINT NOT NULL,
    day_used BIGINT NOT NULL,
    PRIMARY KEY (party, class, key_use)
);

-- What each party used of its budgets: burst is counted per minute.
CREATE TABLE budgets (
    party TEXT NOT NULL,
    class TEXT NOT NULL,
    key_use TEXT NOT NULL,
    minute_start INTEGER NOT NULL,
    minute_used INTEGER NOT NULL,
    hour_start INTEGER NOT NULL,
    hour_used INTEGER NOT NULL,
    day_start INTEGER NOT NULL,
    day_used INTEGER NOT NULL,
    PRIMARY KEY (party, class, key_use)
) WITHOUT ROWID, STRICT;

-- Until when the switchboard gave this partner its last lease: a partner that was away for longer sees by it that its pointers
-- lapsed.
CREATE TABLE held_leases (
    holder TEXT PRIMARY KEY,
    valid_until BIGINT NOT NULL
);

-- Pulls that were refused because a birth date is unknown, until two people of the holder say whether the requester means the
-- person behind the handle. One for each requester and handle; it is deleted when it expires, whatever came of it.
CREATE TABLE identity_checks (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    handle BLOB NOT NULL CHECK (length(handle) = 16),
    requester TEXT NOT NULL,
    purpose TEXT NOT NULL,
    category TEXT NOT NULL,
    state INTEGER NOT NULL,
    first_actor TEXT,
    asked_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    UNIQUE (handle, requester)
) STRICT;
CREATE INDEX identity_checks_by_expiry ON identity_checks (expires_at);

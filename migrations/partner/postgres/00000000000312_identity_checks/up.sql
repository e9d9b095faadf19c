-- Pulls that were refused because a birth date is unknown, until two people of the holder say whether the requester means the
-- person behind the handle. One for each requester and handle; it is deleted when it expires, whatever came of it.
CREATE TABLE identity_checks (
    id BYTEA NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    handle BYTEA NOT NULL CHECK (length(handle) = 16),
    requester TEXT NOT NULL,
    purpose TEXT NOT NULL,
    category TEXT NOT NULL,
    state SMALLINT NOT NULL,
    first_actor TEXT,
    asked_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    UNIQUE (handle, requester)
);
CREATE INDEX identity_checks_by_expiry ON identity_checks (expires_at);

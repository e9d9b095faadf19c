-- Authorisations of the holder's authorisation server, from the pushed request to the end of the token. Whatever opens a
-- step is stored as its SHA-256: a stolen copy opens nothing. `facts` names no person; what does is in `sealed`, and goes
-- with the row, which is deleted when it has ended.
CREATE TABLE authorisations (
    id BYTEA NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    client TEXT NOT NULL,
    phase SMALLINT NOT NULL,
    opens BYTEA UNIQUE CHECK (opens IS NULL OR length(opens) = 32),
    opened BYTEA UNIQUE CHECK (opened IS NULL OR length(opened) = 32),
    browser BYTEA CHECK (browser IS NULL OR length(browser) = 32),
    certificate BYTEA NOT NULL CHECK (length(certificate) = 32),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    facts TEXT NOT NULL,
    sealed BYTEA
);
CREATE INDEX authorisations_by_expiry ON authorisations (expires_at);
CREATE INDEX authorisations_by_client ON authorisations (client);
-- Which of the own records are about the person of a statement.
CREATE INDEX local_records_by_subject ON local_records (subject_key);

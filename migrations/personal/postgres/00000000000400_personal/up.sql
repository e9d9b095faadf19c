-- A personal environment. No BSN is ever here. Who a person is stands in no column in clear: accounts are found by a keyed
-- digest, what identifies the person of a dossier is sealed under that dossier's own key.
CREATE TABLE personal_accounts (
    id BYTEA PRIMARY KEY CHECK (length(id) = 16),
    account_key BYTEA NOT NULL UNIQUE CHECK (length(account_key) = 16),
    created_at BIGINT NOT NULL
);

-- One dossier is about exactly one person. Its key is wrapped by the service's key, for this row only.
CREATE TABLE personal_dossiers (
    id BYTEA PRIMARY KEY CHECK (length(id) = 16),
    owner BYTEA NOT NULL REFERENCES personal_accounts (id),
    person_key BYTEA NOT NULL CHECK (length(person_key) = 16),
    own SMALLINT NOT NULL CHECK (own IN (0, 1)),
    key_sealed BYTEA NOT NULL,
    person_sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (owner, person_key)
);

-- Bound once: a session never goes over to another dossier.
CREATE TABLE personal_sessions (
    id BYTEA PRIMARY KEY CHECK (length(id) = 16),
    token BYTEA NOT NULL UNIQUE CHECK (length(token) = 32),
    account BYTEA NOT NULL REFERENCES personal_accounts (id),
    statement_sealed BYTEA NOT NULL,
    dossier BYTEA REFERENCES personal_dossiers (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX personal_sessions_due ON personal_sessions (expires_at);

-- Others who may use a dossier, under a mandate of its person and within limits.
CREATE TABLE personal_users (
    dossier BYTEA NOT NULL REFERENCES personal_dossiers (id) ON DELETE CASCADE,
    account BYTEA NOT NULL REFERENCES personal_accounts (id),
    mandate BYTEA NOT NULL CHECK (length(mandate) = 16),
    may_view SMALLINT NOT NULL CHECK (may_view IN (0, 1)),
    may_collect SMALLINT NOT NULL CHECK (may_collect IN (0, 1)),
    categories TEXT,
    until BIGINT NOT NULL,
    added_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (dossier, account)
);

CREATE INDEX personal_users_by_account ON personal_users (account);

CREATE TABLE personal_invitations (
    code BYTEA PRIMARY KEY CHECK (length(code) = 32),
    dossier BYTEA NOT NULL REFERENCES personal_dossiers (id) ON DELETE CASCADE,
    may_view SMALLINT NOT NULL CHECK (may_view IN (0, 1)),
    may_collect SMALLINT NOT NULL CHECK (may_collect IN (0, 1)),
    categories TEXT,
    until BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX personal_invitations_due ON personal_invitations (expires_at);

-- One collection is for one dossier from its first moment on.
CREATE TABLE personal_collections (
    id BYTEA PRIMARY KEY CHECK (length(id) = 16),
    dossier BYTEA NOT NULL REFERENCES personal_dossiers (id) ON DELETE CASCADE,
    account BYTEA NOT NULL REFERENCES personal_accounts (id),
    holder TEXT NOT NULL,
    categories TEXT NOT NULL,
    mandate BYTEA CHECK (length(mandate) = 16),
    state_hash BYTEA NOT NULL UNIQUE CHECK (length(state_hash) = 32),
    browser BYTEA NOT NULL CHECK (length(browser) = 32),
    request_sealed BYTEA,
    pending_sealed BYTEA,
    state SMALLINT NOT NULL,
    reason TEXT,
    started_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    UNIQUE (id, dossier)
);

CREATE INDEX personal_collections_by_dossier ON personal_collections (dossier, started_at);
CREATE INDEX personal_collections_due ON personal_collections (expires_at);

CREATE TABLE personal_confirmations (
    collection BYTEA NOT NULL REFERENCES personal_collections (id) ON DELETE CASCADE,
    account BYTEA NOT NULL REFERENCES personal_accounts (id),
    represented SMALLINT NOT NULL CHECK (represented IN (0, 1)),
    at BIGINT NOT NULL,
    PRIMARY KEY (collection, account)
);

-- The second reference has the database itself refuse a document in another dossier than that of its collection.
CREATE TABLE personal_documents (
    id BYTEA PRIMARY KEY CHECK (length(id) = 16),
    dossier BYTEA NOT NULL REFERENCES personal_dossiers (id) ON DELETE CASCADE,
    collection BYTEA NOT NULL,
    category TEXT NOT NULL,
    holder TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    received_at BIGINT NOT NULL,
    FOREIGN KEY (collection, dossier) REFERENCES personal_collections (id, dossier) ON DELETE CASCADE
);

CREATE INDEX personal_documents_by_dossier ON personal_documents (dossier, id);

-- Which dossier an access record is about: it holds a random reference. Goes with the dossier.
CREATE TABLE personal_references (
    reference BYTEA PRIMARY KEY CHECK (length(reference) = 16),
    dossier BYTEA NOT NULL REFERENCES personal_dossiers (id) ON DELETE CASCADE,
    at BIGINT NOT NULL
);

CREATE INDEX personal_references_by_dossier ON personal_references (dossier, reference);

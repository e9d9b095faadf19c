-- A personal environment. No BSN is ever here. Who a person is stands in no column in clear: accounts are found by a keyed
-- digest, what identifies the person of a dossier is sealed under that dossier's own key.
CREATE TABLE personal_accounts (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    account_key BLOB NOT NULL UNIQUE CHECK (length(account_key) = 16),
    created_at INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

-- One dossier is about exactly one person. Its key is wrapped by the service's key, for this row only.
CREATE TABLE personal_dossiers (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    owner BLOB NOT NULL REFERENCES personal_accounts (id),
    person_key BLOB NOT NULL CHECK (length(person_key) = 16),
    own INTEGER NOT NULL CHECK (own IN (0, 1)),
    key_sealed BLOB NOT NULL,
    person_sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (owner, person_key)
) WITHOUT ROWID, STRICT;

-- Bound once: a session never goes over to another dossier.
CREATE TABLE personal_sessions (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    token BLOB NOT NULL UNIQUE CHECK (length(token) = 32),
    account BLOB NOT NULL REFERENCES personal_accounts (id),
    statement_sealed BLOB NOT NULL,
    dossier BLOB REFERENCES personal_dossiers (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

CREATE INDEX personal_sessions_due ON personal_sessions (expires_at);

-- Others who may use a dossier, under a mandate of its person and within limits.
CREATE TABLE personal_users (
    dossier BLOB NOT NULL REFERENCES personal_dossiers (id) ON DELETE CASCADE,
    account BLOB NOT NULL REFERENCES personal_accounts (id),
    mandate BLOB NOT NULL CHECK (length(mandate) = 16),
    may_view INTEGER NOT NULL CHECK (may_view IN (0, 1)),
    may_collect INTEGER NOT NULL CHECK (may_collect IN (0, 1)),
    categories TEXT,
    until INTEGER NOT NULL,
    added_at INTEGER NOT NULL,
    ended_at INTEGER,
    PRIMARY KEY (dossier, account)
) WITHOUT ROWID, STRICT;

CREATE INDEX personal_users_by_account ON personal_users (account);

CREATE TABLE personal_invitations (
    code BLOB PRIMARY KEY CHECK (length(code) = 32),
    dossier BLOB NOT NULL REFERENCES personal_dossiers (id) ON DELETE CASCADE,
    may_view INTEGER NOT NULL CHECK (may_view IN (0, 1)),
    may_collect INTEGER NOT NULL CHECK (may_collect IN (0, 1)),
    categories TEXT,
    until INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

CREATE INDEX personal_invitations_due ON personal_invitations (expires_at);

-- One collection is for one dossier from its first moment on.
CREATE TABLE personal_collections (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    dossier BLOB NOT NULL REFERENCES personal_dossiers (id) ON DELETE CASCADE,
    account BLOB NOT NULL REFERENCES personal_accounts (id),
    holder TEXT NOT NULL,
    categories TEXT NOT NULL,
    mandate BLOB CHECK (length(mandate) = 16),
    state_hash BLOB NOT NULL UNIQUE CHECK (length(state_hash) = 32),
    browser BLOB NOT NULL CHECK (length(browser) = 32),
    request_sealed BLOB,
    pending_sealed BLOB,
    state INTEGER NOT NULL,
    reason TEXT,
    started_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    UNIQUE (id, dossier)
) WITHOUT ROWID, STRICT;

CREATE INDEX personal_collections_by_dossier ON personal_collections (dossier, started_at);
CREATE INDEX personal_collections_due ON personal_collections (expires_at);

CREATE TABLE personal_confirmations (
    collection BLOB NOT NULL REFERENCES personal_collections (id) ON DELETE CASCADE,
    account BLOB NOT NULL REFERENCES personal_accounts (id),
    represented INTEGER NOT NULL CHECK (represented IN (0, 1)),
    at INTEGER NOT NULL,
    PRIMARY KEY (collection, account)
) WITHOUT ROWID, STRICT;

-- The second reference has the database itself refuse a document in another dossier than that of its collection.
CREATE TABLE personal_documents (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    dossier BLOB NOT NULL REFERENCES personal_dossiers (id) ON DELETE CASCADE,
    collection BLOB NOT NULL,
    category TEXT NOT NULL,
    holder TEXT NOT NULL,
    sealed BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    FOREIGN KEY (collection, dossier) REFERENCES personal_collections (id, dossier) ON DELETE CASCADE
) WITHOUT ROWID, STRICT;

CREATE INDEX personal_documents_by_dossier ON personal_documents (dossier, id);

-- Which dossier an access record is about: it holds a random reference. Goes with the dossier.
CREATE TABLE personal_references (
    reference BLOB PRIMARY KEY CHECK (length(reference) = 16),
    dossier BLOB NOT NULL REFERENCES personal_dossiers (id) ON DELETE CASCADE,
    at INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

CREATE INDEX personal_references_by_dossier ON personal_references (dossier, reference);

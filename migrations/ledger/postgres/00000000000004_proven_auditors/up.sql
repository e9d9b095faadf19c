-- Whether the two persons of a resolution showed an ID token of the console's provider: then one certificate is enough for both.
ALTER TABLE ledger_resolutions ADD COLUMN requester_proven SMALLINT NOT NULL DEFAULT 0 CHECK (requester_proven IN (0, 1));
ALTER TABLE ledger_resolutions ADD COLUMN approver_proven SMALLINT NOT NULL DEFAULT 0 CHECK (approver_proven IN (0, 1));

ALTER TABLE ledger_resolutions DROP COLUMN approver_proven;
ALTER TABLE ledger_resolutions DROP COLUMN requester_proven;

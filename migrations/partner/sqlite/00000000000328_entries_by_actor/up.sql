-- Somebody asks what they did themselves: their own entries are found without reading those of others. What is erased leaves it by
-- itself.
CREATE INDEX ledger_entries_by_actor ON ledger_entries (json_extract(record, '$.party'), json_extract(record, '$.actor.id'), idx);

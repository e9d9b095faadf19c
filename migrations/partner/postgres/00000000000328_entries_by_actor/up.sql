-- Somebody asks what they did themselves: their own entries are found without reading those of others. What is erased leaves it by
-- itself.
-- A record with an escaped NUL has no value in PostgreSQL's own JSON.
CREATE INDEX ledger_entries_by_actor ON ledger_entries ((CASE WHEN strpos(record, '\u0000') = 0 THEN record::json ->> 'party' END), (CASE WHEN strpos(record, '\u0000') = 0 THEN record::json #>> '{actor,id}' END), idx);

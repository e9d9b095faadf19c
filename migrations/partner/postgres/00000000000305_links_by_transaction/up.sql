-- By which exchange a record is found again, when a person asks what the log says about them. Transactions are ids in the order
-- of time, so the index grows at its end.
ALTER TABLE record_links ADD COLUMN transaction_id BYTEA;
ALTER TABLE asked_links ADD COLUMN transaction_id BYTEA;
UPDATE record_links SET transaction_id = (SELECT decode(replace(ledger_entries.record::json ->> 'transaction', '-', ''), 'hex') FROM ledger_entries WHERE ledger_entries.idx = record_links.idx);
UPDATE asked_links SET transaction_id = (SELECT decode(replace(ledger_entries.record::json ->> 'transaction', '-', ''), 'hex') FROM ledger_entries WHERE ledger_entries.idx = asked_links.idx);
CREATE INDEX record_links_by_transaction ON record_links (transaction_id);
CREATE INDEX asked_links_by_transaction ON asked_links (transaction_id);

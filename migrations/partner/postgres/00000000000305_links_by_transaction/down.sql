DROP INDEX asked_links_by_transaction;
ALTER TABLE asked_links DROP COLUMN transaction_id;
DROP INDEX record_links_by_transaction;
ALTER TABLE record_links DROP COLUMN transaction_id;

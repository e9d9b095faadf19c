ALTER TABLE outbox DROP COLUMN administrative;
DROP TABLE reconciliations;

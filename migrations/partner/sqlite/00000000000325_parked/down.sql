DROP INDEX outbox_parked;
DROP INDEX outbox_waits;
ALTER TABLE outbox DROP COLUMN waits_for;
ALTER TABLE outbox DROP COLUMN parked_at;
ALTER TABLE outbox DROP COLUMN parked;

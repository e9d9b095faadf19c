-- A message that was refused: why, since when, and the record that has the place it needs, where that is the reason.
ALTER TABLE outbox ADD COLUMN parked TEXT;
ALTER TABLE outbox ADD COLUMN parked_at BIGINT;
ALTER TABLE outbox ADD COLUMN waits_for BYTEA;

CREATE INDEX outbox_waits ON outbox (waits_for) WHERE waits_for IS NOT NULL;
CREATE INDEX outbox_parked ON outbox (parked_at) WHERE parked_at IS NOT NULL;

ALTER TABLE corrections_heard DROP COLUMN record_idx;
ALTER TABLE feedback_sent DROP COLUMN claimed_until;

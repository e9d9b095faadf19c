-- While a step of a report is being taken, nobody else decides about it: a report may arrive while it is taken back.
ALTER TABLE feedback_sent ADD COLUMN claimed_until INTEGER;
-- Which record of the own log is about the pull that a correction names.
ALTER TABLE corrections_heard ADD COLUMN record_idx INTEGER;

ALTER TABLE departure_counts DROP COLUMN held;

-- Active pointers when the departure took effect; NULL where that was not counted.
ALTER TABLE departure_counts ADD COLUMN held INTEGER;

DROP TABLE generations;
DROP TABLE idempotency_keys;
DROP TABLE uploads;
DROP TABLE leases;
DROP TABLE subject_links;
DROP TABLE pointers;
DROP TABLE subjects;

DROP TABLE record_links;
DROP TABLE used_grants;
DROP TABLE source_cursors;
DROP TABLE outbox;
DROP TABLE local_records;

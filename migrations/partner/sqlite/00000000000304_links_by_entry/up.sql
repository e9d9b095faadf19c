-- The other way round: whom one entry of the log is about, for a resolution, and for erasing links with their record.
CREATE INDEX record_links_by_entry ON record_links (idx);
CREATE INDEX asked_links_by_entry ON asked_links (idx);

-- The other way round: whom one entry of the log is about, for a resolution, and for erasing links with their record.
CREATE INDEX subject_links_by_entry ON subject_links (idx);

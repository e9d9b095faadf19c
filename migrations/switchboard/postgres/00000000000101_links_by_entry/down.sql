DROP INDEX subject_links_by_entry;

DROP INDEX asked_links_by_entry;
DROP INDEX record_links_by_entry;

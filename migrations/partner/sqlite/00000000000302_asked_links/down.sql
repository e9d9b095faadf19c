DROP TABLE asked_links;

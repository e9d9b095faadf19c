DROP TABLE objections;
DROP TABLE consents;

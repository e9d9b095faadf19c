DROP INDEX local_records_by_subject;
DROP TABLE authorisations;

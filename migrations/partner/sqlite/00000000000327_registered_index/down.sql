DROP INDEX local_records_registered;

-- A comparison with the switchboard reads every registered record in the order of handles, which is that of no other index: without
-- this one each row is looked up by itself.
CREATE INDEX local_records_registered ON local_records (source, state, handle, pointer, category, valid_until);

-- When something was last said about a report: a note without another status makes a signal too.
ALTER TABLE feedback_routes ADD COLUMN annotated_at INTEGER;

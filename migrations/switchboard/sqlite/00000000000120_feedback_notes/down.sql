ALTER TABLE feedback_routes DROP COLUMN annotated_at;

DROP TABLE feedback_outbox;
DROP TABLE feedback_attachments;
DROP TABLE feedback_annotations;
DROP TABLE feedback_reports;

DROP TABLE corrections_heard;
DROP TABLE feedback_sent;

DROP TABLE corrections;
DROP TABLE feedback_routes;

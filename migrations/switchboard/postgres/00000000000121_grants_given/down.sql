DROP TABLE grants_given;
DELETE FROM feedback_routes AS one USING feedback_routes AS other
    WHERE one.id = other.id AND (one.changed_at, one.holder, one.reporter) < (other.changed_at, other.holder, other.reporter);
ALTER TABLE feedback_routes DROP CONSTRAINT feedback_routes_pkey;
ALTER TABLE feedback_routes ADD PRIMARY KEY (id);

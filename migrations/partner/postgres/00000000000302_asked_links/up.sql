-- About whom this partner asked others: a keyed digest of the subject, and never the subject. Access records hold a random
-- reference; erasing a link makes it unresolvable.
CREATE TABLE asked_links (
    subject_key BYTEA NOT NULL,
    idx BIGINT NOT NULL,
    position INTEGER NOT NULL,
    reference BYTEA NOT NULL,
    PRIMARY KEY (subject_key, idx, position)
);

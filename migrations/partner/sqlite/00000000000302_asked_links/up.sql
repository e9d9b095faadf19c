-- About whom this partner asked others: a keyed digest of the subject, and never the subject. Access records hold a random
-- reference; erasing a link makes it unresolvable.
CREATE TABLE asked_links (
    subject_key BLOB NOT NULL,
    idx INTEGER NOT NULL,
    position INTEGER NOT NULL,
    reference BLOB NOT NULL,
    PRIMARY KEY (subject_key, idx, position)
) WITHOUT ROWID, STRICT;

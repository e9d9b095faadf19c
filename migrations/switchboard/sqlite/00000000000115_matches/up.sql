-- Several holders with live pointers about the same person, or about two persons who are declared to belong together.
-- What is told of a match is who its holders are; whom it is about stands here only.
CREATE TABLE matches (
    id BLOB PRIMARY KEY,
    -- 0 person, 1 family.
    kind INTEGER NOT NULL,
    -- Whom it is about: the second one is there for a family match, and is the greater of the two. Both go some time after
    -- the match ended, and what is left counts without persons.
    subject BLOB,
    other BLOB,
    -- 0 arisen, 1 notified, 2 in contact, 3 coordinated, 4 lapsed.
    state INTEGER NOT NULL,
    -- Year and month in which it arose, by the Dutch calendar: 202611.
    month INTEGER NOT NULL,
    -- Names, separated by spaces: every category in which its holders were found.
    categories TEXT NOT NULL,
    arisen_at INTEGER NOT NULL,
    contact_by INTEGER NOT NULL,
    escalated_at INTEGER,
    contacted_at INTEGER,
    coordinated_at INTEGER,
    ended_at INTEGER,
    CHECK (ended_at IS NOT NULL OR (subject IS NOT NULL AND (other IS NOT NULL) = (kind = 1))),
    CHECK (subject < other)
) WITHOUT ROWID, STRICT;

-- One live match of one person, one of one pair: no race makes a second.
CREATE UNIQUE INDEX matches_of_person ON matches (subject) WHERE kind = 0 AND ended_at IS NULL;
CREATE UNIQUE INDEX matches_of_family ON matches (subject, other) WHERE kind = 1 AND ended_at IS NULL;
CREATE INDEX matches_about ON matches (subject);
CREATE INDEX matches_about_other ON matches (other);
-- What the escalating job has to look at: nobody made contact yet.
CREATE INDEX matches_due ON matches (contact_by) WHERE ended_at IS NULL AND escalated_at IS NULL AND state <= 1;
CREATE INDEX matches_ended ON matches (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE match_holders (
    match_id BLOB NOT NULL REFERENCES matches (id),
    holder TEXT NOT NULL,
    joined_at INTEGER NOT NULL,
    notified_at INTEGER,
    contacted_at INTEGER,
    -- It has no live pointer any more, while others have.
    left_at INTEGER,
    PRIMARY KEY (match_id, holder)
) WITHOUT ROWID, STRICT;

CREATE INDEX match_holders_of ON match_holders (holder, match_id);

-- Two persons who belong together, by a registrar's word. What ends is removed; the ledger has its record.
CREATE TABLE relations (
    id BLOB PRIMARY KEY,
    -- The smaller of the two, and the greater.
    one BLOB NOT NULL REFERENCES subjects (id),
    other BLOB NOT NULL REFERENCES subjects (id),
    kind TEXT NOT NULL,
    registrar TEXT NOT NULL,
    declared_at INTEGER NOT NULL,
    CHECK (one < other)
) WITHOUT ROWID, STRICT;

CREATE UNIQUE INDEX relations_identity ON relations (one, other, kind, registrar);
CREATE INDEX relations_of_other ON relations (other);

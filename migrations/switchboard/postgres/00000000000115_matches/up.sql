-- Several holders with live pointers about the same person, or about two persons who are declared to belong together.
-- What is told of a match is who its holders are; whom it is about stands here only.
CREATE TABLE matches (
    id BYTEA PRIMARY KEY,
    -- 0 person, 1 family.
    kind SMALLINT NOT NULL,
    -- Whom it is about: the second one is there for a family match, and is the greater of the two. Both go some time after
    -- the match ended, and what is left counts without persons.
    subject BYTEA,
    other BYTEA,
    -- 0 arisen, 1 notified, 2 in contact, 3 coordinated, 4 lapsed.
    state SMALLINT NOT NULL,
    -- Year and month in which it arose, by the Dutch calendar: 202611.
    month INTEGER NOT NULL,
    -- Names, separated by spaces: every category in which its holders were found.
    categories TEXT NOT NULL,
    arisen_at BIGINT NOT NULL,
    contact_by BIGINT NOT NULL,
    escalated_at BIGINT,
    contacted_at BIGINT,
    coordinated_at BIGINT,
    ended_at BIGINT,
    CHECK (ended_at IS NOT NULL OR (subject IS NOT NULL AND (other IS NOT NULL) = (kind = 1))),
    CHECK (subject < other)
);

-- One live match of one person, one of one pair: no race makes a second.
CREATE UNIQUE INDEX matches_of_person ON matches (subject) WHERE kind = 0 AND ended_at IS NULL;
CREATE UNIQUE INDEX matches_of_family ON matches (subject, other) WHERE kind = 1 AND ended_at IS NULL;
CREATE INDEX matches_about ON matches (subject);
CREATE INDEX matches_about_other ON matches (other);
-- What the escalating job has to look at: nobody made contact yet.
CREATE INDEX matches_due ON matches (contact_by) WHERE ended_at IS NULL AND escalated_at IS NULL AND state <= 1;
CREATE INDEX matches_ended ON matches (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE match_holders (
    match_id BYTEA NOT NULL REFERENCES matches (id),
    holder TEXT NOT NULL,
    joined_at BIGINT NOT NULL,
    notified_at BIGINT,
    contacted_at BIGINT,
    -- It has no live pointer any more, while others have.
    left_at BIGINT,
    PRIMARY KEY (match_id, holder)
);

CREATE INDEX match_holders_of ON match_holders (holder, match_id);

-- Two persons who belong together, by a registrar's word. What ends is removed; the ledger has its record.
CREATE TABLE relations (
    id BYTEA PRIMARY KEY,
    -- The smaller of the two, and the greater.
    one BYTEA NOT NULL REFERENCES subjects (id),
    other BYTEA NOT NULL REFERENCES subjects (id),
    kind TEXT NOT NULL,
    registrar TEXT NOT NULL,
    declared_at BIGINT NOT NULL,
    CHECK (one < other)
);

CREATE UNIQUE INDEX relations_identity ON relations (one, other, kind, registrar);
CREATE INDEX relations_of_other ON relations (other);

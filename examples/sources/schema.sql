-- A municipality's register of provisions, as small as it can be. Runs on SQLite, PostgreSQL, MariaDB and MySQL.
CREATE TABLE residents (
    id INTEGER PRIMARY KEY,
    bsn VARCHAR(9) NOT NULL UNIQUE,
    name VARCHAR(200) NOT NULL,
    birth_date VARCHAR(10)     -- YYYY-MM-DD; 00 for a month or day that is unknown
);

CREATE TABLE provisions (
    id INTEGER PRIMARY KEY,
    resident INTEGER NOT NULL REFERENCES residents (id),
    kind VARCHAR(50) NOT NULL,
    hours INTEGER NOT NULL,
    active BOOLEAN NOT NULL,
    changed_at VARCHAR(30) NOT NULL   -- UTC, RFC 3339: sorts as text
);

INSERT INTO residents (id, bsn, name, birth_date) VALUES
    (1, '999990342', 'Anna de Vries', '2012-05-03'),
    (2, '999994086', 'Bram Smit', '2010-11-00'),
    (3, '999995492', 'Cees Jansen', NULL);

INSERT INTO provisions (id, resident, kind, hours, active, changed_at) VALUES
    (10, 1, 'household', 3, TRUE, '2026-01-10T09:00:00Z'),
    (11, 2, 'transport', 1, TRUE, '2026-02-01T09:00:00Z'),
    (12, 3, 'household', 2, FALSE, '2026-03-05T09:00:00Z');

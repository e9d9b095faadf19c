DROP TABLE relations;
DROP TABLE match_holders;
DROP TABLE matches;

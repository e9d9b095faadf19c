DROP INDEX ledger_entries_rare;
DROP TABLE ledger_resolutions;
DROP TABLE ledger_erasures;
DROP TABLE ledger_witnessed;
DROP TABLE ledger_subtrees;
DROP TABLE ledger_publication;

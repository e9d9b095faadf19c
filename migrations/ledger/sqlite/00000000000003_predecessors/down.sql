DROP TABLE ledger_predecessors;

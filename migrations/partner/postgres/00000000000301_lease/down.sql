DROP TABLE held_leases;

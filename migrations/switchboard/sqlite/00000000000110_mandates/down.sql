DROP TABLE mandate_askers;
DROP TABLE mandates;

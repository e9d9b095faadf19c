DROP TABLE canary_asks;
DROP TABLE canaries;

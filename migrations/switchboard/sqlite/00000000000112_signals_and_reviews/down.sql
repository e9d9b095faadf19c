DROP TABLE reviews;
DROP TABLE signal_heads;
DROP TABLE signals;

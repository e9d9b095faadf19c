DROP TABLE departure_counts;
DROP TABLE departures;

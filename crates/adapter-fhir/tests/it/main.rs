//! A FHIR server over real sockets: one that others made (PyPI `sekmet-fhir`), and one that does what a test says.

mod faults;
mod official;
mod outside;
mod reading;
mod samples;
mod sekmet;
mod stand_in;

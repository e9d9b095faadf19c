//! The ledger seen from outside.

mod field_maps;
mod projections;
mod sample;

//! A source, a switchboard and a pseudonymiser in memory, and a real database.

mod convergence;
mod rules;
mod stand_ins;

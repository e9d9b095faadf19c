//! Whole authorisations, with stand-ins for the provider, the register of mandates and the pseudonymiser.

mod bed;
mod collections;
mod flow;
mod refusals;

//! The pseudonymiser: blind evaluation under budgets.
#![forbid(unsafe_code)]

//! A store without its ledger, to measure what the ledger costs a query (`cargo xtask bench ledger`).
//!
//! It must never serve anybody. So the feature compiles only with an environment variable that the task sets, a program that has it
//! says so in its version, and no database is opened without a second variable.

use crate::error::OpenError;

/// Whether this program was built without its ledger, for measuring.
pub const WITHOUT_LEDGER: bool = cfg!(feature = "bench-without-ledger");

#[cfg(feature = "bench-without-ledger")]
const _: () = assert!(
    option_env!("KETENWIJZER_BENCH_BUILD").is_some(),
    "the feature bench-without-ledger is for `cargo xtask bench ledger` alone: it records nothing"
);

/// Refuses unless somebody is measuring.
pub(crate) fn only_for_measuring() -> Result<(), OpenError> {
    if !WITHOUT_LEDGER || std::env::var_os("KETENWIJZER_MEASURING_WITHOUT_LEDGER").is_some() {
        Ok(())
    } else {
        Err(OpenError::WithoutLedger)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_crate_of_the_workspace_leaves_out_the_ledger() {
        // Features add up over what is built together: one crate that enabled it would enable it here.
        assert!(!std::hint::black_box(WITHOUT_LEDGER));
        assert!(only_for_measuring().is_ok());
    }
}

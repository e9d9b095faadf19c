//! Made-up people only, where the agreement is for tests.

use kw_agreement::{Agreement, Environment};
use kw_domain::Subject;

/// Whether this subject may be handled under this agreement: real citizen service numbers have no business in a
/// demonstration or test, where logs and databases are looked into by anybody.
pub(crate) fn may_be_handled(agreement: &Agreement, subject: &Subject) -> bool {
    match (agreement.environment(), subject) {
        (Environment::Test, Subject::Bsn(bsn)) => bsn.is_test_number(),
        _ => true,
    }
}

/// What whoever gave such a subject is told.
pub(crate) const ONLY_TEST_NUMBERS: &str = "this chain is for tests: use a test number (9999… or 0000000…)";

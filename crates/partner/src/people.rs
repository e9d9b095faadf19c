//! Made-up people only, where the agreement is for tests.

use kw_agreement::{Agreement, Environment};
use kw_domain::Subject;

/// Whom a partner process handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Whoever the agreement's environment admits: test numbers only in a chain for tests, where logs and databases are
    /// looked into by anybody.
    ByEnvironment,
    /// Real people as well: the configuration says so in words (docs/decisions/0010).
    Everybody,
}

impl Admission {
    pub(crate) fn configured(admit_real_numbers: bool) -> Self {
        if admit_real_numbers { Self::Everybody } else { Self::ByEnvironment }
    }

    /// Whether this subject may be handled under this agreement.
    pub(crate) fn admits(self, agreement: &Agreement, subject: &Subject) -> bool {
        match (self, agreement.environment(), subject) {
            (Self::ByEnvironment, Environment::Test, Subject::Bsn(bsn)) => bsn.is_test_number(),
            _ => true,
        }
    }
}

/// What whoever gave such a subject is told.
pub(crate) const ONLY_TEST_NUMBERS: &str =
    "this chain is for tests: use a test number, which begins with 9999 or with seven zeros";

//! What an auditor reports from records: how much is used, without persons; and what deserves a second look.
//!
//! Both are fed one record after the other, keep counts and no records, and give the same report in whatever order the
//! records came.

mod anomalies;
mod usage;

pub use anomalies::{Anomalies, AnomalyKind, Finding, Limits};
pub use usage::{Count, Usage, UsageLine, Vocabulary};

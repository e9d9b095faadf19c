//! Logs as they are published: verified as a whole or by one entry, and copied.

mod copy;
mod entry;
mod error;
mod source;
mod trust;
mod whole;

pub use copy::{Copied, CopyError, mirror};
pub use entry::{Reading, RecordedEntry, prove, verify_proof};
pub use error::VerifyError;
pub use source::{CHECKPOINT, LogSource, POLICY_FILE, ReadError, VKEY_FILE};
pub use trust::{Trust, TrustError};
pub use whole::{Leaves, Progress, Verified, Witnessed, until_published, verify_leaves, verify_log};

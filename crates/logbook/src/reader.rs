//! Logs read from outside ([`kw_audit::reader`]), and where they lie: in the database of their service.

mod stored;

pub use kw_audit::reader::{
    Copied, CopyError, LogSource, POLICY_FILE, Progress, ReadError, RecordedEntry, Trust, TrustError,
    VKEY_FILE, Verified, VerifyError, Witnessed, mirror, prove, verify_log, verify_proof,
};
pub use stored::{StoredLogState, verify_stored};

#[cfg(test)]
mod tests;

//! What this crate writes into the log.

use std::time::Duration;

use kw_telemetry::Reason;

kw_telemetry::events! {
    /// Everything in it was answered "unavailable"; the writer connects again.
    BatchNotCommitted(Application, Error, "batch-not-committed", "a batch was not committed") {
        operations: usize,
        reason: Reason,
    }
    /// SQLite's write-ahead log grows meanwhile.
    CheckpointFailed(Application, Warn, "database-checkpoint-failed", "a checkpoint of the database failed") { reason: Reason }
    /// They stay beyond their date: restore these rows, or have their holder register them again.
    DamagedPointers(Application, Error, "damaged-pointers", "damaged pointers cannot be ended") { damaged: usize }
    /// One act was answered "unavailable"; others of its batch were not touched.
    OperationFailed(Application, Error, "operation-failed", "an operation failed") {
        operation: &'static str,
        reason: Reason,
    }
    /// The disk is slow or busy: every act waits for it.
    SlowCommit(Application, Warn, "slow-commit", "a slow commit") { first: &'static str, millis: Duration }
    /// SQLite's write-ahead log stays larger than it should.
    WalNotTruncated(Application, Warn, "wal-not-truncated", "the write-ahead log could not be truncated") { reason: Reason }
}

//! What this crate writes into the log.

use std::time::Duration;

use kw_domain::{Oin, TransactionId};
use kw_telemetry::{Digest, Reason};

kw_telemetry::events! {
    /// The tree that follows from the leaves is the one that was signed.
    Checked(Application, Info, "log-checked", "the log was checked") { entries: u64, published: u64 }
    /// How far the check at the start has come.
    Checking(Application, Info, "log-checking", "the log is being checked") { entries: u64, of: u64 }
    /// Enough witnesses know nothing newer of this log: it is taken into use.
    Confirmed(Application, Info, "log-confirmed", "the log is confirmed and goes on") { confirmations: usize }
    /// The log is not what was signed of it. The process ends; the operator decides (docs/ledger.md, "Recovery").
    Contradicted(Security, Error, "log-contradicted", "the log contradicts what was signed; nothing is done any more") {
        reason: Reason,
    }
    /// One auditor tried to be two, or tried what another had not agreed to. Ask them.
    DualControlUnmet(Security, Warn, "dual-control-unmet", "dual control was not met") {
        caller: Oin,
        reason: &'static str,
    }
    /// Another process began or ceased to publish, or this one did.
    LeadChanged(Application, Info, "log-lead", "whether this process publishes the log changed") { leads: bool }
    /// A log shows another history than the one that this party cosigned. Keep the database: it holds what was cosigned.
    LogForked(Security, Error, "log-forked", "a log shows another history than the one that was cosigned") {
        owner: Oin,
        size: u64,
    }
    /// Another party's log shows two histories, or its keeper asks for what cannot be. Keep the database: it holds the
    /// checkpoint that was cosigned before.
    LogSuspect(Security, Error, "log-suspect", "a log asked for a cosignature that contradicts what was cosigned before") {
        owner: Oin,
        caller: Oin,
        size: u64,
        root: Digest,
        reason: Reason,
    }
    /// Two processes published at the same time; one checkpoint stands.
    LostSwap(Application, Info, "log-published-by-another", "another process published a checkpoint first") {}
    /// A witness did not cosign. It is asked again later.
    NotCosigned(Application, Warn, "witness-failed", "a witness did not cosign the log") { witness: Oin, reason: Reason }
    /// The quorum is met again.
    QuorumBack(Security, Info, "log-quorum-met", "the newest entries have enough cosignatures again") { witnessed: u64 }
    /// For longer than the configured time there was no checkpoint that enough witnesses cosigned.
    QuorumMissed(Security, Error, "log-quorum-missed", "the newest entries have no checkpoint with enough cosignatures") {
        published: u64,
        witnessed: u64,
        waiting_ms: Duration,
    }
    /// Somebody had an access that the log does not show, or the log shows others something else. Ask its operator, with the
    /// record that this leaves in the own ledger.
    ReceiptRefuted(Security, Error, "receipt-refuted", "a log does not hold what its receipt promised") {
        owner: Oin,
        transaction: TransactionId,
        index: u64,
        reason: &'static str,
    }
    /// The configuration says so. Take it out again after this start.
    Unconfirmed(
        Security, Warn, "log-unconfirmed", "the log goes on without asking witnesses, because the configuration says so"
    ) {}
    /// Until enough witnesses have answered, no act is done. See that they run and can be reached.
    Waiting(Application, Warn, "log-waiting", "no act is done until witnesses confirm the log") {
        confirmations: usize,
        needed: usize,
        waited_ms: Duration,
    }
    /// The database cannot be read or written, so nothing is cosigned for others.
    WitnessForgetful(Application, Error, "witness-forgetful", "the witness cannot remember and cosigns nothing") {
        reason: Reason,
    }
    /// A witness says something that it cannot know, or signs with another key than the agreement's. Ask its operator.
    WitnessUnsound(Security, Error, "witness-unsound", "a witness gave an answer that is not sound") {
        witness: Oin,
        reason: Reason,
    }
}

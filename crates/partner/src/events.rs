//! What this crate writes into the log.

use kw_domain::{Oin, TransactionId};
use kw_telemetry::{Configured, Reason};

kw_telemetry::events! {
    /// Look at the partner's database: what cannot be recorded is not asked and not handed out.
    AccessNotRecorded(Application, Error, "access-not-recorded", "an access could not be recorded") { reason: Reason }
    /// It was missing before.
    CanaryFound(Application, Info, "canary-found", "the index has a canary again") { holder: Oin, category: Configured }
    /// The index leaves a holder out, lost a pointer, or let it lapse: ask its operator, and compare with the holder.
    CanaryMissed(Security, Error, "canary-missed", "the index does not have a canary that it should have") {
        holder: Oin,
        category: Configured,
        reason: &'static str,
    }
    /// It is tried again by itself. Look at the holder, if it stays.
    FeedbackNotDelivered(Application, Info, "feedback-not-delivered", "a feedback report was not delivered yet") {
        holder: Oin,
        transaction: TransactionId,
        reason: &'static str,
    }
    /// It is not tried again. The list of sent reports says so too.
    FeedbackNotAccepted(
        Application, Warn, "feedback-not-accepted", "a feedback report was refused, or given up"
    ) {
        holder: Oin,
        transaction: TransactionId,
        reason: &'static str,
    }
    /// A page in a browser on this machine may be behind it (DNS rebinding).
    LocalHostRefused(Security, Warn, "local-host-refused", "a local request named another host") {}
    /// A program on this machine that was not given the token.
    LocalTokenRefused(Security, Warn, "local-token-refused", "a local request had no or another token") {}
}

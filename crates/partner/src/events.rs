//! What this crate writes into the log.

use kw_telemetry::Reason;

kw_telemetry::events! {
    /// Look at the partner's database: what cannot be recorded is not asked and not handed out.
    AccessNotRecorded(Application, Error, "access-not-recorded", "an access could not be recorded") { reason: Reason }
    /// A page in a browser on this machine may be behind it (DNS rebinding).
    LocalHostRefused(Security, Warn, "local-host-refused", "a local request named another host") {}
    /// A program on this machine that was not given the token.
    LocalTokenRefused(Security, Warn, "local-token-refused", "a local request had no or another token") {}
}

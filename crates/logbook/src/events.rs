//! What this crate writes into the log.

use kw_domain::Oin;

kw_telemetry::events! {
    /// One auditor tried to be two, or tried what another had not agreed to. Ask them.
    DualControlUnmet(Security, Warn, "dual-control-unmet", "dual control was not met") {
        caller: Oin,
        reason: &'static str,
    }
}

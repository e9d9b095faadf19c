//! What this crate writes into the log.

kw_telemetry::events! {
    /// A service of the demonstration hung at its end; the one before it in the output is the one.
    ServiceKilled(Application, Warn, "service-killed", "a service did not end in time and is killed") {}
}

//! What every service shares: configuration, clock, telemetry, HTTP conventions.
#![forbid(unsafe_code)]

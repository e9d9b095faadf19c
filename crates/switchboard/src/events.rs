//! What this crate writes into the log.

use kw_domain::Oin;
use kw_telemetry::Reason;

kw_telemetry::events! {
    /// A rotation of index keys took a step.
    GenerationsChanged(
        Application, Info, "generations-changed", "the live generations of the index keys changed"
    ) {}
    /// Ask the holder: it was down or cut off for longer than its lease.
    HolderLeaseRanOut(
        Application, Warn, "holder-lease-ran-out", "a holder's lease ran out; its pointers lapse"
    ) { holder: Oin }
    /// Put it there: meanwhile acts are answered "unavailable".
    LiveKeyMissing(
        Application, Error, "live-key-missing", "a key of a live generation is missing from the key folder"
    ) {}
    /// Acts are answered "unavailable" until it can be.
    RotationNotFollowed(
        Application, Error, "rotation-not-followed", "a rotation cannot be followed"
    ) { reason: Reason }
}

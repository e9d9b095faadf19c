//! What this crate writes into the log.

use kw_domain::{Epoch, KeyUse};

kw_telemetry::events! {
    /// Report it: the pseudonymiser, or somebody in its place, used a key by which it could recognise people.
    ProofRefused(Security, Error, "proof-refused", "the pseudonymiser's proof is refused") {
        key_use: KeyUse,
        epoch: Epoch,
    }
    /// Compare the agreement with the pseudonymiser's keys: one of the two is behind.
    UnlistedKey(
        Application, Warn, "unlisted-key", "the pseudonymiser uses a key that the agreement does not list"
    ) { key_use: KeyUse, epoch: Epoch }
}

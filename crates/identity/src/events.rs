//! What this crate writes into the log.

use kw_domain::Oin;
use kw_telemetry::Reason;

kw_telemetry::events! {
    /// Without keys no sign-in can be checked; the last ones are used while they may be.
    ProviderKeysNotFetched(
        Application, Warn, "provider-keys-not-fetched", "the keys of an identity provider cannot be fetched"
    ) { reason: Reason }
    /// Somebody shows a sign-in that is not theirs, is used up, or is not for this: look at it with that partner.
    ProofOfActorRefused(Security, Warn, "proof-of-actor-refused", "the proof of who asks was refused") {
        party: Oin,
        reason: &'static str,
    }
}

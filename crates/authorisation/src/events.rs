//! What this crate writes into the log.

use kw_domain::{Oin, TransactionId};
use kw_telemetry::Reason;

kw_telemetry::events! {
    /// A person, or somebody in their place, has a wrong birth date or the wrong person, or a statement does not fit. Nothing
    /// was disclosed.
    AuthorisationFailed(Security, Warn, "authorisation-failed", "an authorisation ended before the person was asked") {
        transaction: TransactionId,
        client: Oin,
        reason: &'static str,
    }
    /// Look at the partner's database: what cannot be recorded is not done.
    AuthorisationNotRecorded(
        Application, Error, "authorisation-not-recorded", "a step of an authorisation could not be recorded"
    ) { reason: Reason }
    /// Somebody tries a request, a state or a cookie that is not theirs, twice, or too late.
    BrowserRefused(Security, Warn, "browser-refused", "a browser brought nothing that opens a step") { step: &'static str }
    /// A token that is unknown, expired or of another certificate; a mandate that ended; what the token does not cover.
    CollectionRefused(Security, Warn, "collection-refused", "a collection was refused") {
        client: Oin,
        reason: &'static str,
    }
    /// Something of this holder broke, or the chain cannot be asked.
    CollectionFailed(Application, Error, "collection-failed", "a collection could not be answered") {
        client: Oin,
        reason: &'static str,
    }
    /// Its code or token is void: used twice, with another certificate or verifier. Somebody may have stolen it.
    CodeMisused(Security, Warn, "code-misused", "a code was used as only a thief would") {
        transaction: TransactionId,
        client: Oin,
        reason: &'static str,
    }
    /// Persons cannot sign in meanwhile.
    ProviderNotReached(Application, Warn, "provider-not-reached", "the provider of statements does not answer") {
        reason: Reason,
    }
}

//! What this crate writes into the log.

use kw_telemetry::Reason;

kw_telemetry::events! {
    /// Nobody can sign in as long as this lasts.
    ProviderNotAsked(Application, Warn, "sign-in-provider-not-asked", "the provider of sign-ins cannot be asked") {
        reason: Reason,
    }
    /// What came back from the provider was not what it should be: a forged answer, or a provider that is set up wrongly.
    SignInRefused(Security, Warn, "sign-in-refused", "an answer of the provider of sign-ins was refused") {
        reason: &'static str,
    }
    /// A page elsewhere may have tried to make a browser act here.
    FormRefused(Security, Warn, "form-refused", "a form that is not of this session was refused") { route: &'static str }
}

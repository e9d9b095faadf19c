//! The person's browser comes with a request URI and is sent to the provider.

use kw_domain::{AuthorisationId, Oin};
use kw_protocol::problem::ProblemCode;
use kw_runtime::Refusal;
use kw_telemetry::Reason;
use zeroize::Zeroizing;

use crate::events::{BrowserRefused, ProviderNotReached};
use crate::opaque;
use crate::provider::SignIn;
use crate::rules::phase::Phase;
use crate::rules::pkce::Challenge;
use crate::server::AuthorisationServer;

/// Where the browser goes, and the cookie it takes along.
pub(crate) struct Sent {
    pub(crate) id: AuthorisationId,
    pub(crate) location: String,
    pub(crate) cookie: Zeroizing<String>,
}

impl AuthorisationServer {
    /// Sends the browser to the provider. A request URI works once.
    pub(crate) async fn send(&self, client_id: &str, request_uri: &str) -> Result<Sent, Refusal> {
        let now = self.now();
        let found = self.opened_by(opaque::stored(request_uri)).await?;
        let of_client = |client: Oin| client.as_str() == client_id;
        let Some(before) = found.filter(|one| one.is_live(Phase::Pushed, now) && of_client(one.client))
        else {
            BrowserRefused { step: "authorize" }.log();
            let detail = "This request is not known, was used, is of another client, or is too old. Go back and start again.";
            return Err(Refusal::new(ProblemCode::Invalid, detail));
        };
        let agreement = self.parts.agreement.current();
        let callback = self.callback(&agreement)?;
        let draw = || opaque::fresh(&self.parts.entropy);
        let (state, nonce, verifier, cookie) = (draw(), draw(), draw(), draw());
        let sign_in = SignIn {
            redirect_uri: &callback,
            state: &state,
            nonce: &nonce,
            code_challenge: &Challenge::of(&verifier).to_text(),
            representation: before.scope().map_err(|_| unreadable())?.representation,
        };
        let location = self.parts.provider.sign_in_address(&sign_in).await.map_err(|error| {
            ProviderNotReached { reason: Reason::of(&error) }.log();
            Refusal::new(ProblemCode::Unavailable, "Signing in is not possible now. Try again later.")
        })?;
        let mut after = before.moved(Phase::Authenticating, now).ok_or_else(unreadable)?;
        after.opens = Some(opaque::stored(&state));
        after.browser = Some(opaque::stored(&cookie));
        after.persons.nonce = Some(nonce.to_string());
        after.persons.verifier = Some(verifier.to_string());
        if !self.step("send_to_provider", &before, &after).await? {
            BrowserRefused { step: "authorize" }.log();
            let detail = "This request was used. Go back and start again.";
            return Err(Refusal::new(ProblemCode::Invalid, detail));
        }
        Ok(Sent { id: after.id, location, cookie })
    }
}

pub(super) fn unreadable() -> Refusal {
    Refusal::fault("a stored authorisation is not what was stored")
}

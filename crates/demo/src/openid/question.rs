//! What a client asks for with a browser, and with which it comes for the answer.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Parameters, TokenFailure};

/// What every question to a provider has (OpenID Connect Core §3.1.2, RFC 7636 §4.3).
#[derive(Clone)]
pub(crate) struct Question {
    pub(crate) client: String,
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
    pub(crate) nonce: String,
    /// SHA-256 of the code verifier, unpadded base64url.
    challenge: String,
}

/// A code that a client wants to change into a statement (OpenID Connect Core §3.1.3).
pub(crate) struct Redemption<'a> {
    pub(crate) code: &'a str,
    redirect_uri: &'a str,
    verifier: &'a str,
}

impl Question {
    /// The question, or the error that the client gets (RFC 6749 §4.1.2.1).
    pub(crate) fn read(
        parameters: &Parameters,
        client: &str,
        redirect_uri: &str,
    ) -> Result<Self, &'static str> {
        if parameters.get("request").is_some() {
            return Err("request_not_supported");
        }
        if parameters.get("request_uri").is_some() {
            return Err("request_uri_not_supported");
        }
        match parameters.get("response_type") {
            Some("code") => {}
            Some(_) => return Err("unsupported_response_type"),
            None => return Err("invalid_request"),
        }
        if parameters.get("response_mode").is_some_and(|mode| mode != "query") {
            return Err("invalid_request");
        }
        if !scopes(parameters).any(|scope| scope == "openid") {
            return Err("invalid_scope");
        }
        let challenge = parameters
            .get("code_challenge")
            .filter(|challenge| matches!(URL_SAFE_NO_PAD.decode(challenge), Ok(hash) if hash.len() == 32))
            .filter(|_| parameters.get("code_challenge_method") == Some("S256"));
        let nonce = parameters.get("nonce").filter(|nonce| nonce.len() <= LONGEST);
        let (Some(challenge), Some(nonce)) = (challenge, nonce) else { return Err("invalid_request") };
        let state = parameters.get("state");
        if state.is_some_and(|state| state.len() > LONGEST) {
            return Err("invalid_request");
        }
        Ok(Self {
            client: client.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            state: state.map(str::to_owned),
            nonce: nonce.to_owned(),
            challenge: challenge.to_owned(),
        })
    }
}

/// The words of `scope`.
pub(crate) fn scopes(parameters: &Parameters) -> impl Iterator<Item = &str> {
    parameters.get("scope").unwrap_or_default().split(' ')
}

impl<'a> Redemption<'a> {
    pub(crate) fn read(form: &'a Parameters) -> Result<Self, TokenFailure> {
        match form.get("grant_type") {
            Some("authorization_code") => {}
            Some(_) => return Err(TokenFailure::GrantType),
            None => return Err(TokenFailure::Request),
        }
        let (Some(code), Some(redirect_uri), Some(verifier)) =
            (form.get("code"), form.get("redirect_uri"), form.get("code_verifier"))
        else {
            return Err(TokenFailure::Request);
        };
        Ok(Self { code, redirect_uri, verifier })
    }

    /// Whether this client asked that question in the first place.
    pub(crate) fn answers(&self, question: &Question, client: &str) -> bool {
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, self.verifier.as_bytes()));
        question.client == client
            && question.redirect_uri == self.redirect_uri
            && question.challenge == challenge
            // RFC 7636 §4.1.
            && (43..=128).contains(&self.verifier.len())
    }
}

const LONGEST: usize = 512;

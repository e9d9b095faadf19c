//! A sign-in under way: it waits in the browser, sealed, so that nobody can fill the server with them.

use actix_web::HttpRequest;
use actix_web::http::header::{COOKIE, HeaderValue};
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_domain::Instant;
use kw_runtime::Entropy;
use serde::{Deserialize, Serialize};

use super::LONGEST;
use crate::cookie;

/// What has to be known when the browser comes back.
#[derive(Serialize, Deserialize)]
pub(super) struct Pending {
    pub(super) nonce: String,
    pub(super) verifier: String,
    pub(super) next: String,
    pub(super) again: bool,
    pub(super) choice: Option<String>,
    /// Milliseconds since the epoch.
    pub(super) until: i64,
}

/// Seals and opens them, with a key that nobody else has and that a restart forgets.
pub(super) struct Envelope(RandomizedNonceKey);

impl Envelope {
    pub(super) fn new(entropy: &Entropy) -> Self {
        let key = RandomizedNonceKey::new(&AES_256_GCM, &entropy.draw::<32>());
        #[expect(clippy::expect_used, reason = "only a key of another length is refused")]
        Self(key.expect("a key of 32 bytes"))
    }

    /// The text of a cookie, good for this state only.
    pub(super) fn seal(&self, state: &str, pending: &Pending) -> Option<String> {
        let mut sealed = serde_json::to_vec(pending).ok()?;
        let nonce = self.0.seal_in_place_append_tag(Aad::from(state.as_bytes()), &mut sealed).ok()?;
        Some(URL_SAFE_NO_PAD.encode([nonce.as_ref().as_slice(), &sealed].concat()))
    }

    /// What [`Self::seal`] sealed for this state, if it is not too long ago.
    pub(super) fn open(&self, state: &str, text: &str, now: Instant) -> Option<Pending> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = self.0.open_in_place(nonce, Aad::from(state.as_bytes()), &mut sealed).ok()?;
        serde_json::from_slice(plain).ok().filter(|pending: &Pending| now.as_millis() < pending.until)
    }
}

/// The cookie of one sign-in: every tab has its own.
pub(super) fn name(application: &str, state: &str) -> String {
    let own: String = state.chars().take(8).collect();
    format!("{application}{MARK}{own}")
}

/// Keeps a sign-in in the browser. Whoever began many and came back from none loses those.
pub(super) fn keep(
    request: &HttpRequest,
    application: &str,
    state: &str,
    sealed: &str,
    secure: bool,
) -> Vec<HeaderValue> {
    let mark = format!("{application}{MARK}");
    let cookies = request.headers().get_all(COOKIE).filter_map(|header| header.to_str().ok());
    let names = cookies.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let earlier: Vec<&str> = names.map(|(name, _)| name).filter(|name| name.starts_with(&mark)).collect();
    let mut set = vec![cookie::set(&name(application, state), sealed, secure, Some(LONGEST.as_secs()))];
    if earlier.len() >= MOST {
        set.extend(earlier.iter().map(|name| cookie::set(name, "", secure, Some(0))));
    }
    set
}

const MARK: &str = "-sign-in-";
/// In one browser: their cookies travel with every request.
const MOST: usize = 4;

#[cfg(test)]
mod tests {
    use kw_domain::Clock as _;

    use super::*;

    #[test]
    fn what_waits_is_good_for_its_own_state_and_for_a_while() {
        let envelope = Envelope::new(&Entropy::os());
        let now = kw_domain::SystemClock.now();
        let until = now.plus(LONGEST);
        let pending = Pending {
            nonce: "n".to_owned(),
            verifier: "a secret".to_owned(),
            next: "/x".to_owned(),
            again: true,
            choice: None,
            until: until.as_millis(),
        };
        let sealed = envelope.seal("mine", &pending).unwrap();
        assert!(!sealed.contains("secret"));
        assert_eq!(envelope.open("mine", &sealed, now).unwrap().next, "/x");
        assert!(envelope.open("another", &sealed, now).is_none());
        assert!(envelope.open("mine", &sealed, until).is_none());
        assert!(envelope.open("mine", &sealed[1..], now).is_none());
        assert!(Envelope::new(&Entropy::os()).open("mine", &sealed, now).is_none());
    }
}

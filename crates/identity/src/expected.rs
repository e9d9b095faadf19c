//! Is this ID token true, for us, now? OpenID Connect Core §3.1.3.7, in its order as far as it goes.

use std::time::Duration;

use kw_domain::Instant;
use kw_protocol::IdToken;
use serde::de::DeserializeOwned;

use crate::claims::Registered;
use crate::compact::Compact;
use crate::{KeySet, ProviderKeys, TokenError, Verified};

/// How far the clocks of provider and service may be apart.
pub const LEEWAY: Duration = Duration::from_secs(30);

/// What a token must say.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Who issued it, exactly.
    pub issuer: &'a str,
    /// For whom: our client id at that provider.
    pub audience: &'a str,
    /// The nonce of the sign-in that was begun here; `None` when somebody else began it.
    pub nonce: Option<&'a str>,
    /// How long ago it may have been issued, at most.
    pub max_age: Option<Duration>,
}

/// The claims of a token that is true now. Fetches the provider's keys when they are not known.
pub async fn verify<C: DeserializeOwned>(
    token: &IdToken,
    keys: &ProviderKeys,
    expected: Expected<'_>,
    now: Instant,
) -> Result<Verified<C>, TokenError> {
    let compact = Compact::parse(token)?;
    let set = keys.holding(&compact.kid).await?;
    check(&compact, &set, expected, now)
}

impl KeySet {
    /// The same with keys that are at hand.
    pub fn verify<C: DeserializeOwned>(
        &self,
        token: &IdToken,
        expected: Expected<'_>,
        now: Instant,
    ) -> Result<Verified<C>, TokenError> {
        let compact = Compact::parse(token)?;
        if !self.names(&compact.kid) {
            return Err(TokenError::UnknownKey);
        }
        check(&compact, self, expected, now)
    }
}

fn check<C: DeserializeOwned>(
    compact: &Compact<'_>,
    keys: &KeySet,
    expected: Expected<'_>,
    now: Instant,
) -> Result<Verified<C>, TokenError> {
    if !keys.has_signed(&compact.kid, compact.algorithm, compact.signed, compact.signature) {
        return Err(TokenError::Signature);
    }
    let claims = compact.claims()?;
    let registered: Registered = serde_json::from_slice(&claims).map_err(|_| TokenError::Claims)?;
    check_parties(&registered, expected)?;
    check_times(&registered, expected, now)?;
    let claims = serde_json::from_slice(&claims).map_err(|_| TokenError::Claims)?;
    Ok(Verified {
        subject: registered.sub,
        issued_at: moment(registered.iat),
        expires_at: moment(registered.exp),
        claims,
    })
}

fn check_parties(claims: &Registered, expected: Expected<'_>) -> Result<(), TokenError> {
    if claims.iss != expected.issuer {
        return Err(TokenError::Issuer);
    }
    if !claims.aud.contains(expected.audience) {
        return Err(TokenError::Audience);
    }
    // Of a token for several it must be said who asked for it, and that must be us.
    match &claims.azp {
        Some(azp) if azp != expected.audience => return Err(TokenError::Audience),
        None if claims.aud.is_shared() => return Err(TokenError::Audience),
        _ => {}
    }
    if expected.nonce.is_some_and(|nonce| claims.nonce.as_deref() != Some(nonce)) {
        return Err(TokenError::Nonce);
    }
    Ok(())
}

fn check_times(claims: &Registered, expected: Expected<'_>, now: Instant) -> Result<(), TokenError> {
    if now >= moment(claims.exp).plus(LEEWAY) {
        return Err(TokenError::Expired);
    }
    let begins = claims.nbf.unwrap_or(claims.iat).max(claims.iat);
    if moment(begins) > now.plus(LEEWAY) {
        return Err(TokenError::Early);
    }
    if expected.max_age.is_some_and(|age| now > moment(claims.iat).plus(age).plus(LEEWAY)) {
        return Err(TokenError::Old);
    }
    Ok(())
}

fn moment(seconds: i64) -> Instant {
    Instant::from_millis(seconds.saturating_mul(1000))
}

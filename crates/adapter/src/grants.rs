//! Grants, checked without asking anybody: a compact JWS of the switchboard, for one requester and one holder. Of which kind,
//! says who checks.
//!
//! What a caller sends decides nothing about how it is checked: the one algorithm is compared before any key is looked
//! up, and the key comes from the switchboard's published set, never from the token.

mod compact;
mod error;
mod keys;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Context, SHA256};
use kw_agreement::Agreement;
use kw_domain::{Clock, Instant, Oin};
use kw_ledger::{CanonicalError, Leaf, LeafKind, RecordedActor, Salt, canonical};
use kw_protocol::grant::{
    AccessLogClaims, ActorSalt, FeedbackClaims, GrantClaims, LEEWAY_SECONDS, MAX_LIFE_SECONDS, Opens,
};
use kw_protocol::query::{Actor, Assurance};
use kw_store::PendingReceipt;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use compact::MAX_GRANT;
pub use error::{GrantError, KeysError};
pub use keys::{FetchingKeys, GrantKeys, KeySource};

use compact::Compact;

/// Who presents a grant, and for whom.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    /// The grant as it came.
    pub grant: &'a str,
    /// The caller, from its certificate.
    pub caller: Oin,
    /// SHA-256 of the caller's certificate (DER).
    pub certificate_sha256: &'a [u8; 32],
    /// Who asks, according to the caller.
    pub actor: &'a Actor,
    /// The salt of the grant's `actor_hash`.
    pub actor_salt: &'a ActorSalt,
}

impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // With the grant and the salt anybody could tell who asked.
        f.debug_struct("Presented").field("caller", &self.caller).finish_non_exhaustive()
    }
}

/// Checks grants for one holder.
#[derive(Debug, Clone)]
pub struct GrantVerifier {
    holder: Oin,
    keys: GrantKeys,
    clock: Arc<dyn Clock>,
}

impl GrantVerifier {
    /// A verifier for grants to `holder`.
    pub fn new(holder: Oin, keys: GrantKeys, clock: Arc<dyn Clock>) -> Self {
        Self { holder, keys, clock }
    }

    /// The claims of a pull grant that this caller may use here and now, on behalf of this actor.
    ///
    /// A grant that was decided under another version of the agreement is accepted: the holder decides again under its
    /// own. The caller of this function compares `prp.policy` where that matters.
    pub async fn verify(
        &self,
        agreement: &Agreement,
        presented: Presented<'_>,
    ) -> Result<GrantClaims, GrantError> {
        self.check(agreement, presented).await
    }

    /// The claims of an access-log grant that this caller may use here and now, on behalf of this actor.
    pub async fn verify_access_log(
        &self,
        agreement: &Agreement,
        presented: Presented<'_>,
    ) -> Result<AccessLogClaims, GrantError> {
        self.check(agreement, presented).await
    }

    /// The claims of a feedback grant that this caller may use here and now, on behalf of this actor.
    pub async fn verify_feedback(
        &self,
        agreement: &Agreement,
        presented: Presented<'_>,
    ) -> Result<FeedbackClaims, GrantError> {
        self.check(agreement, presented).await
    }

    async fn check<P: Opens + DeserializeOwned>(
        &self,
        agreement: &Agreement,
        presented: Presented<'_>,
    ) -> Result<GrantClaims<P>, GrantError> {
        let compact = Compact::parse(presented.grant, P::TYPE)?;
        let key = self.keys.find(&compact.kid).await?;
        let claims = compact.verify(&key)?;
        self.check_parties(agreement, &claims, presented)?;
        self.check_times(&claims)?;
        check_actor(&claims, presented)?;
        check_logged(agreement, &claims)?;
        Ok(claims)
    }

    fn check_parties<P>(
        &self,
        agreement: &Agreement,
        claims: &GrantClaims<P>,
        presented: Presented<'_>,
    ) -> Result<(), GrantError> {
        if claims.gid != *agreement.chain() {
            return Err(GrantError::Chain);
        }
        if claims.iss != agreement.switchboard().oin {
            return Err(GrantError::Issuer);
        }
        if claims.aud != self.holder {
            return Err(GrantError::Audience);
        }
        if claims.sub != presented.caller {
            return Err(GrantError::Requester);
        }
        verify_slices_are_equal(&claims.cnf.x5t_s256.0, presented.certificate_sha256)
            .map_err(|_| GrantError::Certificate)
    }

    fn check_times<P>(&self, claims: &GrantClaims<P>) -> Result<(), GrantError> {
        let life = claims.exp.checked_sub(claims.iat).ok_or(GrantError::Life)?;
        if !(1..=MAX_LIFE_SECONDS).contains(&life) || claims.nbf >= claims.exp {
            return Err(GrantError::Life);
        }
        let now = self.clock.now().as_seconds();
        if claims.exp.saturating_add(LEEWAY_SECONDS) <= now {
            return Err(GrantError::Expired);
        }
        if claims.iat.max(claims.nbf) > now.saturating_add(LEEWAY_SECONDS) {
            return Err(GrantError::Early);
        }
        Ok(())
    }
}

fn check_actor<P: Opens>(claims: &GrantClaims<P>, presented: Presented<'_>) -> Result<(), GrantError> {
    let hash = actor_hash(presented.actor_salt, presented.actor).map_err(|_| GrantError::Actor)?;
    verify_slices_are_equal(&hash, &claims.prp.actor_hash().0).map_err(|_| GrantError::Actor)
}

/// No access without a trace: a grant that no log can bear out is none.
fn check_logged<P>(agreement: &Agreement, claims: &GrantClaims<P>) -> Result<(), GrantError> {
    let origin = &agreement.switchboard().log_origin;
    claims.log.as_ref().filter(|log| log.o == *origin).map(drop).ok_or(GrantError::Unlogged)
}

/// What the switchboard's log must bear out about this grant, to be looked for later: a leaf over the claims without their
/// place (design §5).
pub fn promised<P: Clone + Serialize>(claims: &GrantClaims<P>, at: Instant) -> Option<PendingReceipt> {
    let log = claims.log.clone()?;
    let bare = canonical(&GrantClaims { log: None, ..claims.clone() }).ok()?;
    let leaf = Leaf::commit(LeafKind::Access, &Salt(log.s.0), &bare).hash;
    Some(PendingReceipt { origin: log.o, index: log.i, leaf, transaction: claims.txn, at })
}

/// SHA-256(salt ‖ canonical JSON of the actor): how a grant names the person without telling who.
pub fn actor_hash(salt: &ActorSalt, actor: &Actor) -> Result<[u8; 32], CanonicalError> {
    let actor = canonical(&recorded(actor))?;
    let mut context = Context::new(&SHA256);
    context.update(&salt.0);
    context.update(actor.as_str().as_bytes());
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    Ok(hash)
}

/// The actor as records write it; its fields are those of the wire in canonical order.
pub(crate) fn recorded(actor: &Actor) -> RecordedActor {
    let assurance = match actor.assurance {
        Assurance::Asserted => "asserted",
        Assurance::Proven => "proven",
    };
    RecordedActor { assurance: assurance.to_owned(), id: actor.id.clone(), role: actor.role.clone() }
}

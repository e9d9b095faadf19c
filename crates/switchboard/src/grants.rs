//! Grants of either kind: claims before the commit, signature after it.

use aws_lc_rs::digest;
use kw_agreement::Agreement;
use kw_domain::{GrantId, Instant, Oin, TransactionId};
use kw_protocol::grant::{Confirmation, GrantClaims, LEEWAY_SECONDS, LogClaim, MAX_LIFE_SECONDS, Opens};
use kw_protocol::query::Actor;
use kw_protocol::{Bytes16, Bytes32};
use kw_runtime::{Entropy, Party, Refusal};
use kw_store::StoredReceipt;
use serde::Serialize;

use crate::signer::Signer;

/// What all grants of one answer share.
#[derive(Clone, Copy)]
pub(crate) struct Issuing<'a> {
    pub(crate) agreement: &'a Agreement,
    pub(crate) issuer: Oin,
    pub(crate) now: Instant,
    pub(crate) party: &'a Party,
}

impl Issuing<'_> {
    /// The claims of a grant to one holder.
    pub(crate) fn claims<P>(self, entropy: &Entropy, holder: Oin, opens: P) -> GrantClaims<P> {
        let issued = self.now.as_seconds();
        GrantClaims {
            aud: holder,
            cnf: Confirmation { x5t_s256: Bytes32(self.party.certificate_sha256) },
            // The leeway at the holder comes on top; from `nbf` to `exp` a grant never lives longer than it may.
            exp: issued + MAX_LIFE_SECONDS - LEEWAY_SECONDS,
            gid: self.agreement.chain().clone(),
            iat: issued,
            iss: self.issuer,
            jti: entropy.id::<GrantId>(self.now),
            log: None,
            nbf: issued - LEEWAY_SECONDS,
            prp: opens,
            sub: self.party.oin,
            txn: entropy.id::<TransactionId>(self.now),
        }
    }
}

/// Signs, now that the log has it.
pub(crate) fn issue<P: Opens + Serialize>(
    claims: &mut GrantClaims<P>,
    signer: &Signer,
    now: Instant,
    origin: &str,
    receipt: &StoredReceipt,
) -> Result<String, Refusal> {
    claims.log = Some(LogClaim { i: receipt.index, o: origin.to_owned(), s: Bytes32(receipt.salt.0) });
    signer.sign(claims, now).map_err(Refusal::fault)
}

/// `SHA-256(salt ‖ canonical JSON of the actor)`.
pub(crate) fn actor_hash(salt: Bytes16, actor: &str) -> Bytes32 {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&salt.0);
    context.update(actor.as_bytes());
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    Bytes32(hash)
}

/// The canonical JSON of an actor (RFC 8785): what the hash is over.
pub(crate) fn canonical_actor(actor: &Actor) -> Result<String, Refusal> {
    let value = serde_json::json!({ "assurance": actor.assurance, "id": actor.id, "role": actor.role });
    serde_json::to_string(&value).map_err(|_| Refusal::fault("an actor cannot be written"))
}

//! One grant per disclosed pointer: claims before the commit, signature after it.

use aws_lc_rs::digest;
use kw_agreement::{Agreement, Allowed};
use kw_domain::{GrantId, Handle, Instant, Oin, TransactionId};
use kw_ledger::GrantedAccess;
use kw_protocol::grant::{
    Confirmation, GrantClaims, GrantProperties, LEEWAY_SECONDS, LogClaim, MAX_LIFE_SECONDS,
};
use kw_protocol::query::{Actor, DisclosedHolder, Query};
use kw_protocol::{Bytes16, Bytes32};
use kw_runtime::{Entropy, Party, Refusal};
use kw_store::StoredReceipt;
use kw_store::switchboard::FindablePointer;

use crate::app::Keyring;
use crate::index::open_pointer;
use crate::signer::Signer;

/// A grant that is not yet committed, let alone signed.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) claims: GrantClaims,
    actor_salt: Bytes16,
}

/// Everything that all grants of one answer share.
pub(super) struct Terms<'a> {
    pub(super) agreement: &'a Agreement,
    pub(super) allowed: &'a Allowed,
    pub(super) issuer: Oin,
    pub(super) now: Instant,
    pub(super) party: &'a Party,
    pub(super) query: &'a Query,
    /// Canonical JSON of the actor.
    pub(super) actor: &'a str,
}

/// The claims of a grant for one pointer.
pub(super) fn draft(
    terms: &Terms<'_>,
    keyring: &Keyring,
    entropy: &Entropy,
    pointer: &FindablePointer,
) -> Result<Draft, Refusal> {
    let (handle, _) = open_pointer(&keyring.keys.row, pointer.id, &pointer.sealed)
        .ok_or_else(|| Refusal::fault("a sealed column does not open"))?;
    let actor_salt = Bytes16(entropy.draw());
    Ok(Draft { claims: claims(terms, entropy, pointer, handle, actor_salt), actor_salt })
}

fn claims(
    terms: &Terms<'_>,
    entropy: &Entropy,
    pointer: &FindablePointer,
    handle: Handle,
    salt: Bytes16,
) -> GrantClaims {
    let issued = terms.now.as_seconds();
    GrantClaims {
        aud: pointer.holder,
        cnf: Confirmation { x5t_s256: Bytes32(terms.party.certificate_sha256) },
        // The leeway at the holder comes on top; from `nbf` to `exp` a grant never lives longer than it may.
        exp: issued + MAX_LIFE_SECONDS - LEEWAY_SECONDS,
        gid: terms.agreement.chain().clone(),
        iat: issued,
        iss: terms.issuer,
        jti: entropy.id::<GrantId>(terms.now),
        log: None,
        nbf: issued - LEEWAY_SECONDS,
        prp: GrantProperties {
            actor_hash: actor_hash(salt, terms.actor),
            cat: vec![pointer.category.clone()],
            hdl: handle,
            legal_basis: terms.allowed.legal_basis.clone(),
            policy: terms.agreement.hash().to_owned(),
            purpose: terms.query.purpose.clone(),
            relation: terms.query.relation.basis,
            representation: None,
        },
        sub: terms.party.oin,
        txn: entropy.id::<TransactionId>(terms.now),
    }
}

impl Draft {
    /// What the record says about it.
    pub(super) fn recorded(&self) -> Option<GrantedAccess> {
        Some(GrantedAccess {
            category: self.claims.prp.cat.first()?.clone(),
            grant: self.claims.jti,
            holder: self.claims.aud,
            outcome: None,
            transaction: self.claims.txn,
        })
    }

    /// Signs, now that the log has it.
    pub(super) fn issue(
        self,
        signer: &Signer,
        now: Instant,
        origin: &str,
        receipt: &StoredReceipt,
    ) -> Result<DisclosedHolder, Refusal> {
        let mut claims = self.claims;
        claims.log = Some(LogClaim { i: receipt.index, o: origin.to_owned(), s: Bytes32(receipt.salt.0) });
        let grant = signer.sign(&claims, now).map_err(Refusal::fault)?;
        let category = claims.prp.cat.pop().ok_or_else(|| Refusal::fault("a grant without a category"))?;
        Ok(DisclosedHolder {
            holder: claims.aud,
            category,
            transaction: claims.txn,
            grant,
            actor_salt: self.actor_salt,
            expires_at: Instant::from_millis(claims.exp * 1000),
        })
    }
}

/// `SHA-256(salt ‖ canonical JSON of the actor)`.
fn actor_hash(salt: Bytes16, actor: &str) -> Bytes32 {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&salt.0);
    context.update(actor.as_bytes());
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    Bytes32(hash)
}

/// The canonical JSON of an actor (RFC 8785): what the hash is over.
pub(super) fn canonical_actor(actor: &Actor) -> Result<String, Refusal> {
    let value = serde_json::json!({ "assurance": actor.assurance, "id": actor.id, "role": actor.role });
    serde_json::to_string(&value).map_err(Refusal::fault)
}

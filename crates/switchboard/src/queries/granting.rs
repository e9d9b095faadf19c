//! One pull grant per disclosed pointer.

use kw_agreement::Allowed;
use kw_domain::{Handle, Instant};
use kw_ledger::{GrantedAccess, GrantedAct};
use kw_protocol::Bytes16;
use kw_protocol::grant::{FeedbackProperties, GrantClaims, GrantProperties, GrantRepresentation};
use kw_protocol::query::{DisclosedHolder, Query, QueryAct};
use kw_runtime::{Entropy, Refusal};
use kw_store::StoredReceipt;
use kw_store::switchboard::{FindablePointer, GivenGrant};

use crate::app::Keyring;
use crate::grants::{Issuing, actor_hash, issue};
use crate::index::open_pointer;
use crate::signer::Signer;

/// A grant that is not yet committed, let alone signed.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) claims: GrantClaims,
    actor_salt: Bytes16,
    act: QueryAct,
}

/// Everything that all grants of one answer share.
pub(super) struct Terms<'a> {
    pub(super) issuing: Issuing<'a>,
    pub(super) allowed: &'a Allowed,
    pub(super) query: &'a Query,
    /// Canonical JSON of the actor.
    pub(super) actor: &'a str,
    /// Under which mandate the asker acts for the subject.
    pub(super) representation: Option<GrantRepresentation>,
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
    let opens = properties(terms, pointer, handle, actor_salt);
    Ok(Draft {
        claims: terms.issuing.claims(entropy, pointer.holder, opens),
        actor_salt,
        act: terms.query.act,
    })
}

fn properties(
    terms: &Terms<'_>,
    pointer: &FindablePointer,
    handle: Handle,
    salt: Bytes16,
) -> GrantProperties {
    GrantProperties {
        actor_hash: actor_hash(salt, terms.actor),
        cat: vec![pointer.category.clone()],
        hdl: handle,
        legal_basis: terms.allowed.legal_basis.clone(),
        policy: terms.issuing.agreement.hash().to_owned(),
        purpose: terms.query.purpose.clone(),
        relation: terms.query.relation.basis,
        representation: terms.representation.clone(),
        supplier: terms.issuing.party.supplier,
    }
}

impl Draft {
    /// What the record says about it.
    pub(super) fn recorded(&self) -> Option<GrantedAccess> {
        let act = match self.act {
            QueryAct::View => GrantedAct::Pull,
            QueryAct::Feedback => GrantedAct::Feedback,
        };
        Some(GrantedAccess {
            act,
            category: self.claims.prp.cat.first()?.clone(),
            grant: self.claims.jti,
            holder: self.claims.aud,
            outcome: None,
            transaction: self.claims.txn,
        })
    }

    /// What is checked against when its holder tells of a report or a correction.
    pub(super) fn given(&self, now: Instant) -> Option<GivenGrant> {
        Some(GivenGrant {
            transaction: self.claims.txn,
            requester: self.claims.sub,
            holder: self.claims.aud,
            category: self.claims.prp.cat.first()?.clone(),
            for_feedback: self.act == QueryAct::Feedback,
            at: now,
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
        let grant = match self.act {
            QueryAct::View => issue(&mut claims, signer, now, origin, receipt)?,
            QueryAct::Feedback => {
                issue(&mut claims.clone().opening(FeedbackProperties), signer, now, origin, receipt)?
            }
        };
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

//! One access-log grant for each party that the records name.

use kw_domain::{Category, Instant, Oin, Purpose};
use kw_ledger::{GrantedAccess, GrantedAct};
use kw_logbook::statement;
use kw_protocol::access_report::{LEGAL_BASIS, LogGrant, LogScope, NamedParty};
use kw_protocol::dossier::Party;
use kw_protocol::grant::{AccessLogClaims, AccessLogProperties};
use kw_protocol::{Bytes16, Bytes32};
use kw_runtime::{Entropy, Refusal};
use kw_store::StoredReceipt;

use crate::app::recorded;
use crate::grants::{Issuing, actor_hash, issue};
use crate::signer::Signer;

/// A party that is named, with the grant that is not yet committed, let alone signed. A party that takes no part in the
/// chain any more gets none, and stands in the report as one that could not be asked.
pub(super) struct Draft {
    party: Party,
    log: Option<UnsignedLog>,
}

struct UnsignedLog {
    claims: AccessLogClaims,
    actor_salt: Bytes16,
    scope: LogScope,
}

/// Everything that all grants of one report share.
pub(super) struct Terms<'a> {
    pub(super) issuing: Issuing<'a>,
    /// Canonical JSON of the actor.
    pub(super) actor: &'a str,
}

/// The claims of the grant for one party.
pub(super) fn draft(
    terms: &Terms<'_>,
    entropy: &Entropy,
    named: Oin,
    scope: LogScope,
) -> Result<Draft, Refusal> {
    let Terms { issuing, actor } = terms;
    let party = statement::party(named, issuing.agreement);
    if issuing.agreement.partner(named).is_none_or(|partner| partner.suspended) {
        return Ok(Draft { party, log: None });
    }
    let actor_salt = Bytes16(entropy.draw());
    let opens = AccessLogProperties {
        actor_hash: actor_hash(actor_salt, actor),
        cat: vec![Category::access_log()],
        legal_basis: LEGAL_BASIS.to_owned(),
        policy: issuing.agreement.hash().to_owned(),
        purpose: Purpose::subject_access(),
        scope: Bytes32(recorded(&scope)?.sha256()),
    };
    let claims = issuing.claims(entropy, named, opens);
    Ok(Draft { party, log: Some(UnsignedLog { claims, actor_salt, scope }) })
}

impl Draft {
    /// What the log commits to.
    pub(super) fn claims(&self) -> Option<&AccessLogClaims> {
        self.log.as_ref().map(|log| &log.claims)
    }

    /// What the record says about it.
    pub(super) fn recorded(&self) -> Option<GrantedAccess> {
        let claims = self.claims()?;
        Some(GrantedAccess {
            act: GrantedAct::Pull,
            category: Category::access_log(),
            grant: claims.jti,
            holder: claims.aud,
            outcome: None,
            transaction: claims.txn,
        })
    }

    /// Signs, now that the log has it. `receipts` are those of the grants, in order.
    pub(super) fn issue(
        self,
        signer: &Signer,
        now: Instant,
        origin: &str,
        receipts: &mut impl Iterator<Item = StoredReceipt>,
    ) -> Result<NamedParty, Refusal> {
        let Some(UnsignedLog { mut claims, actor_salt, scope }) = self.log else {
            return Ok(NamedParty { party: self.party, log: None });
        };
        let receipt = receipts.next().ok_or_else(|| Refusal::fault("a grant without a receipt"))?;
        let grant = issue(&mut claims, signer, now, origin, &receipt)?;
        let log = LogGrant {
            transaction: claims.txn,
            grant,
            actor_salt,
            scope,
            expires_at: Instant::from_millis(claims.exp * 1000),
        };
        Ok(NamedParty { party: self.party, log: Some(log) })
    }
}

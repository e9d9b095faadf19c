//! Reading a grant before using it.
//!
//! The signature is the holder's to check: the grant came over mutual TLS from the switchboard that signed it. What we
//! check is that it is the grant for *this* pull, so that a mix-up at the switchboard shows here and not as a refusal
//! that nobody can explain.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_domain::{ChainName, Oin};
use kw_protocol::grant::{GrantClaims, GrantHeader};
use kw_protocol::query::DisclosedHolder;

/// What a grant must say, whoever holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    /// What it opens: a pull, or a feedback report. Both have the same claims.
    pub(crate) typ: &'static str,
    pub(crate) chain: &'a ChainName,
    pub(crate) switchboard: Oin,
    pub(crate) requester: Oin,
    /// SHA-256 of the own certificate, which the grant is bound to.
    pub(crate) certificate: [u8; 32],
}

/// The claims of a disclosed grant, if it is the one for this pull.
pub(crate) fn read(disclosed: &DisclosedHolder, expected: Expected<'_>) -> Option<GrantClaims> {
    let mut parts = disclosed.grant.split('.');
    let (header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || disclosed.grant.len() > MAX_GRANT {
        return None;
    }
    let header: GrantHeader = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    let claims: GrantClaims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    let for_this_pull = header.typ == expected.typ
        && claims.aud == disclosed.holder
        && claims.sub == expected.requester
        && claims.iss == expected.switchboard
        && claims.gid == *expected.chain
        && claims.cnf.x5t_s256.0 == expected.certificate
        && claims.txn == disclosed.transaction
        && claims.prp.cat.contains(&disclosed.category);
    for_this_pull.then_some(claims)
}

/// A grant is a few hundred bytes; the switchboard decides how much goes to every holder.
const MAX_GRANT: usize = 8 * 1024;

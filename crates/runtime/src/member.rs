//! Who may read what the whole chain may see: the extractor of the log's and the witness's endpoints.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use kw_agreement::Agreement;
use kw_domain::Oin;
use kw_protocol::problem::ProblemCode;
use kw_transport::Peer;

use crate::acting;
use crate::events::MemberRefused;
use crate::http::CallerOin;
use crate::party::{SharedAgreement, refuse_certificate};
use crate::problem::Refusal;

/// Anybody whom the agreement names, proven by a certificate: a partner that is not suspended, an operator of a central
/// service, an auditor. What is more than reading logs takes a [`crate::Party`].
///
/// Expects what `Party` expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// The member, from its certificate.
    pub oin: Oin,
    /// As what the agreement names it.
    pub membership: Membership,
}

/// As what the agreement names a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// Checks logs, and takes no part in the chain.
    Auditor,
    /// Holds or asks.
    Partner,
    /// Runs the pseudonymiser.
    Pseudonymiser,
    /// Runs the switchboard.
    Switchboard,
}

impl Membership {
    fn of(oin: Oin, agreement: &Agreement) -> Option<Self> {
        if oin == agreement.switchboard().oin {
            Some(Self::Switchboard)
        } else if oin == agreement.pseudonymiser().oin {
            Some(Self::Pseudonymiser)
        } else if agreement.partner(oin).is_some_and(|partner| !partner.suspended) {
            Some(Self::Partner)
        } else {
            agreement.auditor(oin).map(|_| Self::Auditor)
        }
    }
}

impl Member {
    /// The calling member of a request.
    pub fn of(request: &HttpRequest) -> Result<Self, Refusal> {
        let peer = Peer::of(request).map_err(refuse_certificate)?;
        request.extensions_mut().insert(CallerOin(peer.oin));
        let agreement = agreement_of(request)?;
        if acting::said(request)?.is_some_and(|principal| principal != peer.oin) {
            return Err(refuse(peer.oin));
        }
        let oin = peer.oin;
        let membership = Membership::of(oin, &agreement).ok_or_else(|| refuse(peer.oin))?;
        Ok(Self { oin, membership })
    }
}

/// Whoever reads logs and witnesses them: a [`Member`], or a supplier's process for its partner. Logs tell nothing about persons,
/// so that what the agreement lets the partner delegate is enough. Nothing else may be read with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogReader(pub Member);

impl LogReader {
    fn of(request: &HttpRequest) -> Result<Self, Refusal> {
        let Some(principal) = acting::said(request)? else { return Member::of(request).map(Self) };
        let peer = Peer::of(request).map_err(refuse_certificate)?;
        if principal == peer.oin {
            return Member::of(request).map(Self);
        }
        request.extensions_mut().insert(CallerOin(peer.oin));
        let agreement = agreement_of(request)?;
        if !acting::may_act_at_all(&agreement, principal, peer.oin) {
            return Err(refuse(peer.oin));
        }
        Ok(Self(Member { oin: principal, membership: Membership::Partner }))
    }
}

/// Whoever has a feed of signals: a partner, an auditor, or a supplier about its own mandates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listener {
    /// Who, from its certificate.
    pub oin: Oin,
}

impl Listener {
    fn of(request: &HttpRequest) -> Result<Self, Refusal> {
        let peer = Peer::of(request).map_err(refuse_certificate)?;
        let for_itself = acting::said(request)?.is_none_or(|principal| principal == peer.oin);
        if for_itself && agreement_of(request)?.supplier(peer.oin).is_some() {
            request.extensions_mut().insert(CallerOin(peer.oin));
            return Ok(Self { oin: peer.oin });
        }
        let Member { oin, membership } = Member::of(request)?;
        if matches!(membership, Membership::Auditor | Membership::Partner) {
            return Ok(Self { oin });
        }
        let detail = "Signals are for partners and auditors, and for suppliers about their own mandates.";
        Err(Refusal::new(ProblemCode::Denied, detail))
    }
}

impl FromRequest for LogReader {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

impl FromRequest for Listener {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

impl FromRequest for Member {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

fn agreement_of(request: &HttpRequest) -> Result<Arc<Agreement>, Refusal> {
    let shared = request.app_data::<SharedAgreement>();
    let shared = shared.ok_or_else(|| Refusal::fault("this application has no agreement"))?;
    Ok(shared.current())
}

fn refuse(oin: Oin) -> Refusal {
    MemberRefused { caller: oin }.log();
    let detail = "The agreement does not name the party of this certificate, or has suspended it. Ask the chain's \
                  operator.";
    Refusal::new(ProblemCode::PartyUnknown, detail)
}

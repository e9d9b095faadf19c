//! Who may read what the whole chain may see: the extractor of the log's and the witness's endpoints.

use std::future::{Ready, ready};

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
        let agreement = request
            .app_data::<SharedAgreement>()
            .ok_or_else(|| Refusal::fault("this application has no agreement"))?
            .current();
        // Reading logs needs no mandate of its own: whoever the agreement lets act for a partner in anything may.
        let acts_for = acting::said(request)?.filter(|principal| *principal != peer.oin);
        let oin = match acts_for {
            Some(principal) if acting::may_act_at_all(&agreement, principal, peer.oin) => principal,
            Some(_) => return Err(refuse(peer.oin)),
            None => peer.oin,
        };
        let membership = Membership::of(oin, &agreement).ok_or_else(|| refuse(peer.oin))?;
        Ok(Self { oin, membership })
    }
}

impl FromRequest for Member {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

fn refuse(oin: Oin) -> Refusal {
    MemberRefused { caller: oin }.log();
    let detail = "The agreement does not name the party of this certificate, or has suspended it. Ask the chain's \
                  operator.";
    Refusal::new(ProblemCode::PartyUnknown, detail)
}

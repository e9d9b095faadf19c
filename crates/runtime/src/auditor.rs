//! Who may read access logs: the extractor that every handler of the inspection starts with.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use kw_domain::Oin;
use kw_protocol::problem::ProblemCode;
use kw_transport::Peer;

use crate::events::NoAuditor;
use crate::http::CallerOin;
use crate::party::{SharedAgreement, refuse_certificate};
use crate::problem::Refusal;

/// An auditor that the agreement names, proven by its certificate. Nobody else reads what persons did: no partner, and no
/// operator of a central service.
///
/// Expects what [`crate::Party`] expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auditor {
    /// The auditing organisation, from its certificate.
    pub oin: Oin,
    /// SHA-256 of its certificate, by which two auditors of one organisation are told apart.
    pub certificate_sha256: [u8; 32],
}

impl Auditor {
    /// The calling auditor of a request.
    pub fn of(request: &HttpRequest) -> Result<Self, Refusal> {
        let peer = Peer::of(request).map_err(refuse_certificate)?;
        request.extensions_mut().insert(CallerOin(peer.oin));
        let agreement = request
            .app_data::<SharedAgreement>()
            .ok_or_else(|| Refusal::fault("this application has no agreement"))?
            .current();
        match agreement.auditor(peer.oin) {
            Some(_) => Ok(Self { oin: peer.oin, certificate_sha256: peer.certificate_sha256 }),
            None => Err(refuse(peer.oin)),
        }
    }
}

impl FromRequest for Auditor {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

/// Partners, operators and strangers get the same answer.
fn refuse(oin: Oin) -> Refusal {
    NoAuditor { caller: oin }.log();
    let detail = "Only an auditor that the agreement names may read the access log.";
    Refusal::new(ProblemCode::Denied, detail)
}

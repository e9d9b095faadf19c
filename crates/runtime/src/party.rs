//! Who calls, as the agreement sees it: the extractor that every `/v1` handler of a service starts with.

mod agreement;

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use kw_domain::Oin;
use kw_protocol::problem::ProblemCode;
use kw_telemetry::Reason;
use kw_transport::{Peer, PeerError};

pub use agreement::{
    AgreementFileError, HandIn, KeptVersion, Proposal, SeenApproval, SharedAgreement, approvals_file,
    replace_file,
};

use crate::acting;
use crate::events::{CallerUnjudged, CertificateRefused, PartyRefused};
use crate::http::CallerOin;
use crate::problem::Refusal;

/// A partner that the agreement knows and that is not suspended, proven by its certificate.
///
/// Expects `web::Data<Tls>` and [`SharedAgreement`] in the application's data; [`crate::Server`] puts them there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// The party, from its certificate.
    pub oin: Oin,
    /// Its name, from the agreement.
    pub name: String,
    /// SHA-256 of the certificate that was shown, to which grants are bound.
    pub certificate_sha256: [u8; 32],
    /// Whose certificate that is, when a supplier acts for the partner ([`crate::acting`]).
    pub supplier: Option<Oin>,
}

impl Party {
    /// Whose certificate was shown: the partner's own, or its supplier's.
    pub fn certificate_oin(&self) -> Oin {
        self.supplier.unwrap_or(self.oin)
    }

    /// The calling partner of a request.
    pub fn of(request: &HttpRequest) -> Result<Self, Refusal> {
        let peer = Peer::of(request).map_err(refuse_certificate)?;
        request.extensions_mut().insert(CallerOin(peer.oin));
        if acting::said(request)?.is_some_and(|principal| principal != peer.oin) {
            let detail = "Nobody can do this for a partner but the partner itself.";
            return Err(Refusal::new(ProblemCode::DelegationRefused, detail));
        }
        let agreement = request
            .app_data::<SharedAgreement>()
            .ok_or_else(|| Refusal::fault("this application has no agreement"))?
            .current();
        match agreement.partner(peer.oin) {
            Some(partner) if !partner.suspended => {
                let name = partner.name.clone();
                Ok(Self { oin: peer.oin, name, certificate_sha256: peer.certificate_sha256, supplier: None })
            }
            known => Err(refuse_party(peer.oin, known.is_some())),
        }
    }
}

impl FromRequest for Party {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

pub(crate) fn refuse_certificate(reason: PeerError) -> Refusal {
    match reason {
        PeerError::Unconfigured => Refusal::fault(reason),
        PeerError::RevocationUnknown => {
            CallerUnjudged {}.log();
            Refusal::new(ProblemCode::Unavailable, sentence(reason))
        }
        _ => {
            CertificateRefused { reason: Reason::of(&reason) }.log();
            Refusal::new(ProblemCode::CertificateRefused, sentence(reason))
        }
    }
}

/// Suspended and unknown look the same from outside.
fn refuse_party(oin: Oin, suspended: bool) -> Refusal {
    PartyRefused { caller: oin, suspended }.log();
    let detail = "The party of this certificate is not an active partner in this chain's agreement. Ask the chain's \
                  operator.";
    Refusal::new(ProblemCode::PartyUnknown, detail)
}

fn sentence(reason: PeerError) -> String {
    let text = reason.to_string();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_certificate_problem_has_the_status_of_who_must_mend_it() {
        for (reason, code) in [
            (PeerError::Expired, ProblemCode::CertificateRefused),
            (PeerError::NoCertificate, ProblemCode::CertificateRefused),
            (PeerError::Revoked, ProblemCode::CertificateRefused),
            (PeerError::RevocationUnknown, ProblemCode::Unavailable),
            (PeerError::Unconfigured, ProblemCode::Fault),
        ] {
            assert_eq!(refuse_certificate(reason).code(), code, "{reason:?}");
        }
    }

    #[test]
    fn suspended_and_unknown_parties_get_the_same_answer() {
        let oin = Oin::parse("00000099000000001000").unwrap();
        assert_eq!(refuse_party(oin, true), refuse_party(oin, false));
    }
}

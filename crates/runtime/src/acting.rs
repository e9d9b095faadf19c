//! Who acts for whom: a partner for itself, or a software supplier for a partner, under its own certificate.
//!
//! A handler says with its extractor what suppliers may do there. Where it takes a plain [`Party`], they may do nothing.

use std::future::{Future, Ready, ready};
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use kw_agreement::{Agreement, DelegationScope};
use kw_domain::Oin;
use kw_protocol::problem::ProblemCode;
use kw_transport::{ON_BEHALF_OF, Peer};

use crate::events::SupplierRefused;
use crate::http::CallerOin;
use crate::party::{Party, SharedAgreement, refuse_certificate};
use crate::problem::Refusal;

/// A register's answer.
pub type Admission<'a> = Pin<Box<dyn Future<Output = Result<bool, Refusal>> + 'a>>;

/// What says whether a supplier's mandate stands now, beyond what the agreement lets the partner delegate.
pub trait DelegationRegister: Send + Sync {
    /// Whether this supplier may do this for this partner now.
    fn admits(&self, principal: Oin, supplier: Oin, scope: DelegationScope) -> Admission<'_>;
}

/// For services without a register, where nothing can be had without a grant or an answer of the switchboard, which has
/// one: what the agreement lets a partner delegate is enough.
#[derive(Debug, Clone, Copy)]
pub struct AgreedDelegations;

impl DelegationRegister for AgreedDelegations {
    fn admits(&self, _: Oin, _: Oin, _: DelegationScope) -> Admission<'_> {
        Box::pin(ready(Ok(true)))
    }
}

/// Puts a register into an application's data, where [`Asking`] and [`Registering`] expect it. Without one, no supplier is
/// admitted.
pub fn delegations(register: Arc<dyn DelegationRegister>) -> Data<dyn DelegationRegister> {
    Data::from(register)
}

/// Who acted, as records say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActedBy {
    /// The organisation of the certificate.
    pub party: Oin,
    /// The partner it acted for, when that is another.
    pub on_behalf_of: Option<Oin>,
}

impl From<Oin> for ActedBy {
    fn from(party: Oin) -> Self {
        Self { party, on_behalf_of: None }
    }
}

impl From<&Party> for ActedBy {
    fn from(party: &Party) -> Self {
        Self { party: party.certificate_oin(), on_behalf_of: party.supplier.map(|_| party.oin) }
    }
}

macro_rules! acting {
    ($($(#[$doc:meta])+ $name:ident = $scopes:expr;)+) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(pub Party);

        impl Deref for $name {
            type Target = Party;

            fn deref(&self) -> &Party {
                &self.0
            }
        }

        impl FromRequest for $name {
            type Error = Refusal;
            type Future = Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let request = request.clone();
                Box::pin(async move { acting(&request, &$scopes).await.map(Self) })
            }
        }
    )+};
}

acting! {
    /// A partner that asks or pulls, or a supplier that does it for a partner.
    Asking = [DelegationScope::Query];
    /// A partner that looks after its pointers, or a supplier that does it for a partner.
    Registering = [DelegationScope::Register];
    /// A partner that has something evaluated in order to ask or to register, or a supplier that does it for a partner.
    Evaluating = [DelegationScope::Query, DelegationScope::Register];
}

async fn acting(request: &HttpRequest, scopes: &[DelegationScope]) -> Result<Party, Refusal> {
    let Some(principal) = said(request)? else { return Party::of(request) };
    let peer = Peer::of(request).map_err(refuse_certificate)?;
    if principal == peer.oin {
        return Party::of(request);
    }
    request.extensions_mut().insert(CallerOin(peer.oin));
    let agreement = request
        .app_data::<SharedAgreement>()
        .ok_or_else(|| Refusal::fault("this application has no agreement"))?
        .current();
    let register = request.app_data::<Data<dyn DelegationRegister>>();
    let mut admitted = None;
    for scope in scopes {
        if let (Some(name), Some(register)) = (agreed(&agreement, principal, peer.oin, *scope), register)
            && register.admits(principal, peer.oin, *scope).await?
        {
            admitted = Some(name);
        }
    }
    let name = admitted.ok_or_else(|| refuse(peer.oin, principal))?;
    let certificate_sha256 = peer.certificate_sha256;
    Ok(Party { oin: principal, name, certificate_sha256, supplier: Some(peer.oin) })
}

/// The name of the partner, if the agreement lets it delegate this to this supplier.
fn agreed(agreement: &Agreement, principal: Oin, supplier: Oin, scope: DelegationScope) -> Option<String> {
    agreement.supplier(supplier)?;
    let partner = agreement.partner(principal).filter(|partner| !partner.suspended)?;
    agreement.may_delegate(principal, supplier, scope).then(|| partner.name.clone())
}

/// Whether the agreement lets the partner delegate anything to this supplier.
pub(crate) fn may_act_at_all(agreement: &Agreement, principal: Oin, supplier: Oin) -> bool {
    DelegationScope::ALL.into_iter().any(|scope| agreed(agreement, principal, supplier, scope).is_some())
}

/// A partner or a supplier, each for itself: the two sides of a mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side {
    /// Who, from its certificate.
    pub oin: Oin,
    /// Whether the agreement knows it as a supplier.
    pub is_supplier: bool,
}

impl FromRequest for Side {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(side(request))
    }
}

fn side(request: &HttpRequest) -> Result<Side, Refusal> {
    let peer = Peer::of(request).map_err(refuse_certificate)?;
    let agreement = request
        .app_data::<SharedAgreement>()
        .ok_or_else(|| Refusal::fault("this application has no agreement"))?
        .current();
    if agreement.supplier(peer.oin).is_some() {
        request.extensions_mut().insert(CallerOin(peer.oin));
        return Ok(Side { oin: peer.oin, is_supplier: true });
    }
    Party::of(request).map(|party| Side { oin: party.oin, is_supplier: false })
}

/// For whom the caller says that it acts.
pub(crate) fn said(request: &HttpRequest) -> Result<Option<Oin>, Refusal> {
    let mut all = request.headers().get_all(ON_BEHALF_OF);
    let Some(value) = all.next() else { return Ok(None) };
    let parsed = value.to_str().ok().and_then(|text| Oin::parse(text).ok());
    match parsed {
        Some(oin) if all.next().is_none() => Ok(Some(oin)),
        _ => {
            let detail = "The header 'On-Behalf-Of' holds one OIN: that of the partner for which you act.";
            Err(Refusal::new(ProblemCode::Invalid, detail))
        }
    }
}

/// No mandate, an ended one and one for another act look the same from outside.
fn refuse(supplier: Oin, principal: Oin) -> Refusal {
    SupplierRefused { caller: supplier, principal }.log();
    let detail = "Your organisation has no mandate to do this for that partner now. The partner gives one with two \
                  approvals, within what the agreement lets it delegate.";
    Refusal::new(ProblemCode::DelegationRefused, detail)
}

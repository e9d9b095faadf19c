//! What the pages ask, and by which rules.

use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_agreement::Agreement;
use kw_client::LocalClient;
use kw_domain::{Oin, Purpose, Role};
use kw_protocol::query::{Actor, Assurance};
use kw_runtime::SharedAgreement;
use kw_web::{Failure, User};

use crate::personal::Personal;

/// One inzage: the same for all who use it.
pub(crate) struct App {
    /// The partner that runs it.
    pub(crate) own: Oin,
    pub(crate) agreement: SharedAgreement,
    pub(crate) partner: LocalClient,
    pub(crate) references: hmac::Key,
    /// Where people collect their own dossiers, where the chain has such a place.
    pub(crate) personal: Option<Personal>,
}

/// Why a person may ask here, and as what.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    pub(crate) purpose: Purpose,
    pub(crate) role: Role,
}

impl App {
    /// The agreement in force.
    pub(crate) fn agreed(&self) -> Arc<Agreement> {
        self.agreement.current()
    }

    /// The purpose of a person's own question, and the role that the agreement gives people at this partner.
    pub(crate) fn ground(&self, agreement: &Agreement) -> Result<Ground, Failure> {
        let kind = &agreement.partner(self.own).ok_or_else(Failure::denied)?.kind;
        let purpose = agreement.subject_access().purpose.clone().ok_or_else(Failure::denied)?;
        let rules = agreement.purpose(&purpose).ok_or_else(Failure::denied)?;
        let admitted = |role: &&Role| agreement.role(role).is_some_and(|rules| rules.kinds.contains(kind));
        let role = rules.roles.keys().find(admitted).cloned().ok_or_else(Failure::denied)?;
        Ok(Ground { purpose, role })
    }

    /// Who asks. The provider vouches for them to the partner; others take the partner's word.
    pub(crate) fn actor(user: &User, ground: &Ground) -> Actor {
        Actor { id: user.id.clone(), role: ground.role.clone(), assurance: Assurance::Asserted, proof: None }
    }

    /// What the partner's reports about a person are marked with: nobody without the key makes a person of it.
    pub(crate) fn reference(&self, subject: &str) -> String {
        let tag = hmac::sign(&self.references, subject.as_bytes());
        URL_SAFE_NO_PAD.encode(&tag.as_ref()[..9])
    }
}

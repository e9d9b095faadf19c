//! What the pages ask, and by which rules.

use std::sync::Arc;

use kw_agreement::Agreement;
use kw_client::LocalClient;
use kw_domain::{Oin, Role};
use kw_protocol::query::{Actor, Assurance};
use kw_runtime::SharedAgreement;
use kw_web::User;

use crate::Duties;

/// One desk: the same for all who work at it.
pub(crate) struct App {
    /// The organisation.
    pub(crate) own: Oin,
    pub(crate) agreement: SharedAgreement,
    pub(crate) partner: LocalClient,
    pub(crate) duties: Duties,
}

impl App {
    /// The agreement in force.
    pub(crate) fn agreed(&self) -> Arc<Agreement> {
        self.agreement.current()
    }

    /// Who asks, as one of the roles that the provider gave them. What the provider said goes with it, so that nobody has to take
    /// the desk's word.
    pub(crate) fn actor(user: &User, role: &Role) -> Actor {
        Actor {
            id: user.id.clone(),
            role: role.clone(),
            assurance: Assurance::Proven,
            proof: Some(user.token.clone()),
        }
    }
}

//! The register that says, at every request of a supplier, whether its mandate stands now.

use std::sync::Arc;

use kw_agreement::DelegationScope;
use kw_domain::Oin;
use kw_runtime::acting::{Admission, DelegationRegister};

use crate::app::{App, not_read};

/// Asks the database each time: a mandate that was ended through any process counts no more.
pub(crate) struct Register(pub(crate) Arc<App>);

impl DelegationRegister for Register {
    fn admits(&self, principal: Oin, supplier: Oin, scope: DelegationScope) -> Admission<'_> {
        Box::pin(async move {
            let now = self.0.now();
            let between =
                self.0.store.read(move |index| index.delegations_between(principal, supplier)).await;
            Ok(between.map_err(not_read)?.iter().any(|one| one.admits(scope, now)))
        })
    }
}

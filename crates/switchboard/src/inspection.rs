//! An auditor may name a subject as a requester does: the index finds it.

use std::sync::Arc;

use kw_logbook::inspection::{FindSubject, Finding};
use kw_protocol::pointer::SubjectElement;
use kw_store::Meant;

use crate::app::{App, not_located, not_read};
use crate::index::locate;

/// Finds subjects in the index.
pub(crate) struct Finder(pub(crate) Arc<App>);

impl FindSubject for Finder {
    fn find<'a>(&'a self, subject: &'a SubjectElement) -> Finding<'a> {
        Box::pin(async move {
            let keyring = self.0.keyring.load_full();
            let tags = locate(&keyring.keys, &keyring.live, subject).map_err(not_located)?.tags;
            let found = self.0.store.read(move |index| index.find_subject(&tags)).await.map_err(not_read)?;
            Ok(found.map(Meant::Subject))
        })
    }
}

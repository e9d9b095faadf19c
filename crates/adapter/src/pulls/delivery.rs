//! A record's document for those who answer on another ground than a grant: the authorisation server. What may leave, and
//! what is told when nothing can, is the same as for a pull.

use kw_agreement::Agreement;
use kw_protocol::pull::Provenance;
use kw_runtime::Refusal;
use kw_store::partner::{LocalRecord, LocalState};
use serde_json::Value;

use super::refusal::PullRefusal;
use super::{Pulls, filter};
use crate::SourceDocument;

/// Why a document is not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotDelivered {
    /// The code for the record.
    pub reason: &'static str,
    /// What the caller is told.
    pub refusal: Refusal,
}

impl Pulls {
    /// The document of a record at the source now; `None` when the source has nothing about that subject any more.
    pub async fn document_of(&self, record: &LocalRecord) -> Result<Option<SourceDocument>, NotDelivered> {
        self.retrieve(record).await.map_err(NotDelivered::from)
    }

    /// The document as it may leave, with its provenance.
    pub fn as_it_may_leave(
        &self,
        agreement: &Agreement,
        record: &LocalRecord,
        document: SourceDocument,
    ) -> Result<(Value, Provenance), NotDelivered> {
        filter::deliverable(agreement, record, document).map_err(NotDelivered::from)
    }
}

/// Whether a record may be found: one on its way out may stand for another person at the source by now, and a suppressed
/// one is not to be found.
pub fn is_findable(record: &LocalRecord) -> bool {
    match record.state {
        LocalState::Pending | LocalState::Registered => true,
        LocalState::Leaving | LocalState::Suppressed => false,
    }
}

impl From<PullRefusal> for NotDelivered {
    fn from(refusal: PullRefusal) -> Self {
        Self { reason: refusal.reason(), refusal: refusal.told() }
    }
}

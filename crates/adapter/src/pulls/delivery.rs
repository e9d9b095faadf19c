//! A record's document for those who answer on another ground than a grant: the authorisation server. What may leave, and
//! what is told when nothing can, is the same as for a pull.

use kw_agreement::{
    Agreement, ConsentRegime, ConsentVerdict, DenialReason, DisclosureInput, PointerInput,
    RepresentationInput,
};
use kw_domain::{Oin, Purpose, Role};
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
    /// Whether something broke, rather than being refused.
    pub failed: bool,
}

/// Who would get a document, and what for.
#[derive(Debug, Clone)]
pub struct Recipient<'a> {
    /// The party.
    pub oin: Oin,
    /// Why.
    pub purpose: &'a Purpose,
    /// As what.
    pub role: &'a Role,
    /// Under which mandate.
    pub representation: Option<RepresentationInput>,
}

impl Pulls {
    /// The document of a record at the source now; `None` when the source has nothing about that subject any more.
    pub async fn document_of(&self, record: &LocalRecord) -> Result<Option<SourceDocument>, NotDelivered> {
        self.retrieve(record).await.map_err(NotDelivered::from)
    }

    /// Asks again what the person chose, where that counts, and lets the holder's own agreement decide. The person, or who
    /// represents them, said yes to this recipient here: silence in the register is that yes, an objection there is not.
    pub async fn check_objection(
        &self,
        agreement: &Agreement,
        record: &LocalRecord,
        recipient: &Recipient<'_>,
    ) -> Result<(), NotDelivered> {
        let consent = match agreement.category(&record.category).map(|rules| rules.consent) {
            None | Some(ConsentRegime::Statutory) => ConsentVerdict::Silent,
            Some(ConsentRegime::OptIn | ConsentRegime::OptOut) => {
                let pointer = record.pointer.ok_or(PullRefusal::ConsentUnknown)?;
                let asked = self.consents.verdict(pointer, recipient.oin, recipient.purpose).await;
                match asked.map_err(|_| PullRefusal::ConsentUnknown)? {
                    ConsentVerdict::Given | ConsentVerdict::Silent => ConsentVerdict::Given,
                    ConsentVerdict::Refused => ConsentVerdict::Refused,
                }
            }
        };
        let disclosed = agreement.disclose(&DisclosureInput {
            requester: recipient.oin,
            purpose: recipient.purpose,
            role: recipient.role,
            representation: recipient.representation.clone(),
            at: self.clock.now(),
            pointers: &[PointerInput { holder: self.holder, category: &record.category, consent }],
        });
        match disclosed.as_deref() {
            Ok([true]) => Ok(()),
            Ok(_) => Err(PullRefusal::Denied(DenialReason::ConsentWithheld).into()),
            Err(reason) => Err(PullRefusal::Denied(*reason).into()),
        }
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
        Self { reason: refusal.reason(), refusal: refusal.told(), failed: refusal.is_failure() }
    }
}

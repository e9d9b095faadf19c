//! Who acts for the subject of a question, as the switchboard is told it.

use std::sync::OnceLock;

use kw_client::{ClientError, EpochElement, PseudonymError};
use kw_domain::Epoch;
use kw_protocol::SecretBytes32;
use kw_protocol::pointer::SubjectElement;
use kw_protocol::query::RepresentationClaim;

use crate::{DossierQuery, Requester};

/// The representative's N_index per epoch, once it is there. Its N_binding is never made: holders are shown proofs about the
/// person who is represented, and about nobody else.
#[derive(Debug, Default)]
pub(crate) struct Representative(OnceLock<Vec<EpochElement>>);

impl Representative {
    /// Has the representative evaluated, if the question has one.
    pub(crate) async fn evaluate(
        &self,
        requester: &Requester,
        question: &DossierQuery,
    ) -> Result<(), PseudonymError> {
        if let Some(representation) = &question.representation {
            let elements = requester.index_elements(&representation.representative).await?;
            // One question is evaluated once.
            drop(self.0.set(elements));
        }
        Ok(())
    }

    /// The claim under the epoch of the subject's element: the switchboard knows both epochs or none of them.
    pub(crate) fn claim(
        &self,
        question: &DossierQuery,
        epoch: Epoch,
    ) -> Result<Option<RepresentationClaim>, ClientError> {
        let Some(representation) = &question.representation else { return Ok(None) };
        let held = self.0.get().into_iter().flatten().find(|held| held.epoch == epoch);
        let held =
            held.ok_or(ClientError::Malformed("there is no element of the representative to ask with"))?;
        Ok(Some(RepresentationClaim {
            representative: SubjectElement { element: SecretBytes32(held.element.to_bytes()), epoch },
            act: representation.act,
            mandate: representation.mandate,
        }))
    }
}

//! From an answer to elements: only under the agreement's keys, only with a proof.

use std::collections::{BTreeMap, BTreeSet};

use kw_domain::{Epoch, KeyUse};
use kw_protocol::evaluation::{EpochEvaluation, EvaluationResponse};
use kw_pseudonym::{EvaluatedElement, Proof, ProofError, PublicKey, verify_and_unblind};

use super::{Batch, EpochElement, PseudonymError};
use crate::ClientError;
use crate::events::{ProofRefused, UnlistedKey};

/// Verifies and unblinds what the agreement knows, and passes over the rest with a warning.
pub(super) fn unblind(
    batch: &Batch,
    response: EvaluationResponse,
    keys: &BTreeMap<Epoch, [u8; 32]>,
    key_use: KeyUse,
) -> Result<Vec<Vec<EpochElement>>, PseudonymError> {
    let mut evaluations = response.evaluations;
    evaluations.sort_by_key(|evaluation| evaluation.epoch);
    let mut seen = BTreeSet::new();
    let mut subjects: Vec<Vec<EpochElement>> = batch.blinded.iter().map(|_| Vec::new()).collect();
    let mut known = false;
    for evaluation in &evaluations {
        let epoch = evaluation.epoch;
        if !seen.insert(epoch) {
            return Err(ClientError::Malformed("an epoch occurs twice").into());
        }
        let Some(key) = keys.get(&epoch) else {
            UnlistedKey { key_use, epoch }.log();
            continue;
        };
        let elements = verify(batch, evaluation, key).map_err(|refused| match refused {
            Refusal::Form(reason) => ClientError::Malformed(reason).into(),
            Refusal::Proof => {
                ProofRefused { key_use, epoch }.log();
                PseudonymError::ProofRefused { key_use, epoch }
            }
        })?;
        for (subject, element) in subjects.iter_mut().zip(elements) {
            subject.push(EpochElement { epoch, element });
        }
        known = true;
    }
    if known { Ok(subjects) } else { Err(PseudonymError::NoKnownKey) }
}

enum Refusal {
    Form(&'static str),
    Proof,
}

fn verify(
    batch: &Batch,
    evaluation: &EpochEvaluation,
    key: &[u8; 32],
) -> Result<Vec<kw_pseudonym::Element>, Refusal> {
    // The agreement does not know the curve, so a key that is no point shows here.
    let key = PublicKey::from_bytes(key).map_err(|_| Refusal::Proof)?;
    let evaluated = evaluation
        .elements
        .iter()
        .map(|element| EvaluatedElement::from_bytes(&element.0))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| Refusal::Form("an element is no point of the curve"))?;
    let [challenge, response] = &evaluation.proof;
    let proof = Proof::from_parts([challenge.0, response.0])
        .map_err(|_| Refusal::Form("a proof is not two scalars"))?;
    verify_and_unblind(&key, &batch.blindings, &batch.blinded, &evaluated, &proof).map_err(
        |error| match error {
            ProofError::Refused => Refusal::Proof,
            ProofError::Batch(_) | ProofError::Count | ProofError::Encoding => {
                Refusal::Form("there are not as many elements as were asked")
            }
        },
    )
}

//! A pseudonymiser that evaluates for real, or cheats.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use actix_web::{HttpResponse, web};
use kw_domain::{Epoch, KeyUse, Subject};
use kw_protocol::evaluation::{EpochEvaluation, EvaluationRequest, EvaluationResponse};
use kw_protocol::{Bytes32, SecretBytes32};
use kw_pseudonym::{BlindedElement, Element, SecretKey, blind, evaluate, verify_and_unblind};
use rand_core::OsRng;

#[derive(Debug, Clone)]
pub(crate) struct Pseudonymiser {
    pub(crate) keys: Arc<BTreeMap<(KeyUse, Epoch), SecretKey>>,
    /// Evaluates under another key than it says.
    pub(crate) cheats: Arc<Mutex<bool>>,
}

impl Pseudonymiser {
    pub(crate) fn with_epochs(epochs: &[u32]) -> Self {
        let keys = KeyUse::ALL.into_iter().flat_map(|key_use| {
            epochs.iter().map(move |epoch| ((key_use, Epoch(*epoch)), SecretKey::generate(&mut OsRng)))
        });
        Self { keys: Arc::new(keys.collect()), cheats: Arc::default() }
    }

    /// What an honest run of the protocol gives for this subject.
    pub(crate) fn element(&self, subject: &Subject, key_use: KeyUse, epoch: u32) -> Element {
        let key = &self.keys[&(key_use, Epoch(epoch))];
        let (blinding, blinded) = blind(subject, &mut OsRng).unwrap();
        let blinded = [blinded];
        let (evaluated, proof) = evaluate(key, &blinded, &mut OsRng).unwrap();
        verify_and_unblind(&key.public(), &[blinding], &blinded, &evaluated, &proof).unwrap().remove(0)
    }

    pub(crate) fn routes(&self, config: &mut web::ServiceConfig) {
        let state = self.clone();
        let handler = move |request: web::Json<EvaluationRequest>| {
            let state = state.clone();
            async move { HttpResponse::Ok().json(state.answer(&request)) }
        };
        config.route("/v1/evaluations", web::post().to(handler));
    }

    fn answer(&self, request: &EvaluationRequest) -> EvaluationResponse {
        let blinded: Vec<_> =
            request.elements.iter().map(|element| BlindedElement::from_bytes(&element.0).unwrap()).collect();
        let other = SecretKey::generate(&mut OsRng);
        let cheats = *self.cheats.lock().unwrap();
        let evaluations = self.keys.iter().filter(|((key_use, _), _)| *key_use == request.key_use).map(
            |((_, epoch), key)| {
                let key = if cheats { &other } else { key };
                let (evaluated, proof) = evaluate(key, &blinded, &mut OsRng).unwrap();
                EpochEvaluation {
                    epoch: *epoch,
                    elements: evaluated.iter().map(|element| SecretBytes32(element.to_bytes())).collect(),
                    proof: proof.to_parts().map(Bytes32),
                }
            },
        );
        EvaluationResponse { evaluations: evaluations.collect() }
    }
}

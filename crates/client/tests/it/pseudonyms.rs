//! Pseudonyms: in batches, verified, and only under the agreement's keys.

use std::sync::{Arc, Mutex};

use actix_web::{HttpResponse, web};
use kw_agreement::draft::KeyDraft;
use kw_client::{ClientError, PseudonymError, PseudonymiserClient};
use kw_domain::{Epoch, KeyUse, Subject};
use kw_protocol::evaluation::{BudgetClass, EpochEvaluation, EvaluationRequest, EvaluationResponse};
use kw_protocol::{Bytes32, SecretBytes32};
use kw_pseudonym::{BlindedElement, SecretKey, blind, evaluate, verify_and_unblind};
use rand_core::OsRng;

use crate::server::{Service, context};

/// One key for each use; answers under each of `epochs`, and then as `spoil` says.
struct Stage {
    client: PseudonymiserClient,
    index: SecretKey,
    sizes: Arc<Mutex<Vec<usize>>>,
}

impl Stage {
    fn set(listed: u32, epochs: &'static [u32], spoil: fn(&mut EvaluationResponse)) -> Self {
        let [index, binding] = [(); 2].map(|()| SecretKey::generate(&mut OsRng));
        let draft =
            |key_use, key: &SecretKey| KeyDraft::new(key_use, Epoch(listed), &key.public().to_bytes());
        let keys = vec![draft(KeyUse::Index, &index), draft(KeyUse::Binding, &binding)];
        let sizes: Arc<Mutex<Vec<usize>>> = Arc::default();
        let (held, counted) = ([index.clone(), binding], Arc::clone(&sizes));
        let service = Service::start_with(keys, move |config| {
            let ([index, binding], sizes) = (held.clone(), Arc::clone(&counted));
            let answer = move |request: web::Json<EvaluationRequest>| {
                sizes.lock().unwrap().push(request.elements.len());
                let key = if request.key_use == KeyUse::Index { &index } else { &binding };
                let mut response = evaluate_under(key, epochs, &request);
                spoil(&mut response);
                async move { HttpResponse::Ok().json(response) }
            };
            config.app_data(web::JsonConfig::default().limit(1 << 20));
            config.route("/v1/evaluations", web::post().to(answer));
        });
        let client =
            PseudonymiserClient::new(&service.tls, Arc::clone(&service.agreement), context()).unwrap();
        Self { client, index, sizes }
    }

    async fn one(&self) -> Result<Vec<Vec<kw_client::EpochElement>>, PseudonymError> {
        self.client.evaluate(&[case(1)], KeyUse::Index, BudgetClass::Query).await
    }
}

fn evaluate_under(key: &SecretKey, epochs: &[u32], request: &EvaluationRequest) -> EvaluationResponse {
    let blinded: Vec<_> =
        request.elements.iter().map(|element| BlindedElement::from_bytes(&element.0).unwrap()).collect();
    let evaluations = epochs.iter().map(|epoch| {
        let (evaluated, proof) = evaluate(key, &blinded, &mut OsRng).unwrap();
        EpochEvaluation {
            epoch: Epoch(*epoch),
            elements: evaluated.iter().map(|element| SecretBytes32(element.to_bytes())).collect(),
            proof: proof.to_parts().map(Bytes32),
        }
    });
    EvaluationResponse { evaluations: evaluations.collect() }
}

fn case(number: usize) -> Subject {
    Subject::parse(&format!("case:test:{number}")).unwrap()
}

#[actix_web::test]
async fn large_batches_are_split_and_every_subject_gets_its_own_element() {
    let stage = Stage::set(1, &[1], |_| {});
    let subjects: Vec<_> = (0..300).map(case).collect();
    let elements = stage.client.evaluate(&subjects, KeyUse::Index, BudgetClass::Register).await.unwrap();
    assert_eq!(*stage.sizes.lock().unwrap(), [256, 44]);
    for place in [0, 255, 256, 299] {
        let (blinding, blinded) = blind(&subjects[place], &mut OsRng).unwrap();
        let blinded = [blinded];
        let (evaluated, proof) = evaluate(&stage.index, &blinded, &mut OsRng).unwrap();
        let expected =
            verify_and_unblind(&stage.index.public(), &[blinding], &blinded, &evaluated, &proof).unwrap();
        assert_eq!(elements[place].len(), 1);
        assert!(elements[place][0].element == expected[0], "{place}");
    }
}

#[actix_web::test]
async fn both_elements_of_one_subject_come_together() {
    let stage = Stage::set(1, &[1], |_| {});
    let pseudonyms = stage.client.pseudonyms(&case(1), BudgetClass::Query).await.unwrap();
    assert_eq!((pseudonyms.index.len(), pseudonyms.binding.len()), (1, 1));
    assert_eq!(*stage.sizes.lock().unwrap(), [1, 1]);
}

#[actix_web::test]
async fn an_epoch_that_the_agreement_does_not_list_is_passed_over() {
    let stage = Stage::set(2, &[3, 2, 1], |_| {});
    let epochs: Vec<_> = stage.one().await.unwrap()[0].iter().map(|held| held.epoch).collect();
    assert_eq!(epochs, [Epoch(2)]);
}

#[actix_web::test]
async fn no_listed_epoch_at_all_is_an_error() {
    for epochs in [&[] as &'static [u32], &[1, 3]] {
        assert_eq!(Stage::set(2, epochs, |_| {}).one().await.unwrap_err(), PseudonymError::NoKnownKey);
    }
}

#[actix_web::test]
async fn a_wrong_proof_is_a_security_error() {
    let stage = Stage::set(1, &[1], |response| {
        let other = SecretKey::generate(&mut OsRng);
        let (_, blinded) = blind(&case(7), &mut OsRng).unwrap();
        let (evaluated, proof) = evaluate(&other, &[blinded], &mut OsRng).unwrap();
        response.evaluations[0].elements = vec![SecretBytes32(evaluated[0].to_bytes())];
        response.evaluations[0].proof = proof.to_parts().map(Bytes32);
    });
    let refused = PseudonymError::ProofRefused { key_use: KeyUse::Index, epoch: Epoch(1) };
    assert_eq!(stage.one().await.unwrap_err(), refused);
}

#[actix_web::test]
async fn an_answer_of_another_form_is_malformed() {
    let spoils: [fn(&mut EvaluationResponse); 4] = [
        |response| response.evaluations[0].elements.clear(),
        |response| response.evaluations[0].elements[0] = SecretBytes32([0; 32]),
        |response| response.evaluations[0].proof[0] = Bytes32([255; 32]),
        |response| {
            let again = response.evaluations[0].clone();
            response.evaluations.push(again);
        },
    ];
    for (place, spoil) in spoils.into_iter().enumerate() {
        let error = Stage::set(1, &[1], spoil).one().await.unwrap_err();
        assert!(matches!(error, PseudonymError::Client(ClientError::Malformed(_))), "{place}: {error:?}");
    }
}

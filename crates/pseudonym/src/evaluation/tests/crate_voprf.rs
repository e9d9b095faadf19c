//! Both sides against the crate `voprf`: an implementation that shares no code with ours above the curve.

use curve25519_dalek::RistrettoPoint;
use curve25519_dalek::ristretto::CompressedRistretto;
use proptest::prelude::*;
use voprf::{Ristretto255, VoprfClient, VoprfServer};

use super::finalize;
use crate::blinding::blind_input;
use crate::testing::Script;
use crate::{BlindedElement, EvaluatedElement, Proof, PublicKey, SecretKey, evaluate, verify_and_unblind};

type Client = VoprfClient<Ristretto255>;
type Server = VoprfServer<Ristretto255>;

fn inputs() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn our_partner_understands_their_pseudonymiser(seed in any::<u64>(), inputs in inputs()) {
        let rng = &mut Script::seeded(seed);
        let key = SecretKey::generate(rng);
        let server = Server::new_with_key(key.to_bytes().as_slice()).unwrap();

        let (blindings, blinded): (Vec<_>, Vec<_>) =
            inputs.iter().map(|input| blind_input(input, rng).unwrap()).unzip();
        let theirs: Vec<voprf::BlindedElement<Ristretto255>> =
            blinded.iter().map(|e| voprf::BlindedElement::deserialize(&e.to_bytes()).unwrap()).collect();
        let prepared: Vec<_> = server.batch_blind_evaluate_prepare(theirs.iter()).collect();
        let answer = server.batch_blind_evaluate_finish(rng, theirs.iter(), &prepared).unwrap();
        let evaluated: Vec<EvaluatedElement> = answer
            .messages
            .map(|e| EvaluatedElement::from_bytes(&e.serialize().into()).unwrap())
            .collect();
        let proof: [u8; 64] = answer.proof.serialize().into();
        let proof = Proof::from_parts([*proof.first_chunk().unwrap(), *proof.last_chunk().unwrap()]).unwrap();
        let public = PublicKey::from_bytes(&server.get_public_key().compress().to_bytes()).unwrap();

        let elements = verify_and_unblind(&public, &blindings, &blinded, &evaluated, &proof).unwrap();
        for (input, element) in inputs.iter().zip(&elements) {
            prop_assert_eq!(finalize(input, element), server.evaluate(input).unwrap().to_vec());
        }
    }

    #[test]
    fn their_partner_understands_our_pseudonymiser(seed in any::<u64>(), inputs in inputs()) {
        let rng = &mut Script::seeded(seed);
        let key = SecretKey::generate(rng);

        let (clients, blinded): (Vec<Client>, Vec<BlindedElement>) = inputs
            .iter()
            .map(|input| {
                let blinded = Client::blind(input, rng).unwrap();
                (blinded.state, BlindedElement::from_bytes(&blinded.message.serialize().into()).unwrap())
            })
            .unzip();
        let (evaluated, proof) = evaluate(&key, &blinded, rng).unwrap();

        let messages: Vec<voprf::EvaluationElement<Ristretto255>> = evaluated
            .iter()
            .map(|e| voprf::EvaluationElement::deserialize(&e.to_bytes()).unwrap())
            .collect();
        let proof = voprf::Proof::deserialize(proof.to_parts().as_flattened()).unwrap();
        let public: RistrettoPoint = CompressedRistretto(key.public().to_bytes()).decompress().unwrap();
        let outputs = Client::batch_finalize(&inputs, &clients, &messages, &proof, public).unwrap();
        let server = Server::new_with_key(key.to_bytes().as_slice()).unwrap();
        for (input, output) in inputs.iter().zip(outputs) {
            prop_assert_eq!(output.unwrap(), server.evaluate(input).unwrap());
        }
    }
}

//! What a partner must not take over from a pseudonymiser.

use kw_domain::Subject;

use crate::testing::Script;
use crate::{
    BatchError, BlindedElement, Blinding, Element, EvaluatedElement, Proof, ProofError, PublicKey, SecretKey,
    blind, evaluate, verify_and_unblind,
};

/// One batch under way between a partner and a pseudonymiser.
struct Batch {
    public: PublicKey,
    blindings: Vec<Blinding>,
    blinded: Vec<BlindedElement>,
    evaluated: Vec<EvaluatedElement>,
    proof: Proof,
}

impl Batch {
    fn of(count: usize) -> Self {
        let rng = &mut Script::seeded(7);
        let key = SecretKey::generate(rng);
        let subject = Subject::parse("nl.bsn:999990342").unwrap();
        let (blindings, blinded): (Vec<_>, Vec<_>) =
            (0..count).map(|_| blind(&subject, rng).unwrap()).unzip();
        let (evaluated, proof) = evaluate(&key, &blinded, rng).unwrap();
        Self { public: key.public(), blindings, blinded, evaluated, proof }
    }

    fn finish(&self) -> Result<Vec<Element>, ProofError> {
        verify_and_unblind(&self.public, &self.blindings, &self.blinded, &self.evaluated, &self.proof)
    }
}

#[test]
fn the_same_subject_blinded_anew_gives_one_pseudonym() {
    let batch = Batch::of(3);
    let elements = batch.finish().unwrap();
    assert!(elements.iter().all(|element| *element == elements[0]));
    assert_ne!(batch.blinded[0].to_bytes(), batch.blinded[1].to_bytes());
}

#[test]
fn an_answer_under_another_key_than_the_agreement_lists_is_refused() {
    let mut batch = Batch::of(2);
    batch.public = SecretKey::generate(&mut Script::seeded(8)).public();
    assert_eq!(batch.finish(), Err(ProofError::Refused));
}

#[test]
fn one_element_under_another_key_spoils_the_whole_batch() {
    let mut batch = Batch::of(3);
    let rng = &mut Script::seeded(8);
    let (other, _) = evaluate(&SecretKey::generate(rng), &batch.blinded[1..2], rng).unwrap();
    batch.evaluated.splice(1..2, other);
    assert_eq!(batch.finish(), Err(ProofError::Refused));
}

#[test]
fn a_proof_made_for_mixed_keys_is_refused() {
    // The pseudonymiser marks one person: an element under another key, with an honest proof over what it sends.
    let rng = &mut Script::seeded(8);
    let (honest, marking) = (SecretKey::generate(rng), SecretKey::generate(rng));
    let mut batch = Batch::of(2);
    batch.public = honest.public();
    let mut evaluated = evaluate(&honest, &batch.blinded, rng).unwrap().0;
    evaluated.splice(1..2, evaluate(&marking, &batch.blinded[1..], rng).unwrap().0);
    batch.proof = Proof::generate(&honest, &batch.blinded, &evaluated, rng);
    batch.evaluated = evaluated;
    assert_eq!(batch.finish(), Err(ProofError::Refused));
}

#[test]
fn elements_in_another_order_are_refused() {
    let mut batch = Batch::of(2);
    batch.evaluated.swap(0, 1);
    assert_eq!(batch.finish(), Err(ProofError::Refused));
}

#[test]
fn a_proof_for_another_batch_is_refused() {
    let mut batch = Batch::of(2);
    batch.proof = Batch::of(3).proof;
    assert_eq!(batch.finish(), Err(ProofError::Refused));
}

#[test]
fn a_proof_with_any_bit_changed_is_refused() {
    let batch = Batch::of(1);
    for bit in 0..512 {
        let mut parts = batch.proof.to_parts();
        parts[bit / 256][bit % 256 / 8] ^= 1 << (bit % 8);
        let tampered = Proof::from_parts(parts).and_then(|proof| {
            let Batch { public, blindings, blinded, evaluated, .. } = &batch;
            verify_and_unblind(public, blindings, blinded, evaluated, &proof)
        });
        assert!(matches!(tampered, Err(ProofError::Refused | ProofError::Encoding)), "bit {bit}");
    }
}

#[test]
fn a_proof_out_of_range_is_refused() {
    assert_eq!(Proof::from_parts([[0xff; 32], [0; 32]]), Err(ProofError::Encoding));
    assert_eq!(Proof::from_parts([[0; 32], [0xff; 32]]), Err(ProofError::Encoding));
}

#[test]
fn a_proof_of_zeros_is_refused() {
    let mut batch = Batch::of(1);
    batch.proof = Proof::from_parts([[0; 32]; 2]).unwrap();
    assert_eq!(batch.finish(), Err(ProofError::Refused));
}

#[test]
fn differing_numbers_of_elements_are_refused() {
    let mut batch = Batch::of(3);
    batch.evaluated.pop();
    assert_eq!(batch.finish(), Err(ProofError::Count));
    batch.blinded.pop();
    assert_eq!(batch.finish(), Err(ProofError::Count));
}

#[test]
fn an_empty_batch_is_refused_on_both_sides() {
    let rng = &mut Script::seeded(7);
    let key = SecretKey::generate(rng);
    assert!(matches!(evaluate(&key, &[], rng), Err(BatchError::Empty)));
    let mut batch = Batch::of(1);
    (batch.blindings, batch.blinded, batch.evaluated) = (Vec::new(), Vec::new(), Vec::new());
    assert_eq!(batch.finish(), Err(ProofError::Batch(BatchError::Empty)));
}

#[test]
fn a_batch_that_cannot_be_numbered_is_refused() {
    let rng = &mut Script::seeded(7);
    let key = SecretKey::generate(rng);
    let elements = vec![Batch::of(1).blinded.remove(0); 0x1_0000];
    assert!(matches!(evaluate(&key, &elements, rng), Err(BatchError::TooLarge)));
}

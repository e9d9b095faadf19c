//! Elements, keys, proofs and sealed values from arbitrary bytes, and the answer of a pseudonymiser that cannot be
//! trusted: nothing panics, encodings are canonical, and only the true answer unblinds.
#![no_main]

use arbitrary::{Arbitrary as _, Unstructured};
use kw_domain::Subject;
use kw_pseudonym::{
    BlindedElement, Delta, Element, EvaluatedElement, IndexKey, Proof, PublicKey, RowKey, SecretKey, blind,
    evaluate, verify_and_unblind,
};
use libfuzzer_sys::{Corpus, fuzz_target};
use rand_core::{CryptoRng, RngCore};

/// The bytes of the input, then a counter: the same input always does the same.
struct Script<'a>(&'a [u8], u64);

impl RngCore for Script<'_> {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill_bytes(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, target: &mut [u8]) {
        for byte in target {
            let (first, rest) = self.0.split_first().map_or((0, self.0), |(first, rest)| (*first, rest));
            self.1 = self.1.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = first ^ self.1.to_be_bytes()[0];
            self.0 = rest;
        }
    }

    fn try_fill_bytes(&mut self, target: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(target);
        Ok(())
    }
}

impl CryptoRng for Script<'_> {}

fn encodings(bytes: &[u8; 32]) {
    if let Ok(element) = Element::from_bytes(bytes) {
        assert_eq!(element.to_bytes(), *bytes);
    }
    if let Ok(key) = PublicKey::from_bytes(bytes) {
        assert_eq!(key.to_bytes(), *bytes);
    }
    if let Ok(key) = SecretKey::from_bytes(bytes) {
        assert_eq!(*key.to_bytes(), *bytes);
        assert_eq!(PublicKey::from_bytes(&key.public().to_bytes()), Ok(key.public()));
    }
    if let Ok(key) = IndexKey::from_bytes(bytes) {
        assert_eq!(*key.to_bytes(), *bytes);
    }
    if let Ok(delta) = Delta::from_bytes(bytes) {
        assert_eq!(*delta.inverse().inverse().to_bytes(), *bytes);
    }
}

/// A true answer of which some bytes are replaced by those of the input.
fn answer(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let count = input.int_in_range(1..=3)?;
    let changes: Vec<(u8, u8, u8)> = Vec::arbitrary(input)?;
    let rng = &mut Script(std::mem::replace(input, Unstructured::new(&[])).take_rest(), 1);
    let key = SecretKey::generate(rng);
    let subject = Subject::parse("case:fuzz:1").expect("a subject");
    let (blindings, blinded): (Vec<_>, Vec<_>) =
        (0..count).map(|_| blind(&subject, rng).expect("a blinding")).unzip();
    let (evaluated, proof) = evaluate(&key, &blinded, rng).expect("a batch of up to three");

    let mut parts: Vec<[u8; 32]> = evaluated.iter().map(EvaluatedElement::to_bytes).collect();
    parts.extend(proof.to_parts());
    parts.push(key.public().to_bytes());
    let truth = parts.clone();
    for (part, position, byte) in changes {
        let part = usize::from(part) % parts.len();
        parts[part][usize::from(position) % 32] ^= byte;
    }
    let Ok(public) = PublicKey::from_bytes(&parts[count + 2]) else { return Ok(()) };
    let Ok(proof) = Proof::from_parts([parts[count], parts[count + 1]]) else { return Ok(()) };
    let Ok(evaluated) =
        parts[..count].iter().map(EvaluatedElement::from_bytes).collect::<Result<Vec<_>, _>>()
    else {
        return Ok(());
    };
    let unblinded = verify_and_unblind(&public, &blindings, &blinded, &evaluated, &proof);
    assert_eq!(unblinded.is_ok(), parts == truth, "another answer than the true one is believed");
    if let Ok(elements) = unblinded {
        assert!(elements.iter().all(|element| *element == elements[0]), "one subject, two pseudonyms");
    }
    assert!(verify_and_unblind(&public, &blindings, &blinded, &[], &proof).is_err());
    Ok(())
}

fn arbitrary_answer(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let parts: [[u8; 32]; 5] = input.arbitrary()?;
    parts.iter().for_each(encodings);
    let subject = Subject::parse("case:fuzz:1").expect("a subject");
    let (blinding, own) = blind(&subject, &mut Script(&[], 1)).expect("a blinding");
    let blinded = BlindedElement::from_bytes(&parts[0]).unwrap_or(own);
    if let (Ok(key), Ok(evaluated), Ok(proof)) = (
        PublicKey::from_bytes(&parts[1]),
        EvaluatedElement::from_bytes(&parts[2]),
        Proof::from_parts([parts[3], parts[4]]),
    ) {
        let believed = verify_and_unblind(&key, &[blinding], &[blinded], &[evaluated], &proof);
        assert!(believed.is_err(), "a made-up proof is believed");
    }
    Ok(())
}

fn sealed(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let key = RowKey::from_bytes(&input.arbitrary()?);
    let context: &[u8] = input.arbitrary()?;
    let nonce = input.arbitrary()?;
    let bytes = std::mem::replace(input, Unstructured::new(&[])).take_rest();
    assert!(key.open(context, bytes).is_err(), "bytes that nobody sealed are opened");
    let opened = key.open(context, &key.seal(context, bytes, nonce)).expect("what was sealed");
    assert_eq!(opened.as_slice(), bytes);
    Ok(())
}

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let mut input = Unstructured::new(bytes);
    let outcome = match input.int_in_range(0..=2) {
        Ok(0) => answer(&mut input),
        Ok(1) => arbitrary_answer(&mut input),
        _ => sealed(&mut input),
    };
    if outcome.is_ok() { Corpus::Keep } else { Corpus::Reject }
});

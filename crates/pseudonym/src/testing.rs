//! Randomness that tests can script or repeat, and short ways to what most tests need.

use kw_domain::{Oin, Subject};
use rand_core::{CryptoRng, Error, RngCore};

use crate::{Binding, Element, SecretKey, blind, evaluate, verify_and_unblind};

/// A stream that begins with given scalars and goes on pseudo-randomly from a seed.
pub(crate) struct Script {
    given: Vec<u8>,
    rest: blake3::OutputReader,
}

impl Script {
    /// A stream that is the same for the same seed.
    pub(crate) fn seeded(seed: u64) -> Self {
        let rest = blake3::Hasher::new().update(&seed.to_be_bytes()).finalize_xof();
        Self { given: Vec::new(), rest }
    }

    /// A stream from which exactly these scalars are drawn first: a scalar is drawn from 64 bytes, modulo the order.
    pub(crate) fn scalars(scalars: &[[u8; 32]]) -> Self {
        let mut given: Vec<u8> = scalars.iter().flat_map(|s| s.iter().copied().chain([0; 32])).collect();
        given.reverse();
        Self { given, ..Self::seeded(0) }
    }
}

impl RngCore for Script {
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

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        self.rest.fill(dest);
        for byte in dest {
            match self.given.pop() {
                Some(given) => *byte = given,
                None => break,
            }
        }
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

impl CryptoRng for Script {}

/// Bytes from lower hex.
pub(crate) fn hex<const N: usize>(text: &str) -> [u8; N] {
    let text: String = text.split_whitespace().collect();
    assert_eq!(text.len(), 2 * N, "the text has the length of the bytes");
    std::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
}

/// What the whole protocol makes of a subject under a key.
pub(crate) fn element(key: &SecretKey, subject: &str, rng: &mut Script) -> Element {
    let (blinding, blinded) = blind(&Subject::parse(subject).unwrap(), rng).unwrap();
    let blinded = [blinded];
    let (evaluated, proof) = evaluate(key, &blinded, rng).unwrap();
    verify_and_unblind(&key.public(), &[blinding], &blinded, &evaluated, &proof).unwrap().remove(0)
}

/// A binding of a person that differs for each seed.
pub(crate) fn binding(seed: u64) -> Binding {
    let rng = &mut Script::seeded(seed);
    let n_binding = element(&SecretKey::generate(rng), "nl.bsn:999990342", rng);
    Binding::derive(&n_binding, Oin::parse("00000099000000001000").unwrap())
}

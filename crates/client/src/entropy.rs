//! Randomness as an argument: blinding factors, trace ids and jitter.

use std::fmt;
use std::sync::Arc;

use rand_core::{CryptoRngCore, OsRng};

/// Where a client draws randomness: a maker of generators, because calls run side by side.
#[derive(Clone)]
pub struct Entropy(Arc<dyn Fn() -> Box<dyn CryptoRngCore + Send> + Send + Sync>);

impl Entropy {
    /// The operating system's generator.
    pub fn system() -> Self {
        Self::new(|| Box::new(OsRng))
    }

    /// A generator made by `make` for each call.
    pub fn new(make: impl Fn() -> Box<dyn CryptoRngCore + Send> + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }

    /// A generator for one call.
    pub fn generator(&self) -> Box<dyn CryptoRngCore + Send> {
        (self.0)()
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.generator().fill_bytes(&mut bytes);
        bytes
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy(…)")
    }
}

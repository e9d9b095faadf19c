//! Randomness as an argument: from the operating system, or repeatable in a test.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use kw_domain::{
    AccountId, AlarmId, AnnotationId, AttachmentId, AuthorisationId, BatchId, CanaryId, CollectionId,
    ConsentId, DelegationId, DepartureId, DocumentId, DossierId, FeedbackId, GrantId, IdentityCheckId,
    Instant, MandateId, MatchId, ObjectionId, PointerId, QueryId, RelationId, ResolutionId, ReviewId,
    SessionId, SignalId, SubjectId, SubjectReference, SubscriptionId, TransactionId,
};
use rand_core::{CryptoRng, OsRng, RngCore};

/// Where a service draws randomness. Cheap to clone; clones of a seeded source share its state.
#[derive(Clone)]
pub struct Entropy(Source);

#[derive(Clone)]
enum Source {
    OperatingSystem,
    Seeded(Arc<Mutex<u64>>),
}

impl Entropy {
    /// The operating system's randomness: the only choice outside tests.
    pub fn os() -> Self {
        Self(Source::OperatingSystem)
    }

    /// A repeatable sequence, so that a test can say what will be drawn. Anyone can predict it: tests only.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new(seed))))
    }

    /// Fills `bytes`.
    ///
    /// # Panics
    /// When the operating system has no randomness to give: nothing a service does is safe then.
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            Source::OperatingSystem => OsRng.fill_bytes(bytes),
            Source::Seeded(state) => {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                for chunk in bytes.chunks_mut(8) {
                    let word = split_mix(&mut state).to_le_bytes();
                    chunk.copy_from_slice(&word[..chunk.len()]);
                }
            }
        }
    }

    /// Draws `N` bytes.
    pub fn draw<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A fresh identifier at `now`.
    pub fn id<T: Identifier>(&self, now: Instant) -> T {
        T::fresh(now, self.draw())
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::OperatingSystem => "Entropy(operating system)",
            Source::Seeded(_) => "Entropy(seeded)",
        })
    }
}

impl RngCore for Entropy {
    fn next_u32(&mut self) -> u32 {
        u32::from_le_bytes(self.draw())
    }

    fn next_u64(&mut self) -> u64 {
        u64::from_le_bytes(self.draw())
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        self.fill(dest);
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand_core::Error> {
        match self.0 {
            Source::OperatingSystem => OsRng.try_fill_bytes(dest),
            Source::Seeded(_) => {
                self.fill(dest);
                Ok(())
            }
        }
    }
}

// The seeded source is not secure, and says so; the marker lets both be passed where a secure one is asked.
impl CryptoRng for Entropy {}

/// An identifier made of a moment and ten random bytes (UUID version 7).
pub trait Identifier {
    /// The identifier.
    fn fresh(now: Instant, random: [u8; 10]) -> Self;
}

macro_rules! identifiers {
    ($($name:ident),+) => {$(
        impl Identifier for $name {
            fn fresh(now: Instant, random: [u8; 10]) -> Self {
                Self::new(now, random)
            }
        }
    )+};
}

identifiers!(
    AccountId,
    AlarmId,
    AnnotationId,
    AttachmentId,
    AuthorisationId,
    BatchId,
    CanaryId,
    CollectionId,
    ConsentId,
    DelegationId,
    DepartureId,
    DocumentId,
    DossierId,
    FeedbackId,
    GrantId,
    IdentityCheckId,
    MandateId,
    ObjectionId,
    PointerId,
    QueryId,
    ResolutionId,
    ReviewId,
    MatchId,
    RelationId,
    SessionId,
    SignalId,
    SubjectId,
    SubjectReference,
    SubscriptionId,
    TransactionId
);

/// One step of SplitMix64 (Steele, Lea, Flood 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut word = *state;
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
        let draw = |seed| Entropy::seeded(seed).draw::<37>();
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn clones_of_a_seeded_source_never_repeat_each_other() {
        let entropy = Entropy::seeded(1);
        let clone = entropy.clone();
        assert_ne!(entropy.draw::<16>(), clone.draw::<16>());
    }

    #[test]
    fn the_operating_system_does_not_repeat_itself() {
        assert_ne!(Entropy::os().draw::<32>(), Entropy::os().draw::<32>());
    }

    #[test]
    fn identifiers_are_fresh_and_carry_the_moment() {
        let entropy = Entropy::os();
        let early: QueryId = entropy.id(Instant::from_millis(1_000));
        let late: QueryId = entropy.id(Instant::from_millis(2_000));
        assert!(early < late);
        assert_ne!(early, entropy.id::<QueryId>(Instant::from_millis(1_000)));
    }
}

//! Turns of large reports: each needs several times its size while it is read and checked.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kw_domain::Oin;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Large reports that are read and checked at the same time.
const AT_ONCE: usize = 4;

/// Some turns for all parties together, and one for each.
#[derive(Debug, Clone)]
pub(super) struct Turns {
    free: Arc<Semaphore>,
    parties: Arc<Mutex<BTreeSet<Oin>>>,
}

impl Default for Turns {
    fn default() -> Self {
        Self { free: Arc::new(Semaphore::new(AT_ONCE)), parties: Arc::default() }
    }
}

/// A turn, for as long as it is kept.
#[derive(Debug)]
pub(super) struct Turn {
    _party: Place,
    _permit: OwnedSemaphorePermit,
}

/// A party's only place.
#[derive(Debug)]
struct Place {
    party: Oin,
    parties: Arc<Mutex<BTreeSet<Oin>>>,
}

impl Turns {
    /// A turn for a party, when it has none and one is free in time. One party's slow reports keep no other's waiting.
    pub(super) async fn take(&self, party: Oin, patience: Duration) -> Option<Turn> {
        if !self.parties.lock().unwrap_or_else(PoisonError::into_inner).insert(party) {
            return None;
        }
        // From here on the place is given back whatever happens, to a caller that goes away too.
        let place = Place { party, parties: Arc::clone(&self.parties) };
        let permit = timeout(patience, Arc::clone(&self.free).acquire_owned()).await.ok()?.ok()?;
        Some(Turn { _party: place, _permit: permit })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.parties.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.party);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oin(number: u8) -> Oin {
        Oin::parse(&format!("00000099{number:09}000")).unwrap()
    }

    #[tokio::test]
    async fn one_party_has_one_turn_and_leaves_the_others_to_the_others() {
        let (turns, patience) = (Turns::default(), Duration::from_millis(20));
        let slow = turns.take(oin(1), patience).await.unwrap();
        for _ in 0..AT_ONCE {
            assert!(turns.take(oin(1), patience).await.is_none(), "it has one");
        }
        let mut others = Vec::new();
        for number in 2..=AT_ONCE as u8 {
            others.push(turns.take(oin(number), patience).await.expect("another party is not kept waiting"));
        }
        assert!(turns.take(oin(9), patience).await.is_none(), "all are taken");
        drop(slow);
        drop(turns.take(oin(9), patience).await.unwrap());
        assert!(turns.take(oin(1), patience).await.is_some(), "and it may again");
    }
}

//! Readers that wait for their next signal.
//!
//! All of them wait for one look at the feeds' last numbers, several times a second and only while somebody waits. So a
//! reader hears of what another process of the same switchboard wrote, and no act has to know who waits.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kw_domain::Oin;
use kw_protocol::problem::ProblemCode;
use kw_runtime::Refusal;
use tokio::sync::watch;

/// How often the feeds are looked at while somebody waits.
pub(crate) const INTERVAL: Duration = Duration::from_millis(200);
/// How many readers may wait at the same time.
const MOST_WAITING: usize = 512;
/// How many of them may be of one party.
const MOST_OF_ONE: usize = 8;
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Wakes whoever waits for a signal.
#[derive(Debug, Clone)]
pub(crate) struct Bell {
    heads: watch::Sender<BTreeMap<Oin, u64>>,
    waiting: Arc<Mutex<BTreeMap<Oin, usize>>>,
}

/// A reader that waits, until it is dropped.
#[derive(Debug)]
pub(crate) struct Waiting {
    bell: Bell,
    party: Oin,
}

impl Default for Bell {
    fn default() -> Self {
        Self { heads: watch::Sender::new(BTreeMap::new()), waiting: Arc::default() }
    }
}

impl Bell {
    /// A place among those who wait, if there is one left.
    pub(crate) fn wait(&self, party: Oin) -> Result<Waiting, Refusal> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = waiting.values().sum();
        let own = waiting.entry(party).or_default();
        if *own >= MOST_OF_ONE || all >= MOST_WAITING {
            let detail = "Too many readers wait for signals. Ask without `wait`, or later.";
            return Err(Refusal::new(ProblemCode::TooMany, detail).retry_after(RETRY_AFTER));
        }
        *own += 1;
        Ok(Waiting { bell: self.clone(), party })
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }

    /// Tells those who wait how far the feeds are.
    pub(crate) fn ring(&self, heads: Vec<(Oin, u64)>) {
        let heads: BTreeMap<Oin, u64> = heads.into_iter().collect();
        self.heads.send_if_modified(|known| {
            let changed = *known != heads;
            *known = heads;
            changed
        });
    }
}

impl Waiting {
    /// Resolves when the feed is known to have gone beyond a number.
    pub(crate) async fn beyond(&self, number: u64) {
        let mut heads = self.bell.heads.subscribe();
        let reached = |heads: &BTreeMap<Oin, u64>| heads.get(&self.party).is_some_and(|head| *head > number);
        // The bell lives as long as this does, so waiting cannot fail.
        drop(heads.wait_for(reached).await);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut waiting = self.bell.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = waiting.get_mut(&self.party) {
            *own -= 1;
            if *own == 0 {
                waiting.remove(&self.party);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(number: u8) -> Oin {
        Oin::parse(&format!("0000009900000001{number:02}00")).unwrap()
    }

    #[tokio::test]
    async fn a_reader_wakes_for_its_own_feed_only() {
        let bell = Bell::default();
        let (mine, other) = (bell.wait(party(1)).unwrap(), bell.wait(party(2)).unwrap());
        bell.ring(vec![(party(1), 4)]);
        mine.beyond(3).await;
        let late = tokio::time::timeout(Duration::from_millis(20), other.beyond(0)).await;
        assert!(late.is_err());
    }

    #[test]
    fn only_so_many_of_one_party_wait_and_places_come_free() {
        let bell = Bell::default();
        let waiting: Vec<_> = (0..MOST_OF_ONE).map(|_| bell.wait(party(1)).unwrap()).collect();
        assert_eq!(bell.wait(party(1)).unwrap_err().code(), ProblemCode::TooMany);
        assert!(bell.wait(party(2)).is_ok());
        drop(waiting);
        assert_eq!(bell.waiting(), 0);
        assert!(bell.wait(party(1)).is_ok());
    }
}

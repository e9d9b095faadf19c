//! What is remembered for a while. Everything has an end and a bound.

use std::collections::HashMap;
use std::time::Duration;

use kw_domain::Instant;

/// Things under names, each until its time is over.
pub(crate) struct Expiring<T> {
    life: Duration,
    kept: HashMap<String, (T, Instant)>,
}

/// There is no room for another one now.
pub(crate) struct Full;

impl<T> Expiring<T> {
    pub(crate) fn new(life: Duration) -> Self {
        Self { life, kept: HashMap::new() }
    }

    pub(crate) fn keep(&mut self, name: String, thing: T, now: Instant) -> Result<(), Full> {
        self.kept.retain(|_, (_, until)| now < *until);
        if self.kept.len() >= MOST {
            return Err(Full);
        }
        self.kept.insert(name, (thing, now.plus(self.life)));
        Ok(())
    }

    pub(crate) fn find(&mut self, name: &str, now: Instant) -> Option<&mut T> {
        self.kept.get_mut(name).filter(|(_, until)| now < *until).map(|(thing, _)| thing)
    }

    /// What has this name. It is gone then, whatever comes of it.
    pub(crate) fn take(&mut self, name: &str, now: Instant) -> Option<T> {
        self.kept.remove(name).filter(|(_, until)| now < *until).map(|(thing, _)| thing)
    }

    pub(crate) fn forget(&mut self, name: &str) {
        self.kept.remove(name);
    }
}

const MOST: usize = 1000;

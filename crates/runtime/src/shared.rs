//! A value that is replaced as a whole while others read it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use kw_domain::Clock;

/// A reloadable value. Clones share it; readers keep the version they took until they let go of it.
pub struct Shared<T>(Arc<Inner<T>>);

struct Inner<T> {
    version: ArcSwap<Version<T>>,
    /// When the value was last known to be the right one, in milliseconds since 1970.
    confirmed: AtomicI64,
    clock: Arc<dyn Clock>,
}

struct Version<T> {
    value: Arc<T>,
    generation: u64,
}

impl<T> Shared<T> {
    /// Generation 1, confirmed now.
    pub fn new(value: T, clock: Arc<dyn Clock>) -> Self {
        let version = ArcSwap::from_pointee(Version { value: Arc::new(value), generation: 1 });
        Self(Arc::new(Inner { version, confirmed: AtomicI64::new(clock.now().as_millis()), clock }))
    }

    /// The value in force. Take it once per request, so that one request is judged by one version.
    pub fn current(&self) -> Arc<T> {
        Arc::clone(&self.0.version.load().value)
    }

    /// Puts a new value in force.
    pub fn replace(&self, value: T) {
        let value = Arc::new(value);
        self.0.version.rcu(|old| Version { value: Arc::clone(&value), generation: old.generation + 1 });
        self.confirm();
    }

    /// Says that the value in force is still the right one.
    pub fn confirm(&self) {
        self.0.confirmed.store(self.0.clock.now().as_millis(), Ordering::SeqCst);
    }

    /// Counts the versions: moves with every [`Shared::replace`].
    pub fn generation(&self) -> u64 {
        self.0.version.load().generation
    }

    /// How long ago the value was last replaced or confirmed: grows while its source cannot be read.
    pub fn age(&self) -> Duration {
        let confirmed = kw_domain::Instant::from_millis(self.0.confirmed.load(Ordering::SeqCst));
        self.0.clock.now().since(confirmed)
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shared(generation {})", self.generation())
    }
}

#[cfg(test)]
mod tests {
    use kw_domain::{Instant, ManualClock};

    use super::*;

    #[test]
    fn a_reader_keeps_its_version_while_others_get_the_new_one() {
        let shared = Shared::new("old", Arc::new(ManualClock::new(Instant::from_millis(0))));
        let held = shared.current();
        shared.clone().replace("new");
        assert_eq!((*held, *shared.current(), shared.generation()), ("old", "new", 2));
    }

    #[test]
    fn the_age_grows_until_the_value_is_confirmed_or_replaced() {
        let clock = Arc::new(ManualClock::new(Instant::from_millis(0)));
        let shared = Shared::new(1, Arc::clone(&clock) as Arc<dyn Clock>);
        clock.advance(Duration::from_mins(1));
        assert_eq!(shared.age(), Duration::from_mins(1));
        shared.confirm();
        assert_eq!((shared.age(), shared.generation()), (Duration::ZERO, 1));
        clock.advance(Duration::from_secs(5));
        shared.replace(2);
        assert_eq!(shared.age(), Duration::ZERO);
    }
}

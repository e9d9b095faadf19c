//! A provider's keys, kept while it cannot be asked.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kw_domain::{Clock, Instant};
use kw_telemetry::Reason;

use crate::events::ProviderKeysNotFetched;
use crate::{FetchError, KeySet, KeysError, TokenError};

/// Where a provider's keys are published.
#[async_trait]
pub trait FetchKeys: fmt::Debug + Send + Sync {
    /// The key set as it is now. Has a deadline of its own.
    async fn fetch(&self) -> Result<KeySet, FetchError>;
}

/// A provider's key set with its age. Clones share it.
#[derive(Clone)]
pub struct ProviderKeys(Arc<Inner>);

struct Inner {
    source: Arc<dyn FetchKeys>,
    clock: Arc<dyn Clock>,
    cached: Mutex<Cached>,
    /// Held while fetching, so that callers who need the same set wait for one fetch.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Cached {
    set: Arc<KeySet>,
    fetched_at: Option<Instant>,
    tried_at: Option<Instant>,
}

impl ProviderKeys {
    /// No keys yet; they are fetched when the first token comes.
    pub fn new(source: Arc<dyn FetchKeys>, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner {
            source,
            clock,
            cached: Mutex::default(),
            fetching: tokio::sync::Mutex::new(()),
        }))
    }

    /// How long ago the set was fetched; `None` before the first time.
    pub fn age(&self) -> Option<Duration> {
        self.cached(|cached| cached.fetched_at).map(|at| self.0.clock.now().since(at))
    }

    /// A set with a key of this name.
    ///
    /// A fresh set is used as it is. An older one is fetched again first, so that a key that was taken back goes; when
    /// that fails the older one is used, up to a day. A name that is not known makes the set be fetched again too. Never
    /// more than one attempt in ten seconds.
    pub(crate) async fn holding(&self, kid: &str) -> Result<Arc<KeySet>, TokenError> {
        if let Some(set) = self.fresh(kid) {
            return Ok(set);
        }
        let Ok(_turn) = self.0.fetching.try_lock() else {
            return self.while_another_fetches(kid).await;
        };
        self.fetched_or_kept(kid).await
    }

    /// A provider that does not answer holds up one caller, not all: the others use what is known.
    async fn while_another_fetches(&self, kid: &str) -> Result<Arc<KeySet>, TokenError> {
        if let Some(set) = self.usable().filter(|set| set.names(kid)) {
            return Ok(set);
        }
        let _turn = self.0.fetching.lock().await;
        // Whoever held the turn before may have fetched it.
        match self.fresh(kid) {
            Some(set) => Ok(set),
            None => self.fetched_or_kept(kid).await,
        }
    }

    /// Only for whoever has the turn.
    async fn fetched_or_kept(&self, kid: &str) -> Result<Arc<KeySet>, TokenError> {
        let now = self.0.clock.now();
        let too_soon = self
            .cached(|cached| cached.tried_at)
            .is_some_and(|tried| tried <= now && now.since(tried) < NOT_SOONER);
        let failed = if too_soon { None } else { self.fetch(now).await.err() };
        match self.usable() {
            Some(set) if set.names(kid) => Ok(set),
            // With a set in hand the name is wrong; without one nobody can tell.
            Some(_) if failed.is_none() => Err(TokenError::UnknownKey),
            _ => Err(KeysError(failed).into()),
        }
    }

    async fn fetch(&self, now: Instant) -> Result<(), FetchError> {
        self.cached(|cached| cached.tried_at = Some(now));
        match self.0.source.fetch().await {
            Ok(set) => {
                self.cached(|cached| {
                    cached.set = Arc::new(set);
                    cached.fetched_at = Some(now);
                });
                Ok(())
            }
            Err(error) => {
                ProviderKeysNotFetched { reason: Reason::of(&error) }.log();
                Err(error)
            }
        }
    }

    fn fresh(&self, kid: &str) -> Option<Arc<KeySet>> {
        self.no_older_than(FRESH).filter(|set| set.names(kid))
    }

    fn usable(&self) -> Option<Arc<KeySet>> {
        self.no_older_than(NOT_LONGER)
    }

    fn no_older_than(&self, limit: Duration) -> Option<Arc<KeySet>> {
        self.age().filter(|age| *age <= limit)?;
        Some(self.cached(|cached| Arc::clone(&cached.set)))
    }

    fn cached<T>(&self, with: impl FnOnce(&mut Cached) -> T) -> T {
        with(&mut self.0.cached.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for ProviderKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.cached(|cached| cached.set.len());
        write!(f, "ProviderKeys({names} names)")
    }
}

/// How long a set is used without asking.
pub(crate) const FRESH: Duration = Duration::from_mins(10);
/// How long it is used while the provider does not answer.
pub(crate) const NOT_LONGER: Duration = Duration::from_hours(24);
/// How long after an attempt the next may be.
pub(crate) const NOT_SOONER: Duration = Duration::from_secs(10);

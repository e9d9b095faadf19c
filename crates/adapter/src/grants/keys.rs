//! The switchboard's grant keys, kept while it cannot be asked.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kw_client::{ClientError, Jwks, SwitchboardClient};
use kw_domain::{Clock, Instant};
use kw_telemetry::Reason;

use super::{GrantError, KeysError};
use crate::events::GrantKeysNotFetched;

/// Where the switchboard's public keys are published.
pub trait KeySource: fmt::Debug + Send + Sync {
    /// The key set as it is now. Has a deadline of its own.
    fn fetch(&self) -> FetchingKeys<'_>;
}

/// A fetch under way.
pub type FetchingKeys<'a> = Pin<Box<dyn Future<Output = Result<Jwks, ClientError>> + Send + 'a>>;

impl KeySource for SwitchboardClient {
    fn fetch(&self) -> FetchingKeys<'_> {
        Box::pin(self.grant_keys())
    }
}

/// The key set with its age. Clones share it.
///
/// A key that is known is used for at most 24 hours after the set was fetched, whether the switchboard can be reached or
/// not. A key that is not known makes the set be fetched again, at most once a minute: a flood of made-up key names
/// costs the switchboard nothing.
#[derive(Clone)]
pub struct GrantKeys(Arc<Inner>);

struct Inner {
    source: Arc<dyn KeySource>,
    clock: Arc<dyn Clock>,
    cached: Mutex<Cached>,
    /// Held while fetching, so that callers who need the same set wait for one fetch.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Cached {
    points: BTreeMap<String, [u8; 65]>,
    fetched_at: Option<Instant>,
    tried_at: Option<Instant>,
}

impl GrantKeys {
    /// No keys yet; they are fetched when the first grant comes, or by [`Self::refresh`].
    pub fn new(source: Arc<dyn KeySource>, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner {
            source,
            clock,
            cached: Mutex::default(),
            fetching: tokio::sync::Mutex::new(()),
        }))
    }

    /// Fetches the set now, so that a withdrawn key goes and a new one is known before it is used. For a background job.
    pub async fn refresh(&self) -> Result<(), KeysError> {
        let _turn = self.0.fetching.lock().await;
        self.fetch().await
    }

    /// How long ago the set was fetched; `None` before the first time.
    pub fn age(&self) -> Option<Duration> {
        let fetched_at = self.cached(|cached| cached.fetched_at);
        fetched_at.map(|at| self.0.clock.now().since(at))
    }

    pub(super) async fn find(&self, kid: &str) -> Result<[u8; 65], GrantError> {
        if let Some(point) = self.known(kid) {
            return Ok(point);
        }
        let _turn = self.0.fetching.lock().await;
        // Whoever held the turn before may have fetched it.
        if let Some(point) = self.known(kid) {
            return Ok(point);
        }
        let now = self.0.clock.now();
        if self.cached(|cached| cached.tried_at).is_some_and(|tried| now.since(tried) < NOT_SOONER) {
            // With a set in hand the name is wrong; without one nobody can tell.
            return Err(if self.is_usable() { GrantError::UnknownKey } else { KeysError(None).into() });
        }
        self.fetch().await?;
        self.known(kid).ok_or(GrantError::UnknownKey)
    }

    async fn fetch(&self) -> Result<(), KeysError> {
        let now = self.0.clock.now();
        self.cached(|cached| cached.tried_at = Some(now));
        match self.0.source.fetch().await {
            Ok(set) => {
                let mut points = BTreeMap::new();
                for key in set.keys.iter().take(MAX_KEYS) {
                    if let Some(point) = key.es256_point() {
                        points.entry(key.kid.clone()).or_insert(point);
                    }
                }
                self.cached(|cached| {
                    cached.points = points;
                    cached.fetched_at = Some(now);
                });
                Ok(())
            }
            Err(error) => {
                GrantKeysNotFetched { reason: Reason::of(&error) }.log();
                Err(KeysError(Some(error)))
            }
        }
    }

    fn known(&self, kid: &str) -> Option<[u8; 65]> {
        if !self.is_usable() {
            return None;
        }
        self.cached(|cached| cached.points.get(kid).copied())
    }

    fn is_usable(&self) -> bool {
        self.age().is_some_and(|age| age <= NOT_LONGER)
    }

    fn cached<T>(&self, with: impl FnOnce(&mut Cached) -> T) -> T {
        with(&mut self.0.cached.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for GrantKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.cached(|cached| cached.points.len());
        write!(f, "GrantKeys({known} known)")
    }
}

const NOT_SOONER: Duration = Duration::from_mins(1);
const NOT_LONGER: Duration = Duration::from_hours(24);
/// A switchboard has a handful: the present one, the next, and those before.
const MAX_KEYS: usize = 64;

//! Who asked for what is told on request. Kept in memory, so that an act of which nobody wants to hear costs nothing more.

use std::collections::BTreeSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use kw_domain::{Instant, Oin, PointerId};
use kw_protocol::signal::SignalType;
use kw_runtime::Entropy;
use kw_store::switchboard::{NewSignal, StoredSubscription, Switchboard};
use kw_store::{StoreError, Tx};

use crate::app::App;

type Named = BTreeSet<(Oin, SignalType)>;

/// What live subscriptions name. Read before anybody gets in, and again several times a second: a subscription made at another
/// process of the same switchboard counts here a moment later.
#[derive(Debug, Default)]
pub(crate) struct Wishes(ArcSwap<Named>);

impl Wishes {
    /// What these name.
    pub(crate) fn of(live: &[StoredSubscription]) -> Self {
        let wishes = Self::default();
        wishes.replace(live);
        wishes
    }

    pub(super) fn replace(&self, live: &[StoredSubscription]) {
        let named: Named = live
            .iter()
            .flat_map(|one| one.types.iter().map(|kind| (one.subscriber, *kind)))
            .filter(|(_, kind)| kind.on_request())
            .collect();
        if **self.0.load() != named {
            self.0.store(Arc::new(named));
        }
    }

    pub(super) fn add(&self, one: &StoredSubscription) {
        let named = one.types.iter().filter(|kind| kind.on_request()).map(|kind| (one.subscriber, *kind));
        let named: Vec<_> = named.collect();
        if !named.is_empty() {
            self.0.rcu(|known| known.iter().copied().chain(named.iter().copied()).collect::<Named>());
        }
    }
}

/// Telling holders of their own pointers, in the transaction of the act, if they asked for it.
#[derive(Clone)]
pub(crate) struct Telling {
    named: Arc<Named>,
    entropy: Entropy,
    kind: SignalType,
    at: Instant,
}

impl App {
    /// Prepares to tell of something that happens to pointers.
    pub(crate) fn telling(&self, kind: SignalType) -> Telling {
        Telling { named: self.wishes.0.load_full(), entropy: self.entropy.clone(), kind, at: self.now() }
    }
}

impl Telling {
    /// Tells the holders of these pointers.
    pub(crate) fn tell(
        &self,
        tx: &mut Tx<'_, Switchboard>,
        pointers: impl IntoIterator<Item = (Oin, PointerId)>,
    ) -> Result<(), StoreError> {
        if self.named.is_empty() {
            return Ok(());
        }
        let signals: Vec<NewSignal> = pointers
            .into_iter()
            .filter(|(holder, _)| self.named.contains(&(*holder, self.kind)))
            .map(|(holder, id)| NewSignal {
                id: self.entropy.id(self.at),
                recipient: holder,
                kind: self.kind,
                about: *id.as_bytes(),
                at: self.at,
            })
            .collect();
        if signals.is_empty() { Ok(()) } else { tx.write().emit(&signals) }
    }
}

//! Signals: what parties are told, each in its own numbered feed.
//!
//! A signal is written in the transaction of the act that it tells of ([`SignalsWrite::emit`]), so that neither is there
//! without the other. Whoever writes holds the log's head, so numbers of one feed are given out one after the other and
//! become visible in their order.

use kw_domain::{Instant, Oin, SignalId};
use kw_protocol::signal::SignalType;

use crate::error::StoreError;

/// A signal to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewSignal {
    /// Its id.
    pub id: SignalId,
    /// Who is told.
    pub recipient: Oin,
    /// What happened.
    pub kind: SignalType,
    /// What it is about: the id of a review, mandate, consent, … and never anything about a person.
    pub about: [u8; 16],
    /// When.
    pub at: Instant,
}

/// A signal in its recipient's feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredSignal {
    /// Its place in the feed, counted from 1.
    pub number: u64,
    /// What is told.
    pub signal: NewSignal,
}

/// Reading feeds.
pub trait SignalsRead {
    /// At most `limit` signals of one recipient with a higher number, in their order.
    fn signals_after(
        &mut self,
        recipient: Oin,
        after: u64,
        limit: u32,
    ) -> Result<Vec<StoredSignal>, StoreError>;
    /// The last number of each feed that has ever had a signal.
    fn signal_heads(&mut self) -> Result<Vec<(Oin, u64)>, StoreError>;
    /// Whether a recipient has been told of something, as far as its feed goes back.
    fn was_told(&mut self, recipient: Oin, about: &[u8; 16]) -> Result<bool, StoreError>;
}

/// Changing feeds.
pub trait SignalsWrite {
    /// Puts signals into their recipients' feeds, in this order.
    fn emit(&mut self, signals: &[NewSignal]) -> Result<(), StoreError>;
    /// Removes signals from before a moment; tells how many.
    fn forget_signals(&mut self, before: Instant) -> Result<u64, StoreError>;
}

//! Subscriptions: who asked for signals, how far they were delivered, and what was given up.
//!
//! How far a subscription is, is stored after its server's answer: a process that is killed in between delivers again, and
//! loses nothing.

use kw_domain::{Instant, Oin, SubscriptionId};
use kw_protocol::signal::SignalType;
use kw_protocol::subscription::{DeliveryFailure, Filter, SubscriptionStatus};

use crate::error::StoreError;

/// A subscription as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSubscription {
    /// Its id.
    pub id: SubscriptionId,
    /// Whose it is.
    pub subscriber: Oin,
    /// Where signals are delivered.
    pub sink: Option<String>,
    /// What is named.
    pub types: Vec<SignalType>,
    /// What has to pass.
    pub filters: Vec<Filter>,
    /// The subscriber's own name for it.
    pub reference: Option<String>,
    /// When it was made.
    pub created_at: Instant,
    /// When the address agreed.
    pub verified_at: Option<Instant>,
    /// When it ended.
    pub ended_at: Option<Instant>,
    /// Signals a minute that the address allows.
    pub allowed_rate: Option<u32>,
    /// The last number of the feed that was dealt with.
    pub reached: u64,
    /// How often the next one was tried.
    pub attempts: u32,
    /// Not before then.
    pub next_attempt_at: Instant,
    /// Why the last attempt failed.
    pub failure: Option<DeliveryFailure>,
    /// Since when deliveries fail.
    pub failing_since: Option<Instant>,
}

impl StoredSubscription {
    /// Where it is in its life.
    pub fn status(&self) -> SubscriptionStatus {
        if self.ended_at.is_some() {
            SubscriptionStatus::Ended
        } else if self.sink.is_some() && self.verified_at.is_none() {
            SubscriptionStatus::Unverified
        } else if self.failing_since.is_some() {
            SubscriptionStatus::Failing
        } else {
            SubscriptionStatus::Active
        }
    }
}

/// A signal that was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredDeadLetter {
    /// Of which subscription.
    pub subscription: SubscriptionId,
    /// Its number in the subscriber's feed.
    pub number: u64,
    /// Why the last attempt failed.
    pub failure: DeliveryFailure,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was tried last.
    pub failed_at: Instant,
    /// Whether it is to be tried once more.
    pub replay: bool,
}

/// Reading subscriptions.
pub trait SubscriptionsRead {
    /// One subscription.
    fn subscription(&mut self, id: SubscriptionId) -> Result<Option<StoredSubscription>, StoreError>;
    /// A party's own subscriptions, newest first, at most `limit`.
    fn subscriptions_of(
        &mut self,
        subscriber: Oin,
        limit: u32,
    ) -> Result<Vec<StoredSubscription>, StoreError>;
    /// How many of a party's subscriptions are live.
    fn count_live_subscriptions(&mut self, subscriber: Oin) -> Result<u64, StoreError>;
    /// All that are live.
    fn live_subscriptions(&mut self) -> Result<Vec<StoredSubscription>, StoreError>;
    /// Dead letters of a subscription after a number, in their order; with `replay` only those to be tried once more.
    fn dead_letters(
        &mut self,
        id: SubscriptionId,
        after: u64,
        replay: bool,
        limit: u32,
    ) -> Result<Vec<StoredDeadLetter>, StoreError>;
    /// How many dead letters a subscription has.
    fn count_dead_letters(&mut self, id: SubscriptionId) -> Result<u64, StoreError>;
    /// How many dead letters live subscriptions have.
    fn count_all_dead_letters(&mut self) -> Result<u64, StoreError>;
    /// Subscriptions with dead letters that are to be tried once more.
    fn replaying(&mut self) -> Result<Vec<SubscriptionId>, StoreError>;
}

/// Changing subscriptions.
pub trait SubscriptionsWrite: SubscriptionsRead {
    /// Adds a subscription.
    fn insert_subscription(&mut self, subscription: &StoredSubscription) -> Result<(), StoreError>;
    /// Stores what may change about it: that its address agreed, how far it is, its failures, its end.
    fn update_subscription(&mut self, subscription: &StoredSubscription) -> Result<(), StoreError>;
    /// Adds or replaces a dead letter.
    fn store_dead_letter(&mut self, letter: &StoredDeadLetter) -> Result<(), StoreError>;
    /// Removes a dead letter that was delivered after all.
    fn delete_dead_letter(&mut self, id: SubscriptionId, number: u64) -> Result<(), StoreError>;
    /// Marks dead letters, one or all, to be tried once more or not; tells how many.
    fn mark_dead_letters(
        &mut self,
        id: SubscriptionId,
        number: Option<u64>,
        replay: bool,
    ) -> Result<u64, StoreError>;
    /// Removes dead letters from before a moment, and subscriptions that ended before it.
    fn forget_subscriptions(&mut self, before: Instant) -> Result<(), StoreError>;
}

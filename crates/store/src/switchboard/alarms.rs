//! Alarms: parties whose questions looked like a search through all numbers.

use kw_domain::{AlarmId, Instant, Oin};
use kw_protocol::alarm::AlarmReason;

use crate::error::StoreError;

/// An alarm that was raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredAlarm {
    /// Its id, which begins with the time at which it was raised.
    pub id: AlarmId,
    /// Whose questions.
    pub party: Oin,
    /// What was seen.
    pub reason: AlarmReason,
    /// How many questions the party asked in the window.
    pub questions: u64,
    /// How many of those found nothing or were denied.
    pub misses: u64,
    /// When it was raised.
    pub raised_at: Instant,
}

/// Reading alarms.
pub trait AlarmsRead {
    /// One alarm.
    fn alarm(&mut self, id: AlarmId) -> Result<Option<StoredAlarm>, StoreError>;
    /// At most `limit` alarms before one, or the newest ones, of one party or of all; newest first.
    fn alarms(
        &mut self,
        party: Option<Oin>,
        before: Option<AlarmId>,
        limit: u32,
    ) -> Result<Vec<StoredAlarm>, StoreError>;
    /// When a party's alarm for this reason was last raised.
    fn last_alarm(&mut self, party: Oin, reason: AlarmReason) -> Result<Option<Instant>, StoreError>;
}

/// Changing alarms.
pub trait AlarmsWrite {
    /// Stores an alarm.
    fn raise_alarm(&mut self, alarm: &StoredAlarm) -> Result<(), StoreError>;
    /// Removes alarms from before a moment; tells how many.
    fn forget_alarms(&mut self, before: Instant) -> Result<u64, StoreError>;
}

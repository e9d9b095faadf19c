//! What looks like a search through all numbers.

use std::time::Duration;

/// `[alarms]`: within one window, per party.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmRules {
    /// The length of the window.
    pub window: Duration,
    /// Fewer questions than this raise no alarm by their share of misses.
    pub least_questions: u64,
    /// More misses in a hundred questions raise an alarm.
    pub most_misses_percent: u64,
    /// More questions raise an alarm, whatever they find.
    pub most_questions: u64,
    /// More questions under one and the same case reference raise an alarm: a case is about few people.
    pub most_per_case: u64,
}

impl Default for AlarmRules {
    fn default() -> Self {
        Self {
            window: Duration::from_mins(10),
            least_questions: 20,
            most_misses_percent: 60,
            most_questions: 300,
            most_per_case: 25,
        }
    }
}

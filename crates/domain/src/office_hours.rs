//! When people of the chain are usually at work.

use chrono::{NaiveTime, TimeDelta};

use crate::{DutchTime, Instant};

/// From when until when on working days, in Dutch local time. What happens outside is allowed, and looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfficeHours {
    /// The first moment of a working day.
    pub from: NaiveTime,
    /// The end of a working day, itself no longer in it.
    pub until: NaiveTime,
}

impl Default for OfficeHours {
    fn default() -> Self {
        let hour = |hour| NaiveTime::MIN + TimeDelta::hours(hour);
        Self { from: hour(7), until: hour(19) }
    }
}

impl OfficeHours {
    /// Whether a moment is in them: Monday to Friday. Public holidays are not known here.
    pub fn cover(&self, moment: Instant) -> bool {
        let local = DutchTime::at(moment);
        local.is_weekday() && (self.from..self.until).contains(&local.time())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn office_hours_are_dutch_working_days() {
        let hours = OfficeHours::default();
        for (moment, inside) in [
            ("2026-11-20T05:59:59Z", false), // a Friday, 06:59:59
            ("2026-11-20T06:00:00Z", true),
            ("2026-11-20T17:59:59Z", true),
            ("2026-11-20T18:00:00Z", false),
            ("2026-07-20T05:00:00Z", true),  // summer time, 07:00
            ("2026-11-21T10:00:00Z", false), // a Saturday
            ("2026-11-22T10:00:00Z", false),
            ("2026-11-22T23:30:00Z", false), // Monday, 00:30
            ("2026-11-23T10:00:00Z", true),
        ] {
            assert_eq!(hours.cover(Instant::parse(moment).unwrap()), inside, "{moment}");
        }
    }

    #[test]
    fn no_moment_makes_the_calendar_panic() {
        for millis in [i64::MIN, -1, 0, i64::MAX] {
            OfficeHours::default().cover(Instant::from_millis(millis));
        }
    }
}

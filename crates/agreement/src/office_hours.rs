//! When people of the chain are usually at work.

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};
use kw_domain::Instant;

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
        let local = dutch_time(moment);
        let weekend = matches!(local.weekday(), Weekday::Sat | Weekday::Sun);
        !weekend && (self.from..self.until).contains(&local.time())
    }
}

/// A time of day, written `HH:MM`.
pub(crate) fn parse_time(text: &str) -> Result<NaiveTime, TimeOfDayError> {
    // The calendar's own parser also takes "7:0".
    if text.len() != 5 {
        return Err(TimeOfDayError);
    }
    NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| TimeOfDayError)
}

/// The author of the agreement wrote no time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a time of day, such as 07:00")]
pub(crate) struct TimeOfDayError;

/// Central European time: an hour ahead of UTC, and two from the last Sunday of March to that of October, both at 01:00
/// UTC (Directive 2000/84/EC).
fn dutch_time(moment: Instant) -> NaiveDateTime {
    let start = moment.date().and_time(NaiveTime::MIN);
    let utc = start + TimeDelta::milliseconds(moment.as_millis().rem_euclid(MILLIS_PER_DAY));
    let changes =
        |month| Some(last_sunday(utc.year(), month)?.and_time(NaiveTime::MIN) + TimeDelta::hours(1));
    let summer = (changes(3).zip(changes(10))).is_some_and(|(begins, ends)| (begins..ends).contains(&utc));
    let ahead = TimeDelta::hours(if summer { 2 } else { 1 });
    utc.checked_add_signed(ahead).unwrap_or(utc)
}

/// Of a month with 31 days.
fn last_sunday(year: i32, month: u32) -> Option<NaiveDate> {
    let last = NaiveDate::from_ymd_opt(year, month, 31)?;
    last.checked_sub_signed(TimeDelta::days(last.weekday().num_days_from_sunday().into()))
}

const MILLIS_PER_DAY: i64 = 86_400_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn local(moment: &str) -> String {
        dutch_time(Instant::parse(moment).unwrap()).format("%d %H:%M").to_string()
    }

    #[test]
    fn clocks_change_on_the_last_sundays_of_march_and_october() {
        assert_eq!(local("2026-03-29T00:59:59Z"), "29 01:59");
        assert_eq!(local("2026-03-29T01:00:00Z"), "29 03:00");
        assert_eq!(local("2026-10-25T00:59:59Z"), "25 02:59");
        assert_eq!(local("2026-10-25T01:00:00Z"), "25 02:00");
        assert_eq!(local("2024-03-31T01:00:00Z"), "31 03:00");
        assert_eq!(local("2026-12-31T23:30:00Z"), "01 00:30");
    }

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
    fn a_time_of_day_has_one_form() {
        assert_eq!(parse_time("07:30").map(|time| time.to_string()), Ok("07:30:00".to_owned()));
        for text in ["", "7:30", "24:00", "07:60", "07.30", "07:3 ", "+7:30", "07:30:00"] {
            assert_eq!(parse_time(text), Err(TimeOfDayError), "{text:?}");
        }
    }

    #[test]
    fn no_moment_makes_the_calendar_panic() {
        for millis in [i64::MIN, -1, 0, i64::MAX] {
            OfficeHours::default().cover(Instant::from_millis(millis));
        }
    }
}

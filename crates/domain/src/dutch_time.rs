//! The time on the clock in the Netherlands, for office hours and calendar months.

use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Weekday};

use crate::Instant;

/// A moment as a clock in the Netherlands shows it.
///
/// Summer time by the rule of directive 2000/84/EC: from the last Sunday of March to the last Sunday of October, both at
/// 01:00 UTC. No table of time zones is read, so the answer is the same on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DutchTime {
    date: NaiveDate,
    time: NaiveTime,
}

impl DutchTime {
    /// What the clock shows at `moment`.
    pub fn at(moment: Instant) -> Self {
        let offset = Duration::from_hours(if is_summer(moment) { 2 } else { 1 });
        let local = DateTime::from_timestamp_millis(moment.plus(offset).as_millis())
            .unwrap_or(DateTime::UNIX_EPOCH)
            .naive_utc();
        Self { date: local.date(), time: local.time() }
    }

    /// The moment at which a calendar day begins. Midnight is never in the hour that summer time skips or repeats.
    pub fn start_of(date: NaiveDate) -> Instant {
        let midnight = Instant::from_date(date);
        let winter = midnight.minus(Duration::from_hours(1));
        if is_summer(winter) { midnight.minus(Duration::from_hours(2)) } else { winter }
    }

    /// The calendar day.
    pub fn date(self) -> NaiveDate {
        self.date
    }

    /// The calendar month, as `2026-11`.
    pub fn month(self) -> String {
        self.date.format("%Y-%m").to_string()
    }

    /// The time of day.
    pub fn time(self) -> NaiveTime {
        self.time
    }

    /// Monday to Friday. Public holidays count as working days.
    pub fn is_weekday(self) -> bool {
        !matches!(self.date.weekday(), Weekday::Sat | Weekday::Sun)
    }
}

fn is_summer(moment: Instant) -> bool {
    let year = moment.date().year();
    let change = |month| last_sunday(year, month).map(|date| Instant::from_date(date).plus(CHANGE));
    match (change(3), change(10)) {
        (Some(begin), Some(end)) => begin <= moment && moment < end,
        _ => false,
    }
}

fn last_sunday(year: i32, month: u32) -> Option<NaiveDate> {
    let last = NaiveDate::from_ymd_opt(year, month, 31)?;
    last.checked_sub_days(chrono::Days::new(u64::from(last.weekday().num_days_from_sunday())))
}

/// After midnight UTC.
const CHANGE: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(moment: &str) -> String {
        let shown = DutchTime::at(Instant::parse(moment).unwrap());
        format!("{} {}", shown.date(), shown.time().format("%H:%M"))
    }

    #[test]
    fn the_clock_goes_forward_in_march_and_back_in_october() {
        assert_eq!(shown("2026-03-29T00:59:59Z"), "2026-03-29 01:59");
        assert_eq!(shown("2026-03-29T01:00:00Z"), "2026-03-29 03:00");
        assert_eq!(shown("2026-10-25T00:59:59Z"), "2026-10-25 02:59");
        assert_eq!(shown("2026-10-25T01:00:00Z"), "2026-10-25 02:00");
        // A month that ends on a Sunday, and one that ends on a Saturday.
        assert_eq!(shown("2024-03-31T01:00:00Z"), "2024-03-31 03:00");
        assert_eq!(shown("2029-03-25T01:00:00Z"), "2029-03-25 03:00");
    }

    #[test]
    fn a_day_and_a_month_begin_at_dutch_midnight() {
        assert_eq!(shown("2026-10-31T23:00:00Z"), "2026-11-01 00:00");
        assert_eq!(DutchTime::at(Instant::parse("2026-10-31T23:00:00Z").unwrap()).month(), "2026-11");
        assert_eq!(DutchTime::at(Instant::parse("2026-07-31T22:00:00Z").unwrap()).month(), "2026-08");
    }

    #[test]
    fn weekends_are_no_working_days() {
        let is_weekday = |moment| DutchTime::at(Instant::parse(moment).unwrap()).is_weekday();
        assert!(is_weekday("2026-11-20T22:59:59Z"), "Friday, one minute to midnight");
        assert!(!is_weekday("2026-11-20T23:00:00Z"), "Saturday has begun");
        assert!(is_weekday("2026-11-22T23:00:00Z"), "Monday has begun");
    }

    proptest! {
        #[test]
        fn the_start_of_a_day_is_the_first_moment_of_it(days in 0i32..20_000) {
            let date = NaiveDate::from_epoch_days(9_000 + days).unwrap();
            let start = DutchTime::start_of(date);
            prop_assert_eq!(DutchTime::at(start).date(), date);
            prop_assert_eq!(DutchTime::at(start).time(), NaiveTime::MIN);
            prop_assert!(DutchTime::at(start.minus(Duration::from_millis(1))).date() < date);
        }
    }
}

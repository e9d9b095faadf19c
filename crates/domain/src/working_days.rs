//! Working days in the Netherlands, for terms that the law counts in them.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use crate::{DutchTime, Instant};

/// Whether a calendar day is no Saturday, no Sunday and no public holiday in the sense of the Algemene termijnenwet (art. 3):
/// New Year's Day, Good Friday, Easter Monday, King's Day, Liberation Day, Ascension Day, Whit Monday and both days of
/// Christmas. Good Friday and Liberation Day are free for terms every year, whatever collective agreements say.
pub fn is_working_day(date: NaiveDate) -> bool {
    !matches!(date.weekday(), Weekday::Sat | Weekday::Sun) && !is_public_holiday(date)
}

/// The end of the Dutch day that is `days` working days after the day on which something began: that day itself does not
/// count (Algemene termijnenwet art. 1; Awb art. 6:8).
pub fn end_of_term(began: Instant, days: u32) -> Instant {
    let mut date = DutchTime::at(began).date();
    let mut left = days;
    while left > 0 {
        date = after(date);
        left -= u32::from(is_working_day(date));
    }
    DutchTime::start_of(after(date))
}

fn is_public_holiday(date: NaiveDate) -> bool {
    let fixed = [(1, 1), (5, 5), (12, 25), (12, 26)];
    if fixed.contains(&(date.month(), date.day())) || is_kings_day(date) {
        return true;
    }
    // The library counts from 1583, when the calendar began.
    let Ok(easter) = computus::gregorian(date.year()) else { return false };
    let easter = NaiveDate::from_ymd_opt(easter.year, easter.month, easter.day);
    let since = easter.map(|easter| date.signed_duration_since(easter).num_days());
    since.is_some_and(|days| [GOOD_FRIDAY, EASTER_MONDAY, ASCENSION_DAY, WHIT_MONDAY].contains(&days))
}

/// 27 April, or the day before when that is a Sunday.
fn is_kings_day(date: NaiveDate) -> bool {
    let sunday = NaiveDate::from_ymd_opt(date.year(), 4, 27).is_some_and(|day| day.weekday() == Weekday::Sun);
    (date.month(), date.day()) == (4, if sunday { 26 } else { 27 })
}

fn after(date: NaiveDate) -> NaiveDate {
    date.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX)
}

const GOOD_FRIDAY: i64 = -2;
const EASTER_MONDAY: i64 = 1;
const ASCENSION_DAY: i64 = 39;
const WHIT_MONDAY: i64 = 50;

#[cfg(test)]
mod tests {
    use super::*;

    fn free(year: i32) -> Vec<String> {
        let days = (0..366).filter_map(|day| NaiveDate::from_yo_opt(year, day + 1));
        days.filter(|day| is_public_holiday(*day)).map(|day| day.format("%m-%d").to_string()).collect()
    }

    #[test]
    fn the_public_holidays_are_those_of_the_law() {
        // As the Dutch government publishes them, Sundays left out.
        let of_2026 = ["01-01", "04-03", "04-06", "04-27", "05-05", "05-14", "05-25", "12-25", "12-26"];
        assert_eq!(free(2026), of_2026);
        let of_2025 = ["01-01", "04-18", "04-21", "04-26", "05-05", "05-29", "06-09", "12-25", "12-26"];
        assert_eq!(free(2025), of_2025, "King's Day was on Saturday");
        let of_2038 = ["01-01", "04-23", "04-26", "04-27", "05-05", "06-03", "06-14", "12-25", "12-26"];
        assert_eq!(free(2038), of_2038, "as late as Easter comes");
    }

    fn end(began: &str, days: u32) -> String {
        end_of_term(Instant::parse(began).unwrap(), days).to_string()
    }

    #[test]
    fn a_term_counts_working_days_after_the_first_and_ends_with_the_last() {
        // Monday 16 November: Tuesday to Friday, and Monday.
        assert_eq!(end("2026-11-16T10:00:00Z", 5), "2026-11-23T23:00:00.000Z");
        // Saturday counts from Monday on.
        assert_eq!(end("2026-11-21T10:00:00Z", 5), "2026-11-27T23:00:00.000Z");
        // 23:30 on Monday by the Dutch clock is Tuesday neither.
        assert_eq!(end("2026-11-16T22:30:00Z", 1), "2026-11-17T23:00:00.000Z");
    }

    #[test]
    fn public_holidays_lengthen_a_term() {
        // Thursday 2 April 2026: Good Friday, the weekend and Easter Monday do not count; summer time.
        assert_eq!(end("2026-04-02T08:00:00Z", 5), "2026-04-13T22:00:00.000Z");
        // Christmas and New Year.
        assert_eq!(end("2026-12-24T08:00:00Z", 5), "2027-01-04T23:00:00.000Z");
    }
}

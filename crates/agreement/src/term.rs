//! Terms of the calendar and lengths of time, both written as ISO 8601 durations.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{Days, Months, NaiveDate};
use kw_domain::Instant;

/// A retention term in years, months and days (`P2Y`, `P6M`, `P2W`, `P1Y6M10D`).
///
/// Laws count such terms by the calendar ("two years after it was made", Jeugdwet art. 7.1.4.5), not in seconds, so a
/// term is applied to a moment and never converted to a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Term {
    months: u32,
    days: u32,
}

impl Term {
    /// A term of whole days.
    pub const fn days(days: u32) -> Self {
        Self { months: 0, days }
    }

    /// A term of whole years.
    pub const fn years(years: u32) -> Self {
        Self { months: years.saturating_mul(12), days: 0 }
    }

    /// Parses `P[nY][nM][nW][nD]`, with at least one part, each a number of at most five digits.
    pub fn parse(text: &str) -> Result<Self, TermError> {
        let parts = parts(text.strip_prefix('P').ok_or(TermError::Term)?, "YMWD").ok_or(TermError::Term)?;
        let [years, months, weeks, days] = parts[..] else { return Err(TermError::Term) };
        Ok(Self { months: years * 12 + months, days: weeks * 7 + days })
    }

    /// The moment at which this term, begun at `start`, is over: months first, then days, in UTC, at the same time of
    /// day. The last day of a shorter month takes the place of a day that it lacks (29 February plus a year is 28
    /// February). Beyond the calendar's end it stays at its last day.
    pub fn after(self, start: Instant) -> Instant {
        let day = start
            .date()
            .checked_add_months(Months::new(self.months))
            .and_then(|day| day.checked_add_days(Days::new(self.days.into())))
            .unwrap_or(NaiveDate::MAX);
        let time_of_day = start.as_millis().rem_euclid(MILLIS_PER_DAY);
        Instant::from_millis(Instant::from_date(day).as_millis().saturating_add(time_of_day))
    }

    /// The last whole moment of the day grid whose term is over at `end`: whatever is older has been kept for this term.
    pub fn before(self, end: Instant) -> Instant {
        let day = end
            .date()
            .checked_sub_days(Days::new(self.days.into()))
            .and_then(|day| day.checked_sub_months(Months::new(self.months)))
            .unwrap_or(NaiveDate::MIN);
        let time_of_day = end.as_millis().rem_euclid(MILLIS_PER_DAY);
        let mut start = Instant::from_millis(Instant::from_date(day).as_millis().saturating_add(time_of_day));
        // Where a month lacked the day, the term of the moment found may end later.
        while self.after(start) > end {
            start = start.minus(Duration::from_hours(24));
        }
        start
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("P")?;
        for (number, unit) in [(self.months / 12, 'Y'), (self.months % 12, 'M')] {
            if number > 0 {
                write!(f, "{number}{unit}")?;
            }
        }
        if self.days > 0 || self.months == 0 { write!(f, "{}D", self.days) } else { Ok(()) }
    }
}

impl FromStr for Term {
    type Err = TermError;

    fn from_str(text: &str) -> Result<Self, TermError> {
        Self::parse(text)
    }
}

/// Parses a length of time, `P[nD][T[nH][nM][nS]]`, in which a day has 24 hours (`P30D`, `PT24H`, `P1DT12H`).
pub fn parse_duration(text: &str) -> Result<Duration, TermError> {
    let text = text.strip_prefix('P').ok_or(TermError::Duration)?;
    let (date, time) = match text.split_once('T') {
        Some((_, "")) => return Err(TermError::Duration),
        Some((date, time)) => (date, time),
        None if text.is_empty() => return Err(TermError::Duration),
        None => (text, ""),
    };
    let section = |text: &str, units: &str| {
        if text.is_empty() { Some(vec![0; units.len()]) } else { parts(text, units) }
    };
    let (date, time) = section(date, "D").zip(section(time, "HMS")).ok_or(TermError::Duration)?;
    let ([days], [hours, minutes, seconds]) = (&date[..], &time[..]) else {
        return Err(TermError::Duration);
    };
    let seconds = u64::from(*days) * 86_400
        + u64::from(*hours) * 3_600
        + u64::from(*minutes) * 60
        + u64::from(*seconds);
    Ok(Duration::from_secs(seconds))
}

/// A length of time as [`parse_duration`] reads it, in whole seconds: `P30D`, `PT5M`, `P1DT12H`.
pub fn duration_text(length: Duration) -> String {
    let seconds = length.as_secs();
    let part = |number: u64, unit| if number > 0 { format!("{number}{unit}") } else { String::new() };
    let days = part(seconds / 86_400, 'D');
    let time = part(seconds / 3_600 % 24, 'H') + &part(seconds / 60 % 60, 'M') + &part(seconds % 60, 'S');
    match (days.is_empty(), time.is_empty()) {
        (true, true) => "PT0S".to_owned(),
        (_, true) => format!("P{days}"),
        (_, false) => format!("P{days}T{time}"),
    }
}

/// Why a text is not a term or a length of time. The text itself is never part of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TermError {
    /// The author of the agreement wrote no length of time.
    #[error("expected a length of time in days, hours, minutes and seconds, such as P30D or PT24H")]
    Duration,
    /// The author of the agreement wrote no calendar term.
    #[error("expected a term in years, months, weeks and days, such as P2Y, P6M or P30D")]
    Term,
}

/// The numbers before each of `units`, which stand in this order; 0 for a unit that is absent. `None` for anything else.
fn parts(mut text: &str, units: &str) -> Option<Vec<u32>> {
    if text.is_empty() {
        return None;
    }
    let numbers = units
        .chars()
        .map(|unit| match text.split_once(unit) {
            None => Some(0),
            Some((number, rest)) => {
                let well_formed =
                    (1..=5).contains(&number.len()) && number.bytes().all(|c| c.is_ascii_digit());
                text = rest;
                if well_formed { number.parse().ok() } else { None }
            }
        })
        .collect();
    if text.is_empty() { numbers } else { None }
}

const MILLIS_PER_DAY: i64 = 86_400_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn after(term: &str, start: &str) -> String {
        Term::parse(term).unwrap().after(Instant::parse(start).unwrap()).to_string()
    }

    #[test]
    fn terms_are_counted_by_the_calendar() {
        assert_eq!(after("P2Y", "2026-11-21T09:30:00.125Z"), "2028-11-21T09:30:00.125Z");
        assert_eq!(after("P1Y", "2024-02-29T12:00:00Z"), "2025-02-28T12:00:00.000Z");
        assert_eq!(after("P4Y", "2024-02-29T12:00:00Z"), "2028-02-29T12:00:00.000Z");
        assert_eq!(after("P1M", "2026-01-31T00:00:00Z"), "2026-02-28T00:00:00.000Z");
        assert_eq!(after("P1M1D", "2026-01-31T00:00:00Z"), "2026-03-01T00:00:00.000Z");
        assert_eq!(after("P2W3D", "2026-12-20T23:59:59.999Z"), "2027-01-06T23:59:59.999Z");
        assert_eq!(after("P1Y", "1969-06-01T06:00:00Z"), "1970-06-01T06:00:00.000Z");
    }

    #[test]
    fn what_is_no_term_is_refused() {
        for text in [
            "", "P", "2Y", "P2", "PY", "P2Y2Y", "P2D1Y", "P-1D", "P1.5Y", "P1YT1H", "p2y", "P2Y ",
            "P123456D", "P+2D",
        ] {
            assert_eq!(Term::parse(text), Err(TermError::Term), "{text:?}");
        }
    }

    #[test]
    fn lengths_of_time_have_days_of_24_hours() {
        for (text, seconds) in
            [("P30D", 2_592_000), ("PT24H", 86_400), ("P1DT12H", 129_600), ("PT1H1M1S", 3_661), ("PT0S", 0)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["P30D", "PT24H", "P1DT12H", "PT1H1M1S", "PT0S", "PT90S"] {
            let length = parse_duration(text).unwrap();
            assert_eq!(parse_duration(&duration_text(length)), Ok(length), "{text}");
        }
        assert_eq!(duration_text(Duration::from_hours(36)), "P1DT12H");
        for text in ["", "P", "PT", "P1DT", "P1Y", "P1M", "PT1D", "1D", "PT1S1M", "PT-1S", "PT1H1H"] {
            assert_eq!(parse_duration(text), Err(TermError::Duration), "{text:?}");
        }
    }

    #[test]
    fn what_is_older_than_the_moment_before_has_been_kept_for_the_whole_term() {
        for term in ["P5Y", "P1M", "P1M3D", "P2W", "P20Y"] {
            let term = Term::parse(term).unwrap();
            for end in [
                "2026-03-31T12:00:00Z",
                "2028-02-29T00:00:00Z",
                "2027-03-01T23:59:59Z",
                "2026-11-22T10:00:00Z",
            ] {
                let end = Instant::parse(end).unwrap();
                let start = term.before(end);
                assert!(term.after(start) <= end, "{term} before {end}");
                let next = start.plus(Duration::from_hours(4 * 24));
                assert!(term.after(next) > end, "{term} before {end} is days too early");
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_parsing_panic(text in "[P0-9YMWDTHS.-]{0,14}|.{0,12}") {
            let _ = Term::parse(&text);
            let _ = parse_duration(&text);
        }

        #[test]
        fn a_term_reads_back_from_its_own_form(months in 0u32..1_000, days in 0u32..90_000) {
            let term = Term { months, days };
            prop_assert_eq!(Term::parse(&term.to_string()), Ok(term));
        }

        #[test]
        fn a_term_never_ends_before_it_begins(months in 0u32..1_200_000, days in 0u32..800_000, start in any::<i64>()) {
            let start = Instant::from_millis(start / 1_100_000);
            let end = Term { months, days }.after(start);
            prop_assert!(end >= start);
        }
    }
}

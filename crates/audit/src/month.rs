//! A calendar month in the Netherlands.

use std::fmt;

use chrono::{Datelike as _, Months, NaiveDate};
use kw_domain::{DutchTime, Instant};

use crate::Period;

/// By its first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month(NaiveDate);

impl Month {
    /// Written `2026-11`.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let first = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d");
        let month = first.map(Self).map_err(|_| EXPECTED)?;
        // The calendar's own parser also takes "2026-1" and years that no record has.
        if month.to_string() == text && (2000..=9000).contains(&month.0.year()) {
            Ok(month)
        } else {
            Err(EXPECTED)
        }
    }

    /// The one that this moment is in.
    pub fn of(now: Instant) -> Self {
        let today = DutchTime::at(now).date();
        Self(today.with_day(1).unwrap_or(today))
    }

    /// The last one that had ended by this moment.
    pub fn before(now: Instant) -> Self {
        let first = Self::of(now).0;
        Self(first.checked_sub_months(Months::new(1)).unwrap_or(first))
    }

    /// From its first moment to the next month's.
    pub fn period(self) -> Period {
        let next = self.0.checked_add_months(Months::new(1)).unwrap_or(self.0);
        Period { from: Some(DutchTime::start_of(self.0)), until: Some(DutchTime::start_of(next)) }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m"))
    }
}

const EXPECTED: &str = "expected a month, such as 2026-11";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_one_form() {
        assert_eq!(Month::parse("2026-11").map(|month| month.to_string()), Ok("2026-11".to_owned()));
        for text in ["", "2026", "2026-1", "2026-13", "2026-11-01", "11-2026", "0001-01", "99999-01"] {
            assert_eq!(Month::parse(text), Err(EXPECTED), "{text}");
        }
    }

    #[test]
    fn a_month_lasts_from_dutch_midnight_to_dutch_midnight() {
        let period = Month::parse("2026-10").unwrap().period();
        assert_eq!(period.from, Instant::parse("2026-09-30T22:00:00Z").ok());
        assert_eq!(period.until, Instant::parse("2026-10-31T23:00:00Z").ok());
    }

    #[test]
    fn the_month_before_has_ended() {
        let before = |now| Month::before(Instant::parse(now).unwrap()).to_string();
        assert_eq!(before("2026-11-30T22:59:59Z"), "2026-10");
        assert_eq!(before("2026-11-30T23:00:00Z"), "2026-11");
        assert_eq!(before("2026-01-15T12:00:00Z"), "2025-12");
    }
}

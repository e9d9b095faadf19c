//! Birth dates as Dutch registers hold them: possibly partial.

use std::fmt;

use chrono::{Datelike, NaiveDate};

/// A birth date of which the day, or the month and the day, may be unknown (BRP: Datum, JaarMaandDatum, JaarDatum).
///
/// It has no `Serialize`: a birth date travels only as a proof (docs/pseudonym.md §7) or inside a document.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BirthDate {
    year: u16,
    month: Option<u8>,
    day: Option<u8>,
}

/// How much of a birth date is known, from coarse to fine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DatePrecision {
    /// Only the year.
    Year,
    /// Year and month.
    Month,
    /// Year, month and day.
    Day,
}

impl BirthDate {
    /// Parses `YYYY-MM-DD`, `YYYYMMDD` or `DD-MM-YYYY`; `00` or a missing part means unknown (`1984-05`, `19840500`,
    /// `1984`).
    pub fn parse(text: &str) -> Result<Self, BirthDateError> {
        let text = text.trim();
        let parts: Vec<&str> = text.split('-').collect();
        let number = |part: &str| -> Result<u16, BirthDateError> {
            if part.is_empty() || !part.bytes().all(|c| c.is_ascii_digit()) {
                return Err(BirthDateError::Form);
            }
            part.parse().map_err(|_| BirthDateError::Form)
        };
        let (year, month, day) = match parts.as_slice() {
            [all] if all.len() == 8 && all.is_ascii() => {
                (number(&all[..4])?, number(&all[4..6])?, number(&all[6..])?)
            }
            [year] if year.len() == 4 => (number(year)?, 0, 0),
            [year, month] if year.len() == 4 && month.len() == 2 => (number(year)?, number(month)?, 0),
            [year, month, day] if year.len() == 4 && month.len() == 2 && day.len() == 2 => {
                (number(year)?, number(month)?, number(day)?)
            }
            [day, month, year] if year.len() == 4 && month.len() <= 2 && day.len() <= 2 => {
                (number(year)?, number(month)?, number(day)?)
            }
            _ => return Err(BirthDateError::Form),
        };
        Self::new(year, month, day)
    }

    /// A date of which `month` and `day` may be 0 for unknown.
    pub fn new(year: u16, month: u16, day: u16) -> Result<Self, BirthDateError> {
        if !(1850..=2200).contains(&year) {
            return Err(BirthDateError::NoSuchDate);
        }
        match (month, day) {
            (0, 0) => Ok(Self { year, month: None, day: None }),
            (1..=12, 0) => Ok(Self { year, month: Some(month as u8), day: None }),
            (1..=12, 1..=31) => {
                NaiveDate::from_ymd_opt(i32::from(year), u32::from(month), u32::from(day))
                    .ok_or(BirthDateError::NoSuchDate)?;
                Ok(Self { year, month: Some(month as u8), day: Some(day as u8) })
            }
            _ => Err(BirthDateError::NoSuchDate),
        }
    }

    /// How much is known.
    pub fn precision(&self) -> DatePrecision {
        match (self.month, self.day) {
            (Some(_), Some(_)) => DatePrecision::Day,
            (Some(_), None) => DatePrecision::Month,
            _ => DatePrecision::Year,
        }
    }

    /// The eight digits at a precision that is not finer than this date's own: `YYYYMMDD`, `YYYYMM00` or `YYYY0000`.
    pub fn digits_at(&self, precision: DatePrecision) -> Option<String> {
        if precision > self.precision() {
            return None;
        }
        let month = if precision >= DatePrecision::Month { self.month.unwrap_or(0) } else { 0 };
        let day = if precision >= DatePrecision::Day { self.day.unwrap_or(0) } else { 0 };
        Some(format!("{:04}{month:02}{day:02}", self.year))
    }

    /// The latest calendar day this can be: age limits are drawn from it, so nobody leaves the index too early.
    pub fn latest_day(&self) -> Option<NaiveDate> {
        let year = i32::from(self.year);
        match (self.month, self.day) {
            (Some(month), Some(day)) => NaiveDate::from_ymd_opt(year, month.into(), day.into()),
            (Some(month), None) => NaiveDate::from_ymd_opt(year, month.into(), 1)
                .and_then(|first| first.checked_add_months(chrono::Months::new(1)))
                .and_then(|next| next.pred_opt()),
            _ => NaiveDate::from_ymd_opt(year, 12, 31),
        }
    }

    /// The youngest and the oldest that the person can be on a day, in whole years; `None` when only the year is known, which
    /// tells no age, and before the birth. Somebody who was born on 29 February becomes a year older on 1 March of other years.
    pub fn ages_on(&self, day: NaiveDate) -> Option<(u32, u32)> {
        let month = self.month?;
        let age = |born_on: u8| {
            let years = day.year() - i32::from(self.year);
            let had_birthday = (day.month(), day.day()) >= (u32::from(month), u32::from(born_on));
            u32::try_from(if had_birthday { years } else { years - 1 }).ok()
        };
        match self.day {
            Some(born_on) => age(born_on).map(|age| (age, age)),
            None => Some((age(LAST_OF_ANY_MONTH).unwrap_or_default(), age(1)?)),
        }
    }

    /// The first day on which the person can have reached `age`; `None` when only the year is known. What ends at an age ends then.
    pub fn may_reach_age(&self, age: u32) -> Option<NaiveDate> {
        let (month, day) = (u32::from(self.month?), self.day.map_or(1, u32::from));
        let year = i32::from(self.year) + i32::try_from(age).ok()?;
        NaiveDate::from_ymd_opt(year, month, day).or_else(|| NaiveDate::from_ymd_opt(year, 3, 1))
    }

    /// The day on which the person reaches `age`, counted from [`Self::latest_day`].
    pub fn reaches_age(&self, age: u32) -> Option<NaiveDate> {
        let day = self.latest_day()?;
        let year = day.year() + i32::try_from(age).ok()?;
        day.with_year(year).or_else(|| NaiveDate::from_ymd_opt(year, 3, 1))
    }
}

impl fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BirthDate(…, {:?})", self.precision())
    }
}

/// Why a text is not a birth date. The text itself is never part of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BirthDateError {
    /// It is written in no known way.
    #[error("write a birth date as YYYY-MM-DD, YYYYMMDD or DD-MM-YYYY, with 00 for an unknown month or day")]
    Form,
    /// It is written well, but there is no such day.
    #[error("there is no such date")]
    NoSuchDate,
}

const LAST_OF_ANY_MONTH: u8 = 31;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_three_ways_of_writing_give_one_date() {
        let date = BirthDate::parse("1984-05-03").unwrap();
        assert_eq!(BirthDate::parse("19840503"), Ok(date));
        assert_eq!(BirthDate::parse("03-05-1984"), Ok(date));
        assert_eq!(BirthDate::parse("3-5-1984"), Ok(date));
    }

    #[test]
    fn what_is_unknown_stays_unknown() {
        for (text, precision) in [
            ("1984-05-00", DatePrecision::Month),
            ("1984-05", DatePrecision::Month),
            ("19840500", DatePrecision::Month),
            ("00-05-1984", DatePrecision::Month),
            ("19840000", DatePrecision::Year),
            ("1984", DatePrecision::Year),
            ("00-00-1984", DatePrecision::Year),
        ] {
            assert_eq!(BirthDate::parse(text).map(|d| d.precision()), Ok(precision), "{text}");
        }
        let month = BirthDate::parse("1984-05").unwrap();
        assert_eq!(month.digits_at(DatePrecision::Day), None);
        assert_eq!(month.digits_at(DatePrecision::Month).as_deref(), Some("19840500"));
        assert_eq!(month.digits_at(DatePrecision::Year).as_deref(), Some("19840000"));
    }

    #[test]
    fn impossible_dates_are_refused() {
        for text in ["1984-02-30", "1984-13-01", "1984-00-12", "0000-01-01", "19841301"] {
            assert_eq!(BirthDate::parse(text), Err(BirthDateError::NoSuchDate), "{text}");
        }
        for text in ["", "84-05-03", "1984/05/03", "1984-5-3x", "een mei", "1984-05-03T00:00"] {
            assert_eq!(BirthDate::parse(text), Err(BirthDateError::Form), "{text}");
        }
    }

    #[test]
    fn ages_are_counted_from_the_latest_possible_day() {
        let leap = BirthDate::parse("2004-02-29").unwrap();
        assert_eq!(leap.reaches_age(23), NaiveDate::from_ymd_opt(2027, 3, 1));
        let year = BirthDate::parse("2004").unwrap();
        assert_eq!(year.reaches_age(23), NaiveDate::from_ymd_opt(2027, 12, 31));
    }

    proptest! {
        #[test]
        fn no_text_makes_parsing_panic(text in ".{0,16}") {
            let _ = BirthDate::parse(&text);
        }
    }

    #[test]
    fn an_age_is_counted_in_birthdays() {
        let on = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap();
        let ages = |born: &str, day: &str| BirthDate::parse(born).unwrap().ages_on(on(day));
        assert_eq!(ages("2014-11-22", "2026-11-21"), Some((11, 11)));
        assert_eq!(ages("2014-11-22", "2026-11-22"), Some((12, 12)));
        assert_eq!(ages("2012-02-29", "2027-02-28"), Some((14, 14)));
        assert_eq!(ages("2012-02-29", "2027-03-01"), Some((15, 15)));
        assert_eq!(ages("2012-02-29", "2028-02-29"), Some((16, 16)));
        // Without a day there are two ages in the month of birth, and one in every other.
        assert_eq!(ages("2014-11", "2026-11-15"), Some((11, 12)));
        assert_eq!(ages("2014-11", "2026-10-31"), Some((11, 11)));
        assert_eq!(ages("2014-11", "2026-12-01"), Some((12, 12)));
        assert_eq!(ages("2026-11", "2026-11-15"), Some((0, 0)));
        assert_eq!(ages("2014", "2026-12-31"), None);
        assert_eq!(ages("2030-01-01", "2026-12-31"), None);
        let twelfth = |born: &str| BirthDate::parse(born).unwrap().may_reach_age(12);
        assert_eq!(twelfth("2014-11-22"), Some(on("2026-11-22")));
        assert_eq!(twelfth("2014-11"), Some(on("2026-11-01")));
        assert_eq!(BirthDate::parse("2012-02-29").unwrap().may_reach_age(15), Some(on("2027-03-01")));
        assert_eq!(twelfth("2014"), None);
    }
}

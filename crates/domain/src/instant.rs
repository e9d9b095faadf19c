//! A moment in time.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// A moment in UTC with a precision of one millisecond, written as RFC 3339 with `Z` (`2026-11-21T09:30:00.000Z`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Instant(i64);

impl Instant {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// Seconds since 1970-01-01T00:00:00Z, rounded down: the NumericDate of RFC 7519.
    pub fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Parses RFC 3339 with any offset. The year in UTC has to have four digits, or it could not be written again.
    pub fn parse(text: &str) -> Result<Self, InstantError> {
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| InstantError)?.to_utc();
        if (0..=9_999).contains(&time.year()) { Ok(time.into()) } else { Err(InstantError) }
    }

    /// The same moment, `duration` later.
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The same moment, `duration` earlier.
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero when it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Midnight UTC on a calendar day.
    pub fn from_date(date: NaiveDate) -> Self {
        Self(date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis())
    }

    /// The calendar day in UTC.
    pub fn date(self) -> NaiveDate {
        self.datetime().date_naive()
    }

    /// Midnight on the first day of this month: how a date that derives from a birth date is coarsened.
    pub fn start_of_month(self) -> Self {
        let date = self.date();
        Self::from_date(date.with_day(1).unwrap_or(date))
    }

    fn datetime(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or(DateTime::UNIX_EPOCH)
    }
}

impl From<DateTime<Utc>> for Instant {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time.timestamp_millis())
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.datetime().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instant({self})")
    }
}

impl FromStr for Instant {
    type Err = InstantError;

    fn from_str(text: &str) -> Result<Self, InstantError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Instant {
    type Error = InstantError;

    fn try_from(text: String) -> Result<Self, InstantError> {
        Self::parse(&text)
    }
}

impl From<Instant> for String {
    fn from(instant: Instant) -> Self {
        instant.to_string()
    }
}

/// The text is no moment in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a date and time as in RFC 3339, such as 2026-11-21T09:30:00Z")]
pub struct InstantError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_offset_is_read_and_utc_is_written() {
        let instant = Instant::parse("2026-11-21T10:30:00.5+01:00").unwrap();
        assert_eq!(instant.to_string(), "2026-11-21T09:30:00.500Z");
        assert_eq!(instant.start_of_month().to_string(), "2026-11-01T00:00:00.000Z");
        assert_eq!(Instant::parse("2026-11-21"), Err(InstantError));
        assert_eq!(Instant::parse("9999-12-31T23:59:59-01:00"), Err(InstantError));
        assert_eq!(Instant::parse("0000-01-01T00:00:00+01:00"), Err(InstantError));
    }

    #[test]
    fn arithmetic_never_overflows() {
        let end = Instant::from_millis(i64::MAX);
        assert_eq!(end.plus(Duration::MAX), end);
        assert_eq!(Instant::from_millis(5).since(end), Duration::ZERO);
    }
}

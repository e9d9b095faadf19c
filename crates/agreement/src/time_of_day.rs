//! Times of day, as the author of an agreement writes them.

use chrono::NaiveTime;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_has_one_form() {
        assert_eq!(parse_time("07:30").map(|time| time.to_string()), Ok("07:30:00".to_owned()));
        for text in ["", "7:30", "24:00", "07:60", "07.30", "07:3 ", "+7:30", "07:30:00"] {
            assert_eq!(parse_time(text), Err(TimeOfDayError), "{text:?}");
        }
    }
}

//! Is it the same person? The birth date that the client pushed against the one at the source (MedMij autorisatie.200).

use kw_agreement::AgeBand;
use kw_domain::{BirthDate, DatePrecision, DutchTime, Instant};

/// What comparing two birth dates gives (design §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// The same, as far as the coarser of the two goes.
    Same(DatePrecision),
    /// Another person, or a wrong date.
    Different,
    /// One side knows the year at most: that does not tell two people apart.
    Unknown,
}

/// Compares at the coarser of the two precisions.
pub fn compare(given: &BirthDate, held: Option<&BirthDate>) -> Comparison {
    let Some(held) = held else { return Comparison::Unknown };
    let precision = given.precision().min(held.precision());
    if precision == DatePrecision::Year {
        return Comparison::Unknown;
    }
    if given.digits_at(precision) == held.digits_at(precision) {
        Comparison::Same(precision)
    } else {
        Comparison::Different
    }
}

/// Whether a person who was born then is in the band today, by the calendar in the Netherlands. A date of which the day is
/// not known must be in it whichever day it was; a year tells no age.
pub fn is_in_band(band: &AgeBand, born: &BirthDate, now: Instant) -> bool {
    let ages = born.ages_on(DutchTime::at(now).date());
    ages.is_some_and(|(youngest, oldest)| band.holds(youngest) && band.holds(oldest))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn date(text: &str) -> BirthDate {
        BirthDate::parse(text).unwrap()
    }

    fn band(from: u32, below: Option<u32>) -> AgeBand {
        AgeBand { name: "band".to_owned(), from, below, confirmed_by: BTreeSet::new() }
    }

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    #[test]
    fn dates_are_compared_at_the_coarser_precision_and_the_year_alone_is_not_enough() {
        use Comparison::{Different, Same, Unknown};
        for (given, held, expected) in [
            ("20150611", Some("20150611"), Same(DatePrecision::Day)),
            ("20150611", Some("20150612"), Different),
            ("20150611", Some("20150600"), Same(DatePrecision::Month)),
            ("20150600", Some("20150611"), Same(DatePrecision::Month)),
            ("20150600", Some("20150711"), Different),
            ("20150611", Some("20150000"), Unknown),
            ("20150000", Some("20150611"), Unknown),
            ("20150611", None, Unknown),
        ] {
            let held = held.map(date);
            assert_eq!(compare(&date(given), held.as_ref()), expected, "{given}");
        }
    }

    #[test]
    fn a_child_is_under_twelve_until_the_day_before_its_birthday_in_the_netherlands() {
        let under_12 = band(0, Some(12));
        assert!(is_in_band(&under_12, &date("20141122"), at("2026-11-21T22:59:59Z")));
        // Midnight in the Netherlands is 23:00 UTC in winter.
        assert!(!is_in_band(&under_12, &date("20141122"), at("2026-11-21T23:00:00Z")));
        assert!(is_in_band(&band(12, Some(16)), &date("20141122"), at("2026-11-21T23:00:00Z")));
    }

    #[test]
    fn a_partial_date_must_be_in_the_band_whichever_day_it_was() {
        let now = at("2026-11-22T12:00:00Z");
        let under_12 = band(0, Some(12));
        assert!(is_in_band(&under_12, &date("20141200"), now));
        assert!(!is_in_band(&under_12, &date("20141100"), now), "the 22nd or before is twelve");
        assert!(!is_in_band(&band(12, Some(16)), &date("20141100"), now), "the 23rd or after is eleven");
        assert!(!is_in_band(&band(16, None), &date("19800000"), now), "a year tells no age");
    }

    #[test]
    fn who_is_not_born_yet_is_in_no_band() {
        assert!(!is_in_band(&band(0, None), &date("20270101"), at("2026-11-22T12:00:00Z")));
    }

    proptest! {
        #[test]
        fn comparing_is_symmetric_and_never_calls_two_known_days_the_same(
            (a, b) in ((1900u16..2020, 1u16..13, 1u16..29), (1900u16..2020, 1u16..13, 1u16..29))
        ) {
            let (one, other) = (BirthDate::new(a.0, a.1, a.2).unwrap(), BirthDate::new(b.0, b.1, b.2).unwrap());
            prop_assert_eq!(compare(&one, Some(&other)), compare(&other, Some(&one)));
            prop_assert_eq!(compare(&one, Some(&other)) == Comparison::Same(DatePrecision::Day), a == b);
        }
    }
}

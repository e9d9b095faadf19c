//! "That person was born then", without sending the date.

use kw_domain::{BirthDate, DatePrecision};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::Binding;
use crate::redacted::redact;

/// The asker's birth-date proofs for one grant, at every precision the asker has.
///
/// The holder knows the binding and could try all dates: the proofs hide the date from everybody else, not from the
/// holder, who has the person's date already.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct BirthDateProofs {
    /// Over `YYYYMMDD`.
    pub day: Option<[u8; 32]>,
    /// Over `YYYYMM00`.
    pub month: Option<[u8; 32]>,
    /// Over `YYYY0000`.
    pub year: Option<[u8; 32]>,
}

redact!(BirthDateProofs);

/// What comparing the asker's proofs with the holder's date gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BirthDateComparison {
    /// The dates agree, as far as the coarser of the two goes.
    Same(DatePrecision),
    /// The dates differ: the asker or the holder has another person, or a wrong date.
    Different,
    /// One side knows no more than the year: that does not tell two people apart.
    Unknown,
}

impl Binding {
    /// A proof for each precision the date has, finest first: BLAKE3-keyed(binding, "birth-date" ‖ SHA-256(grant) ‖
    /// eight ASCII digits).
    pub fn birth_date_proofs(&self, grant: &str, date: &BirthDate) -> BirthDateProofs {
        let proof = |precision| self.birth_date_proof(grant, *date, precision).map(|hash| *hash.as_bytes());
        BirthDateProofs {
            day: proof(DatePrecision::Day),
            month: proof(DatePrecision::Month),
            year: proof(DatePrecision::Year),
        }
    }

    /// Compares the holder's own date with what the asker proves, at the coarser of the two precisions.
    pub fn compare_birth_date(
        &self,
        grant: &str,
        held: Option<&BirthDate>,
        given: &BirthDateProofs,
    ) -> BirthDateComparison {
        let (Some(held), Some(finest)) = (held, given.precision()) else {
            return BirthDateComparison::Unknown;
        };
        let precision = held.precision().min(finest);
        let proof = match precision {
            DatePrecision::Day => given.day,
            DatePrecision::Month => given.month,
            DatePrecision::Year => None,
        };
        match (self.birth_date_proof(grant, *held, precision), proof) {
            (Some(expected), Some(proof)) if expected == proof => BirthDateComparison::Same(precision),
            (Some(_), Some(_)) => BirthDateComparison::Different,
            _ => BirthDateComparison::Unknown,
        }
    }

    fn birth_date_proof(
        &self,
        grant: &str,
        date: BirthDate,
        precision: DatePrecision,
    ) -> Option<blake3::Hash> {
        let digits = Zeroizing::new(date.digits_at(precision)?);
        Some(self.keyed(b"birth-date", grant, digits.as_bytes()))
    }
}

impl BirthDateProofs {
    /// The finest precision the asker gave a proof for.
    pub fn precision(&self) -> Option<DatePrecision> {
        let given = [
            (DatePrecision::Day, &self.day),
            (DatePrecision::Month, &self.month),
            (DatePrecision::Year, &self.year),
        ];
        given.into_iter().find(|(_, proof)| proof.is_some()).map(|(precision, _)| precision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::binding;

    const GRANT: &str = "eyJ.sample.grant";
    const DATES: [(&str, Option<DatePrecision>); 4] = [
        ("1984-05-03", Some(DatePrecision::Day)),
        ("1984-05", Some(DatePrecision::Month)),
        ("1984", Some(DatePrecision::Year)),
        ("", None),
    ];

    fn date(text: &str) -> Option<BirthDate> {
        (!text.is_empty()).then(|| BirthDate::parse(text).unwrap())
    }

    fn proofs(text: &str) -> BirthDateProofs {
        date(text).map_or(BirthDateProofs { day: None, month: None, year: None }, |date| {
            binding(1).birth_date_proofs(GRANT, &date)
        })
    }

    fn compare(held: &str, given: &str) -> BirthDateComparison {
        binding(1).compare_birth_date(GRANT, date(held).as_ref(), &proofs(given))
    }

    #[test]
    fn equal_dates_are_the_same_at_the_coarser_precision_and_unknown_at_the_year() {
        for (held, held_precision) in DATES {
            for (given, given_precision) in DATES {
                let expected = match held_precision.zip(given_precision).map(|(a, b)| a.min(b)) {
                    Some(precision @ (DatePrecision::Day | DatePrecision::Month)) => {
                        BirthDateComparison::Same(precision)
                    }
                    _ => BirthDateComparison::Unknown,
                };
                assert_eq!(compare(held, given), expected, "held {held:?}, given {given:?}");
            }
        }
    }

    #[test]
    fn a_difference_shows_exactly_when_it_is_in_what_both_sides_know() {
        use BirthDateComparison::{Different, Same, Unknown};
        use DatePrecision::Month;
        let table = [
            ("1984-05-03", "1984-05-04", Different),
            ("1984-05-03", "1984-06-03", Different),
            ("1984-05-03", "1985-05-03", Different),
            ("1984-05-03", "1984-06", Different),
            ("1984-05-03", "1985-05", Different),
            ("1984-05-03", "1985", Unknown),
            ("1984-05", "1984-05-04", Same(Month)),
            ("1984-05", "1984-06-03", Different),
            ("1984-05", "1985-05-03", Different),
            ("1984-05", "1984-06", Different),
            ("1984-05", "1985", Unknown),
            ("1984", "1985-05-03", Unknown),
            ("1984", "1985-05", Unknown),
            ("1984", "1985", Unknown),
            ("", "1985-05-03", Unknown),
        ];
        for (held, given, expected) in table {
            assert_eq!(compare(held, given), expected, "held {held:?}, given {given:?}");
        }
    }

    #[test]
    fn every_pair_of_dates_compares_as_its_digits_do() {
        let all: Vec<(u16, u16, u16)> = [1984, 1985]
            .into_iter()
            .flat_map(|year| [0, 5, 6].map(|month| (year, month)))
            .flat_map(|(year, month)| [0, 3, 4].map(|day| (year, month, day)))
            .filter(|(_, month, day)| *month != 0 || *day == 0)
            .collect();
        for held in &all {
            for given in &all {
                let expected = match (held, given) {
                    ((_, 0, _), _) | (_, (_, 0, _)) => BirthDateComparison::Unknown,
                    ((_, _, 0), _) | (_, (_, _, 0)) if (held.0, held.1) == (given.0, given.1) => {
                        BirthDateComparison::Same(DatePrecision::Month)
                    }
                    _ if held == given => BirthDateComparison::Same(DatePrecision::Day),
                    _ => BirthDateComparison::Different,
                };
                let date =
                    |(year, month, day): &(u16, u16, u16)| BirthDate::new(*year, *month, *day).unwrap();
                let proofs = binding(1).birth_date_proofs(GRANT, &date(given));
                let outcome = binding(1).compare_birth_date(GRANT, Some(&date(held)), &proofs);
                assert_eq!(outcome, expected, "held {held:?}, given {given:?}");
            }
        }
    }

    #[test]
    fn a_date_gives_a_proof_for_each_precision_it_has() {
        for (text, precision) in DATES {
            let proofs = proofs(text);
            assert_eq!(proofs.precision(), precision, "{text}");
            assert_eq!(proofs.day.is_some(), precision == Some(DatePrecision::Day), "{text}");
            assert_eq!(proofs.month.is_some(), precision >= Some(DatePrecision::Month), "{text}");
            assert_eq!(proofs.year.is_some(), precision >= Some(DatePrecision::Year), "{text}");
        }
    }

    #[test]
    fn a_proof_stands_for_its_own_precision_only() {
        let whole = proofs("1984-05-03");
        let moved = BirthDateProofs { day: whole.month, month: None, year: None };
        let held = date("1984-05-03");
        assert_eq!(
            binding(1).compare_birth_date(GRANT, held.as_ref(), &moved),
            BirthDateComparison::Different
        );
    }

    #[test]
    fn a_day_without_its_month_says_nothing_to_a_holder_who_knows_the_month() {
        let day_only = BirthDateProofs { month: None, year: None, ..proofs("1984-05-03") };
        let held = date("1984-05");
        assert_eq!(
            binding(1).compare_birth_date(GRANT, held.as_ref(), &day_only),
            BirthDateComparison::Unknown
        );
    }

    #[test]
    fn proofs_for_another_grant_or_of_another_binding_differ() {
        let held = date("1984-05-03");
        let given = proofs("1984-05-03");
        for (binding, grant) in [(binding(1), "eyJ.other.grant"), (binding(2), GRANT)] {
            assert_eq!(
                binding.compare_birth_date(grant, held.as_ref(), &given),
                BirthDateComparison::Different
            );
        }
    }

    #[test]
    fn debug_shows_no_proof() {
        assert_eq!(format!("{:?}", proofs("1984-05-03")), "BirthDateProofs(…)");
    }
}

//! The age rule as a date: which band a person is in today, and until when at most. The registrar knows the birth date; nobody
//! whom it tells the band and the end does.

use std::time::Duration;

use kw_agreement::MandateRules;
use kw_domain::{BirthDate, DutchTime, Instant};

/// What the registrar gave.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) birth_date: Option<BirthDate>,
    pub(super) age_band: Option<&'a str>,
    pub(super) valid_until: Option<Instant>,
}

/// The switchboard's clock may be behind ours: a term that begins a little earlier is not too long there.
const CLOCKS_APART: Duration = Duration::from_mins(2);

/// A field with what was expected there.
type Mistake = (&'static str, String);

/// The age band and the end of a mandate. From the birth date both follow; without one both are the registrar's to say.
pub(super) fn terms(
    rules: &MandateRules,
    given: &Given<'_>,
    now: Instant,
) -> Result<(String, Instant), Mistake> {
    let Some(birth_date) = given.birth_date else {
        let band =
            given.age_band.ok_or(("/birthDate", "expected the birth date, or an age band".to_owned()))?;
        let until =
            given.valid_until.ok_or(("/validUntil", "expected an end, or the birth date".to_owned()))?;
        return Ok((band.to_owned(), until));
    };
    let today = DutchTime::at(now).date();
    let partial = ("/birthDate", "expected a date with its day: this one tells no age".to_owned());
    let (youngest, oldest) = birth_date.ages_on(today).ok_or_else(|| partial.clone())?;
    let none = || ("/birthDate", "there is no mandate of this kind at this age".to_owned());
    let band = rules.band_at(oldest).ok_or_else(none)?;
    if !band.holds(youngest) {
        return Err(partial);
    }
    if given.age_band.is_some_and(|name| name != band.name) {
        return Err(("/ageBand", format!("expected {}, which follows from the birth date", band.name)));
    }
    // Whole days: registering again on the same day is the same mandate.
    let term = DutchTime::start_of(DutchTime::at(rules.max_term.after(now.minus(CLOCKS_APART))).date());
    let grown = band.below.and_then(|age| birth_date.may_reach_age(age)).map(DutchTime::start_of);
    let latest = grown.map_or(term, |grown| grown.min(term));
    match given.valid_until {
        Some(until) if until > latest => {
            Err(("/validUntil", format!("expected a moment not after {latest}")))
        }
        Some(until) => Ok((band.name.clone(), until)),
        None => Ok((band.name.clone(), latest)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kw_agreement::{AgeBand, Term};

    use super::*;

    fn rules() -> MandateRules {
        let band = |name: &str, from, below| AgeBand {
            name: name.to_owned(),
            from,
            below: Some(below),
            confirmed_by: BTreeSet::new(),
        };
        MandateRules {
            registrars: BTreeSet::new(),
            categories: BTreeSet::new(),
            acts: BTreeSet::new(),
            max_term: Term::years(3),
            ages: vec![band("under-12", 0, 12), band("from-12", 12, 16)],
        }
    }

    fn made(
        born: Option<&str>,
        band: Option<&str>,
        until: Option<&str>,
    ) -> Result<(String, String), &'static str> {
        let given = Given {
            birth_date: born.map(|text| BirthDate::parse(text).unwrap()),
            age_band: band,
            valid_until: until.map(|text| Instant::parse(text).unwrap()),
        };
        let now = Instant::parse("2026-11-22T10:00:00Z").unwrap();
        terms(&rules(), &given, now)
            .map(|(band, until)| (band, until.to_string()))
            .map_err(|(pointer, _)| pointer)
    }

    #[expect(clippy::unnecessary_wraps, reason = "it is compared with a result")]
    fn ok(band: &str, until: &str) -> Result<(String, String), &'static str> {
        Ok((band.to_owned(), Instant::parse(until).unwrap().to_string()))
    }

    #[test]
    fn the_age_rule_becomes_a_date_at_dutch_midnight() {
        assert_eq!(made(Some("2016-06-01"), None, None), ok("under-12", "2028-05-31T22:00:00Z"));
        assert_eq!(made(Some("2011-03-04"), None, None), ok("from-12", "2027-03-03T23:00:00Z"));
        assert_eq!(made(Some("2016-06"), None, None), ok("under-12", "2028-05-31T22:00:00Z"));
        // The kind's own term is shorter.
        assert_eq!(made(Some("2022-06-01"), None, None), ok("under-12", "2029-11-21T23:00:00Z"));
    }

    #[test]
    fn a_mandate_may_end_sooner_and_never_later() {
        let sooner = Some("2027-01-01T00:00:00Z");
        assert_eq!(
            made(Some("2016-06-01"), Some("under-12"), sooner),
            ok("under-12", "2027-01-01T00:00:00Z")
        );
        assert_eq!(made(Some("2016-06-01"), None, Some("2028-06-02T00:00:00Z")), Err("/validUntil"));
        assert_eq!(made(Some("2016-06-01"), Some("from-12"), None), Err("/ageBand"));
    }

    #[test]
    fn who_is_too_old_or_of_unknown_age_has_none() {
        assert_eq!(made(Some("2010-01-01"), None, None), Err("/birthDate"));
        assert_eq!(made(Some("2016"), None, None), Err("/birthDate"));
        assert_eq!(
            made(Some("2014-11"), None, None),
            Err("/birthDate"),
            "eleven or twelve, and nobody knows"
        );
        assert_eq!(made(None, None, Some("2027-01-01T00:00:00Z")), Err("/birthDate"));
        assert_eq!(made(None, Some("under-12"), None), Err("/validUntil"));
    }
}

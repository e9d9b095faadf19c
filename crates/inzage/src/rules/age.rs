//! Whether somebody is as old as a mandate for them says.

use kw_agreement::MandateRules;
use kw_domain::{BirthDate, DutchTime, Instant};
use kw_protocol::mandate::Mandate;

/// Whether the mandate is of the age band in which its represented person is now, and ends no later than they are in it. Of whom nobody
/// knows the age, no mandate is.
pub(crate) fn fits(
    rules: Option<&MandateRules>,
    mandate: &Mandate,
    born: Option<&BirthDate>,
    now: Instant,
) -> bool {
    let (Some(band), Some(born)) = (rules.and_then(|rules| rules.band(&mandate.age_band)), born) else {
        return false;
    };
    let Some((youngest, oldest)) = born.ages_on(DutchTime::at(now).date()) else { return false };
    let grown = band.below.and_then(|age| born.may_reach_age(age)).map(DutchTime::start_of);
    band.holds(youngest) && band.holds(oldest) && grown.is_none_or(|grown| mandate.valid_until <= grown)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kw_agreement::{AgeBand, Term};
    use kw_domain::{MandateId, Oin};
    use kw_protocol::mandate::{MandateKind, MandateStatus};

    use super::*;

    #[test]
    fn nobody_is_older_than_they_are() {
        let now = Instant::parse("2026-11-22T10:00:00Z").unwrap();
        let band = |name: &str, from, below| AgeBand {
            name: name.to_owned(),
            from,
            below,
            confirmed_by: BTreeSet::new(),
        };
        let rules = MandateRules {
            registrars: BTreeSet::new(),
            categories: BTreeSet::new(),
            acts: BTreeSet::new(),
            max_term: Term::years(5),
            ages: vec![band("under-12", 0, Some(12)), band("from-16", 16, None)],
        };
        let mandate = |band: &str, until: &str| Mandate {
            id: MandateId::parse("019a0000-0000-7000-8000-000000000000").unwrap(),
            kind: MandateKind::Voluntary,
            age_band: band.to_owned(),
            categories: Vec::new(),
            acts: Vec::new(),
            registrar: Oin::parse("00000099000000018000").unwrap(),
            status: MandateStatus::Requested,
            confirmed: Vec::new(),
            registered_at: now,
            valid_until: Instant::parse(until).unwrap(),
            changed_at: now,
        };
        let is_fit = |band: &str, until: &str, born: Option<&str>| {
            let born = born.map(|born| BirthDate::parse(born).unwrap());
            fits(Some(&rules), &mandate(band, until), born.as_ref(), now)
        };
        let next_year = "2027-11-01T00:00:00Z";
        assert!(is_fit("from-16", next_year, Some("2010-11-22")), "sixteen today");
        assert!(!is_fit("from-16", next_year, Some("2010-11-23")), "fifteen until tomorrow");
        assert!(!is_fit("from-16", next_year, Some("2010-00-00")), "fifteen or sixteen");
        assert!(!is_fit("from-16", next_year, None));
        assert!(!is_fit("from-12", next_year, Some("2010-11-22")), "no such band");
        assert!(is_fit("under-12", next_year, Some("2016-01-01")));
        assert!(!is_fit("under-12", next_year, Some("2015-02-01")), "twelve before it ends");
    }
}

//! Whether a represented person is of the age that the mandate is for. Only the holder knows: the register of mandates has
//! no birth dates, and a mandate that is still active says nothing of a birthday that has come since.

use kw_agreement::Agreement;
use kw_domain::{BirthDate, DutchTime, Instant};
use kw_protocol::grant::GrantRepresentation;

use super::refusal::PullRefusal;

/// Refuses unless the person is, on the calendar day in the Netherlands, in the grant's age band as the holder's own agreement
/// has it. Of a date without a day both ages must be in the band; a year tells no age.
pub(crate) fn check(
    agreement: &Agreement,
    representation: Option<&GrantRepresentation>,
    birth_date: Option<BirthDate>,
    now: Instant,
) -> Result<(), PullRefusal> {
    let Some(claimed) = representation else { return Ok(()) };
    let rules = agreement.representation().kinds.get(&claimed.kind);
    // What the holder's own agreement does not know, it does not allow.
    let band = rules
        .and_then(|rules| rules.band(&claimed.band))
        .ok_or(PullRefusal::RepresentationAge { is_mix_up: false })?;
    let today = DutchTime::at(now).date();
    let (youngest, oldest) =
        birth_date.and_then(|date| date.ages_on(today)).ok_or(PullRefusal::BirthDateUnknown)?;
    match (band.holds(youngest), band.holds(oldest)) {
        (true, true) => Ok(()),
        // A person grows out of a band. Nobody grows into an earlier one: somebody has the wrong person.
        (false, false) => Err(PullRefusal::RepresentationAge { is_mix_up: oldest < band.from }),
        _ => Err(PullRefusal::BirthDateUnknown),
    }
}

#[cfg(test)]
mod tests {
    use kw_domain::MandateId;
    use kw_protocol::mandate::{MandateAct, MandateKind};

    use super::*;
    use crate::testing;

    const MIX_UP: Result<(), PullRefusal> = Err(PullRefusal::RepresentationAge { is_mix_up: true });
    const GROWN: Result<(), PullRefusal> = Err(PullRefusal::RepresentationAge { is_mix_up: false });

    fn checked(band: &str, born: &str, now: &str) -> Result<(), PullRefusal> {
        let agreement = testing::agreement_with(testing::with_parental_authority);
        let now = Instant::parse(now).unwrap();
        let representation = GrantRepresentation {
            act: MandateAct::View,
            band: band.to_owned(),
            kind: MandateKind::ParentalAuthority,
            mandate: MandateId::new(now, [1; 10]),
        };
        check(&agreement, Some(&representation), BirthDate::parse(born).ok(), now)
    }

    #[test]
    fn a_birthday_ends_a_mandate_at_dutch_midnight() {
        // 23:00 UTC is midnight in the Netherlands in winter.
        assert_eq!(checked("under-12", "2014-11-22", "2026-11-21T22:59:59Z"), Ok(()));
        assert_eq!(checked("under-12", "2014-11-22", "2026-11-21T23:00:00Z"), GROWN);
        assert_eq!(checked("from-12", "2014-11-22", "2026-11-21T23:00:00Z"), Ok(()));
    }

    #[test]
    fn whoever_is_too_young_for_a_band_is_another_person() {
        assert_eq!(checked("from-12", "2016-01-01", "2026-11-22T12:00:00Z"), MIX_UP);
        assert_eq!(checked("from-12", "2010-01-01", "2026-11-22T12:00:00Z"), GROWN);
        assert_eq!(checked("no-such-band", "2016-01-01", "2026-11-22T12:00:00Z"), GROWN);
    }

    #[test]
    fn a_partial_date_counts_when_every_day_of_it_does() {
        let now = "2026-11-22T12:00:00Z";
        assert_eq!(checked("under-12", "2015-01", now), Ok(()));
        assert_eq!(checked("under-12", "2014-11", now), Err(PullRefusal::BirthDateUnknown));
        assert_eq!(checked("under-12", "2014-10", now), GROWN);
        assert_eq!(checked("under-12", "2019", now), Err(PullRefusal::BirthDateUnknown));
        assert_eq!(checked("under-12", "", now), Err(PullRefusal::BirthDateUnknown));
    }

    #[test]
    fn without_representation_no_age_is_looked_at() {
        let agreement = testing::agreement_with(|_| ());
        assert_eq!(check(&agreement, None, None, Instant::from_millis(0)), Ok(()));
    }
}

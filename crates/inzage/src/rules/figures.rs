//! Figures about an access report: how often somebody looked, when, who and why.

use std::collections::BTreeMap;

use chrono::{Datelike as _, Months, NaiveDate};
use kw_domain::{DutchTime, Instant, Purpose};
use kw_protocol::access_report::{ReportEntry, ReportedAct};

/// Whether the person asked it themselves, or somebody for them: under the purpose that the agreement has for it.
pub(crate) fn is_own(entry: &ReportEntry, own: Option<&Purpose>) -> bool {
    let purpose = entry.purpose.as_ref().map(|purpose| purpose.code.as_str());
    purpose.is_some() && purpose == own.map(Purpose::as_str)
}

/// Whether the entry is somebody else who looked, or tried to.
pub(crate) fn is_look(entry: &ReportEntry, own: Option<&Purpose>) -> bool {
    !is_own(entry, own)
        && matches!(entry.act, ReportedAct::Asked | ReportedAct::Fetched | ReportedAct::Inspected)
}

/// How often somebody looked, in each of the twelve months up to this moment.
pub(crate) fn by_month(
    entries: &[ReportEntry],
    own: Option<&Purpose>,
    until: Instant,
) -> Vec<(NaiveDate, u64)> {
    let first_of = |date: NaiveDate| date.with_day(1).unwrap_or(date);
    let last = first_of(DutchTime::at(until).date());
    let months = (0..12u32).rev().filter_map(|back| last.checked_sub_months(Months::new(back)));
    let mut counted: BTreeMap<NaiveDate, u64> = months.map(|month| (month, 0)).collect();
    for entry in entries.iter().filter(|entry| is_look(entry, own)) {
        if let Some(count) = counted.get_mut(&first_of(DutchTime::at(entry.at).date())) {
            *count += u64::from(entry.times);
        }
    }
    counted.into_iter().collect()
}

/// How often somebody looked, by what each entry gives; the most first, at most this many.
pub(crate) fn most_by(
    entries: &[ReportEntry],
    own: Option<&Purpose>,
    most: usize,
    name: impl Fn(&ReportEntry) -> String,
) -> Vec<(String, u64)> {
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| is_look(entry, own)) {
        *counted.entry(name(entry)).or_default() += u64::from(entry.times);
    }
    let mut all: Vec<_> = counted.into_iter().collect();
    all.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    all.truncate(most);
    all
}

#[cfg(test)]
mod tests {
    use kw_protocol::access_report::Named;

    use super::super::covering::tests::entry;
    use super::*;

    #[test]
    fn looks_are_counted_by_month_and_by_name() {
        let mut twice = entry("asked", &[], &[]);
        twice.times = 2;
        let mut own = entry("asked", &[], &[]);
        own.purpose = Some(Named { code: "own-insight".to_owned(), title: String::new() });
        let all = [twice, entry("registered", &[], &[]), entry("fetched", &[], &[]), own];
        let purpose = Purpose::parse("own-insight").unwrap();
        let now = Instant::parse("2026-12-31T23:30:00Z").unwrap();
        let months = by_month(&all, Some(&purpose), now);
        assert_eq!(months.len(), 12);
        // Half past eleven at night in London is the next year in the Netherlands.
        assert_eq!(months[11].0.to_string(), "2027-01-01");
        assert_eq!(months[9], (NaiveDate::from_ymd_opt(2026, 11, 1).unwrap(), 3));
        assert_eq!(months.iter().map(|month| month.1).sum::<u64>(), 3);
        assert_eq!(
            most_by(&all, Some(&purpose), 5, |entry| entry.party.name.clone()),
            [("School".to_owned(), 3)]
        );
    }
}

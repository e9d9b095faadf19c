//! Several acts of one kind on one day become one entry: a renewal every night is no news.

use kw_domain::DutchTime;
use kw_protocol::access_report::ReportEntry;

/// Joins what differs in nothing but the time of day, in the place of the first. Entries come and go oldest first.
pub(super) fn merge(entries: Vec<ReportEntry>) -> Vec<ReportEntry> {
    let mut merged: Vec<ReportEntry> = Vec::with_capacity(entries.len());
    for entry in entries {
        let day = DutchTime::at(entry.at).date();
        let of_this_day =
            merged.iter_mut().rev().take_while(|earlier| DutchTime::at(earlier.at).date() == day);
        match of_this_day.into_iter().find(|earlier| is_alike(earlier, &entry)) {
            Some(earlier) => {
                earlier.times += 1;
                earlier.last_at = Some(entry.at);
                earlier.references.extend(entry.references);
            }
            None => merged.push(entry),
        }
    }
    merged
}

fn is_alike(one: &ReportEntry, other: &ReportEntry) -> bool {
    one.act == other.act
        && one.party == other.party
        && one.actor == other.actor
        && one.role == other.role
        && one.purpose == other.purpose
        && one.legal_basis == other.legal_basis
        && one.categories == other.categories
        && one.relation == other.relation
        && one.result == other.result
        && one.fetches == other.fetches
        && one.recorded_by == other.recorded_by
}

//! Counting what was found, for plots.

use std::collections::{BTreeMap, HashMap};

use chrono::{Datelike as _, Days, NaiveDate};
use kw_domain::{DutchTime, Instant, Oin, Purpose, TransactionId};
use kw_ledger::{AccessRecord, Event, GrantedAct, Outcome};

/// Records by day, purpose and party.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    days: BTreeMap<NaiveDate, u64>,
    pub(crate) purposes: BTreeMap<Option<Purpose>, u64>,
    pub(crate) parties: BTreeMap<Oin, u64>,
}

/// A day, or a whole month where there are many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    Day(NaiveDate),
    Month(NaiveDate),
}

impl Figures {
    pub(crate) fn of<'a>(records: impl Iterator<Item = &'a AccessRecord>) -> Self {
        let mut figures = Self::default();
        records.for_each(|record| figures.add(record));
        figures
    }

    pub(crate) fn add(&mut self, record: &AccessRecord) {
        // A log says what it likes about its days; a plot has a bound.
        let day = DutchTime::at(record.at).date();
        if (EARLIEST..=LATEST).contains(&day.year()) {
            *self.days.entry(day).or_default() += 1;
        }
        *self.purposes.entry(record.purpose.clone()).or_default() += 1;
        *self.parties.entry(record.party).or_default() += 1;
    }

    /// Over time, without gaps: a day without accesses is one with none.
    pub(crate) fn over_time(&self) -> Vec<(Span, u64)> {
        let (Some((first, _)), Some((last, _))) = (self.days.first_key_value(), self.days.last_key_value())
        else {
            return Vec::new();
        };
        if (*last - *first).num_days() < MOST_DAYS {
            let days = first.iter_days().take_while(|day| day <= last);
            return days.map(|day| (Span::Day(day), self.days.get(&day).copied().unwrap_or(0))).collect();
        }
        let mut months: Vec<(NaiveDate, u64)> = Vec::new();
        let mut day = *first;
        while day <= *last {
            let month = day.with_day(1).unwrap_or(day);
            let count = self.days.get(&day).copied().unwrap_or(0);
            match months.last_mut() {
                Some((latest, sum)) if *latest == month => *sum += count,
                _ => months.push((month, count)),
            }
            let Some(next) = day.checked_add_days(Days::new(1)) else { break };
            day = next;
        }
        months.into_iter().map(|(month, count)| (Span::Month(month), count)).collect()
    }
}

/// No chain is older, and what is later is no day of a record: two hundred months at most.
const EARLIEST: i32 = 2020;
const LATEST: i32 = 2036;
/// A quarter has a bar for each day.
const MOST_DAYS: i64 = 93;

/// How long holders take: from the switchboard's answer with the grant to the holder's answer to the pull, each by the clock of
/// its own log.
#[derive(Debug, Default)]
pub(crate) struct ResponseTimes {
    granted: HashMap<TransactionId, Instant>,
    pulled: HashMap<TransactionId, (Oin, Instant)>,
}

/// The times of one holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HolderTimes {
    pub(crate) holder: Oin,
    pub(crate) pulls: u64,
    /// In milliseconds: half of the answers came within it.
    pub(crate) median: u64,
    /// Nineteen of twenty came within it.
    pub(crate) slow: u64,
}

impl ResponseTimes {
    /// Takes in a record of any log.
    pub(crate) fn add(&mut self, record: &AccessRecord) {
        if self.granted.len() + self.pulled.len() >= MOST_PULLS {
            return;
        }
        match record.event {
            Event::QueryAnswered => {
                let pulls = record.grants.iter().filter(|grant| grant.act == GrantedAct::Pull);
                self.granted.extend(pulls.map(|grant| (grant.transaction, record.at)));
            }
            Event::PullAnswered if record.result == Outcome::Success => {
                if let Some(transaction) = record.transaction {
                    // The first answer counts.
                    let pulled = self.pulled.entry(transaction).or_insert((record.service, record.at));
                    pulled.1 = pulled.1.min(record.at);
                }
            }
            _ => {}
        }
    }

    /// By holder. Clocks that disagree so far that an answer is older than its grant are left out.
    pub(crate) fn by_holder(&self) -> Vec<HolderTimes> {
        let mut all: BTreeMap<Oin, Vec<u64>> = BTreeMap::new();
        for (transaction, (holder, at)) in &self.pulled {
            let Some(granted) = self.granted.get(transaction) else { continue };
            if let Ok(took) = u64::try_from(at.as_millis() - granted.as_millis()) {
                all.entry(*holder).or_default().push(took);
            }
        }
        all.into_iter()
            .map(|(holder, mut times)| {
                times.sort_unstable();
                let at = |part: usize| times.get((times.len() * part / 100).min(times.len() - 1)).copied();
                let (median, slow) = (at(50).unwrap_or(0), at(95).unwrap_or(0));
                HolderTimes { holder, pulls: times.len() as u64, median, slow }
            })
            .collect()
    }
}

/// So many exchanges are looked at.
const MOST_PULLS: usize = 200_000;

#[cfg(test)]
mod tests {
    use kw_domain::{Category, ChainName, GrantId};
    use kw_ledger::GrantedAccess;

    use super::*;

    const HOLDER: &str = "00000099000000012000";

    fn record(event: Event, at: &str) -> AccessRecord {
        let oin = |text| Oin::parse(text).unwrap();
        let chain = ChainName::parse("jeugd").unwrap();
        AccessRecord::new(
            event,
            Instant::parse(at).unwrap(),
            chain,
            oin(HOLDER),
            oin("00000099000000013000"),
            "a".repeat(64),
        )
    }

    fn transaction(at: u8) -> TransactionId {
        TransactionId::new(Instant::from_millis(1_700_000_000_000), [at; 10])
    }

    #[test]
    fn a_day_without_accesses_stands_between_two_with_some() {
        let records = [
            record(Event::QueryAnswered, "2026-11-01T12:00:00Z"),
            record(Event::QueryAnswered, "2026-11-01T23:30:00Z"),
            record(Event::QueryAnswered, "2026-11-04T12:00:00Z"),
        ];
        let counts: Vec<u64> = Figures::of(records.iter()).over_time().into_iter().map(|(_, n)| n).collect();
        // Half past eleven in UTC is the next day in the Netherlands.
        assert_eq!(counts, [1, 1, 0, 1]);
        assert!(Figures::default().over_time().is_empty());
    }

    #[test]
    fn many_days_are_counted_by_month() {
        let records = [
            record(Event::QueryAnswered, "2026-01-31T12:00:00Z"),
            record(Event::QueryAnswered, "2026-11-04T12:00:00Z"),
        ];
        let months = Figures::of(records.iter()).over_time();
        assert_eq!(months.len(), 11);
        assert_eq!(months[0], (Span::Month(NaiveDate::from_ymd_opt(2026, 1, 1).unwrap()), 1));
    }

    #[test]
    fn a_holder_s_time_is_from_grant_to_answer() {
        let mut times = ResponseTimes::default();
        for (place, took) in [(1, 100), (2, 300), (3, 200)] {
            let mut grant = record(Event::QueryAnswered, "2026-11-01T12:00:00Z");
            grant.grants = vec![GrantedAccess {
                act: GrantedAct::Pull,
                category: Category::parse("youth-health").unwrap(),
                grant: GrantId::new(grant.at, [place; 10]),
                holder: Oin::parse(HOLDER).unwrap(),
                outcome: None,
                transaction: transaction(place),
            }];
            let mut pull = record(Event::PullAnswered, "2026-11-01T12:00:00Z");
            pull.at = Instant::from_millis(pull.at.as_millis() + took);
            pull.transaction = Some(transaction(place));
            // Newest first, as logs are read.
            times.add(&pull);
            times.add(&grant);
        }
        let mut unanswered = record(Event::PullAnswered, "2026-11-01T12:00:00Z");
        unanswered.transaction = Some(transaction(9));
        times.add(&unanswered);
        let holder = Oin::parse(HOLDER).unwrap();
        assert_eq!(times.by_holder(), [HolderTimes { holder, pulls: 3, median: 200, slow: 300 }]);
    }
}

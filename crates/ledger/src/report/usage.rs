//! Monthly use, by organisation, purpose, category, event and result: for management and for the public.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use kw_domain::{Category, DutchTime, Oin, Purpose};
use serde::{Serialize, Serializer};

use crate::{AccessRecord, Event, Outcome};

/// Counts records. No person is in it: neither who acted, nor whom it was about, nor a case; and small numbers, which could
/// tell of one person, are not shown.
#[derive(Debug)]
pub struct Usage {
    vocabulary: Vocabulary,
    smallest: u64,
    counts: BTreeMap<Key, u64>,
}

/// The words that a report may repeat. A refused request can hold any word, a name too; what the agreement does not know is
/// counted as `(other)`.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// The purposes of the agreement.
    pub purposes: BTreeSet<Purpose>,
    /// The categories of the agreement.
    pub categories: BTreeSet<Category>,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UsageLine {
    /// The calendar month in the Netherlands, as `2026-11`.
    pub month: String,
    /// The organisation that acted.
    pub party: Oin,
    /// Why; `None` when the record has no purpose.
    pub purpose: Option<String>,
    /// Which kind of data; `None` when the record has none.
    pub category: Option<String>,
    /// What happened.
    pub event: Event,
    /// How it ended.
    pub result: Outcome,
    /// How many records. A record of several categories counts in each.
    pub count: Count,
}

/// A number that is shown, or said to be small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// This many.
    Exactly(u64),
    /// At least one, and fewer than this.
    FewerThan(u64),
    /// Not small. It is left out beside small ones: any total less the other lines would tell those.
    Withheld,
}

impl Count {
    /// Whether the number is shown.
    pub fn is_shown(self) -> bool {
        matches!(self, Self::Exactly(_))
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(count) => write!(f, "{count}"),
            Self::FewerThan(smallest) => write!(f, "<{smallest}"),
            Self::Withheld => f.write_str("withheld"),
        }
    }
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Exactly(count) => serializer.serialize_u64(*count),
            Self::FewerThan(_) | Self::Withheld => serializer.collect_str(self),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    month: String,
    party: Oin,
    purpose: Option<String>,
    category: Option<String>,
    event: Event,
    result: Outcome,
}

impl Usage {
    /// A count of which numbers below `smallest` are not shown.
    pub fn new(vocabulary: Vocabulary, smallest: u64) -> Self {
        Self { vocabulary, smallest, counts: BTreeMap::new() }
    }

    /// Counts a record.
    pub fn add(&mut self, record: &AccessRecord) {
        let Vocabulary { purposes, categories } = &self.vocabulary;
        let key = Key {
            month: DutchTime::at(record.at).month(),
            party: record.party,
            purpose: record.purpose.as_ref().map(|word| known(word, purposes)),
            category: None,
            event: record.event,
            result: record.result,
        };
        let named: BTreeSet<_> = record.categories.iter().map(|word| Some(known(word, categories))).collect();
        let named = if named.is_empty() { BTreeSet::from([None]) } else { named };
        for category in named {
            *self.counts.entry(Key { category, ..key.clone() }).or_default() += 1;
        }
    }

    /// The lines, in the order of their fields. Where numbers are small, the smallest of the others is withheld.
    pub fn lines(&self) -> impl Iterator<Item = UsageLine> + '_ {
        let is_small = |count: u64| count < self.smallest;
        let tells = self.counts.values().any(|count| is_small(*count));
        let others = self.counts.iter().filter(|(_, count)| tells && !is_small(**count));
        let withheld = others.min_by_key(|(_, count)| **count).map(|(key, _)| key);
        self.counts.iter().map(move |(key, count)| {
            let count = match *count {
                small if is_small(small) => Count::FewerThan(self.smallest),
                _ if withheld == Some(key) => Count::Withheld,
                count => Count::Exactly(count),
            };
            let Key { month, party, purpose, category, event, result } = key.clone();
            UsageLine { month, party, purpose, category, event, result, count }
        })
    }
}

fn known<T: Ord + fmt::Display>(word: &T, words: &BTreeSet<T>) -> String {
    if words.contains(word) { word.to_string() } else { OTHER.to_owned() }
}

/// No word of an agreement has parentheses.
const OTHER: &str = "(other)";

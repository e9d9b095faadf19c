//! How a change is told: parties by name and number, lengths of time as they are written.

use std::time::Duration;

use kw_domain::{Instant, Oin};

use super::Direction::{self, Narrowing, Neutral, Widening};
use super::outline::Fact;
use crate::{Agreement, Term, duration_text};

/// Who is who, before and after.
pub(super) struct Names<'a> {
    pub(super) old: &'a Agreement,
    pub(super) new: &'a Agreement,
}

impl Names<'_> {
    /// A party by its OIN: `Gemeente Demostad (00000099000000013000)`.
    pub(super) fn party(&self, oin: &str) -> String {
        let name = Oin::parse(oin)
            .ok()
            .and_then(|oin| self.new.party_name(oin).or_else(|| self.old.party_name(oin)));
        name.map_or_else(|| oin.to_owned(), |name| format!("{name} ({oin})"))
    }
}

pub(super) type Judged = (Direction, String);

/// One fact, before and after; at least one of them is there and they differ.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) was: Option<&'a Fact>,
    pub(super) is: Option<&'a Fact>,
}

impl Pair<'_> {
    /// An entry or an item that opens something when it comes, and closes it when it goes.
    pub(super) fn opens(self, comes: &str, goes: &str) -> Judged {
        match (self.was, self.is) {
            (None, Some(_)) => (Widening, sentence(comes)),
            (Some(_), None) => (Narrowing, sentence(goes)),
            _ => (Widening, sentence(&format!("{comes} ({})", self.told()))),
        }
    }

    /// An entry or an item that guards something: without it there is more.
    pub(super) fn guards(self, comes: &str, goes: &str) -> Judged {
        match (self.was, self.is) {
            (None, Some(_)) => (Narrowing, sentence(comes)),
            (Some(_), None) => (Widening, sentence(goes)),
            _ => (Widening, sentence(&format!("{comes} ({})", self.told()))),
        }
    }

    /// A flag that opens when it is set.
    pub(super) fn opens_when_set(self, set: &str, unset: &str) -> Judged {
        match self.is {
            Some(Fact::Flag(true)) => (Widening, sentence(set)),
            Some(Fact::Flag(false)) => (Narrowing, sentence(unset)),
            _ => self.any(set),
        }
    }

    /// A flag that guards when it is set.
    pub(super) fn guards_when_set(self, set: &str, unset: &str) -> Judged {
        match self.is {
            Some(Fact::Flag(true)) => (Narrowing, sentence(set)),
            Some(Fact::Flag(false)) => (Widening, sentence(unset)),
            _ => self.any(set),
        }
    }

    /// A number, a length or a term: more of it is more access.
    pub(super) fn grows(self, what: &str) -> Judged {
        let direction = match self.order() {
            Some(false) => Narrowing,
            // What cannot be compared counts as more.
            Some(true) | None => Widening,
        };
        (direction, sentence(&format!("{what}: {}", self.told())))
    }

    /// The reverse: less of it is more access.
    pub(super) fn shrinks(self, what: &str) -> Judged {
        let direction = if self.order() == Some(true) { Narrowing } else { Widening };
        (direction, sentence(&format!("{what}: {}", self.told())))
    }

    /// A length in seconds that is told as one.
    pub(super) fn length(self, what: &str) -> Judged {
        let text = |fact: Option<&Fact>| match fact {
            Some(Fact::Number(seconds)) => duration_text(Duration::from_secs(*seconds)),
            _ => "none".to_owned(),
        };
        let (direction, _) = self.grows(what);
        (direction, sentence(&format!("{what}: {} instead of {}", text(self.is), text(self.was))))
    }

    /// One of a list, from loose to strict.
    pub(super) fn strictness(self, what: &str, from_loose: &[&str]) -> Judged {
        let rank = |fact: Option<&Fact>| match fact {
            Some(Fact::Text(text)) => from_loose.iter().position(|word| word == text),
            _ => None,
        };
        let direction = match (rank(self.was), rank(self.is)) {
            (Some(was), Some(is)) if is > was => Narrowing,
            _ => Widening,
        };
        (direction, sentence(&format!("{what}: {}", self.told())))
    }

    /// Whatever it is now, there is less than before.
    pub(super) fn narrows(self, what: &str) -> Judged {
        (Narrowing, sentence(&format!("{what}: {}", self.told())))
    }

    /// Whatever the change, it has to be looked at.
    pub(super) fn any(self, what: &str) -> Judged {
        (Widening, sentence(&format!("{what}: {}", self.told())))
    }

    /// Whatever the change, nobody sees more or less.
    pub(super) fn neutral(self, what: &str) -> Judged {
        (Neutral, sentence(&format!("{what}: {}", self.told())))
    }

    /// Whether it grew. `None` when that cannot be said.
    pub(super) fn order(self) -> Option<bool> {
        match (self.was?, self.is?) {
            (Fact::Number(was), Fact::Number(is)) => Some(is > was),
            (Fact::Text(was), Fact::Text(is)) => {
                let (was, is) = (Term::parse(was).ok()?, Term::parse(is).ok()?);
                // A month is no number of days: a term is longer when it ends later from every kind of month.
                let later = MONTHS.map(|start| {
                    let start = Instant::from_millis(start * MILLIS_PER_DAY);
                    is.after(start) >= was.after(start)
                });
                let sooner = MONTHS.map(|start| {
                    let start = Instant::from_millis(start * MILLIS_PER_DAY);
                    is.after(start) <= was.after(start)
                });
                match (later.contains(&false), sooner.contains(&false)) {
                    (true, false) => Some(false),
                    // Longer from some month.
                    _ => Some(true),
                }
            }
            _ => None,
        }
    }

    fn told(self) -> String {
        format!("{} instead of {}", text(self.is), text(self.was))
    }
}

fn text(fact: Option<&Fact>) -> String {
    match fact {
        None => "none".to_owned(),
        Some(Fact::Present) => "there".to_owned(),
        Some(Fact::Flag(flag)) => if *flag { "yes" } else { "no" }.to_owned(),
        Some(Fact::Number(u64::MAX)) => "without end".to_owned(),
        Some(Fact::Number(number)) => number.to_string(),
        Some(Fact::Text(text)) if text.len() > 120 || text.contains('\n') => "another text".to_owned(),
        Some(Fact::Text(text)) => text.clone(),
    }
}

pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// First days of months of every length in their surroundings, leap years among them, in days since 1970.
const MONTHS: [i64; 8] = [0, 31, 59, 90, 425, 760, 789, 820];
const MILLIS_PER_DAY: i64 = 86_400_000;

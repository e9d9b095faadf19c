//! What each party asked in the last window: pure counting.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use kw_agreement::AlarmRules;
use kw_domain::{Instant, Oin};
use kw_protocol::alarm::AlarmReason;

/// A window is counted in so many parts; the oldest part goes when it is wholly outside.
const PARTS: u32 = 10;
/// So many cases are told apart in one part; more only come with more questions than any quota gives.
const MOST_CASES: usize = 5_000;

/// One question, as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) at: Instant,
    pub(super) party: Oin,
    /// Whether nothing was found, or it was denied.
    pub(super) miss: bool,
    pub(super) case: Option<String>,
}

/// What looks like a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) party: Oin,
    pub(super) reason: AlarmReason,
    pub(super) questions: u64,
    pub(super) misses: u64,
}

/// The questions of the last window.
#[derive(Debug)]
pub(super) struct Counts {
    window: Duration,
    parties: BTreeMap<Oin, VecDeque<Part>>,
}

#[derive(Debug)]
struct Part {
    start: Instant,
    questions: u64,
    misses: u64,
    cases: HashMap<String, u64>,
}

impl Counts {
    /// Nothing yet, in windows of this length.
    pub(super) fn new(window: Duration) -> Self {
        Self { window, parties: BTreeMap::new() }
    }

    pub(super) fn window(&self) -> Duration {
        self.window
    }

    /// Counts a question.
    pub(super) fn count(&mut self, seen: Seen) {
        let length = self.window / PARTS;
        let parts = self.parties.entry(seen.party).or_default();
        if parts.back().is_none_or(|part| seen.at.since(part.start) >= length) {
            parts.push_back(Part { start: seen.at, questions: 0, misses: 0, cases: HashMap::new() });
        }
        let Some(part) = parts.back_mut() else { return };
        part.questions += 1;
        part.misses += u64::from(seen.miss);
        if let Some(case) = seen.case
            && (part.cases.len() < MOST_CASES || part.cases.contains_key(&case))
        {
            *part.cases.entry(case).or_default() += 1;
        }
    }

    /// Forgets what is outside the window, and says whose questions look like a search.
    pub(super) fn findings(&mut self, rules: &AlarmRules, now: Instant) -> Vec<Finding> {
        let (begin, length) = (now.minus(self.window), self.window / PARTS);
        for parts in self.parties.values_mut() {
            while parts.front().is_some_and(|part| part.start.plus(length) <= begin) {
                parts.pop_front();
            }
        }
        self.parties.retain(|_, parts| !parts.is_empty());
        self.parties.iter().flat_map(|(party, parts)| found(*party, parts, rules)).collect()
    }
}

fn found(party: Oin, parts: &VecDeque<Part>, rules: &AlarmRules) -> Vec<Finding> {
    let questions: u64 = parts.iter().map(|part| part.questions).sum();
    let misses: u64 = parts.iter().map(|part| part.misses).sum();
    let mut reasons = Vec::new();
    if questions >= rules.least_questions
        && misses.saturating_mul(100) > questions.saturating_mul(rules.most_misses_percent)
    {
        reasons.push(AlarmReason::Misses);
    }
    // Cases are added up only when there are enough questions for one of them to have too many.
    if questions > rules.most_per_case && most_of_one_case(parts) > rules.most_per_case {
        reasons.push(AlarmReason::NoCase);
    }
    if questions > rules.most_questions {
        reasons.push(AlarmReason::Volume);
    }
    reasons.into_iter().map(|reason| Finding { party, reason, questions, misses }).collect()
}

fn most_of_one_case(parts: &VecDeque<Part>) -> u64 {
    let mut all: HashMap<&str, u64> = HashMap::new();
    for (case, count) in parts.iter().flat_map(|part| &part.cases) {
        *all.entry(case).or_default() += count;
    }
    all.into_values().max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: AlarmRules = AlarmRules {
        window: Duration::from_mins(10),
        least_questions: 20,
        most_misses_percent: 60,
        most_questions: 300,
        most_per_case: 25,
    };

    fn party(number: u8) -> Oin {
        Oin::parse(&format!("0000009900000001{number:02}00")).unwrap()
    }

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(1_795_000_000_000).plus(Duration::from_secs(seconds))
    }

    fn asked(
        counts: &mut Counts,
        who: u8,
        questions: u64,
        misses: u64,
        from: u64,
        case: impl Fn(u64) -> String,
    ) {
        for number in 0..questions {
            let (at, miss) = (at(from + number), number < misses);
            counts.count(Seen { at, party: party(who), miss, case: Some(case(number)) });
        }
    }

    fn reasons(counts: &mut Counts, second: u64) -> Vec<(Oin, AlarmReason)> {
        counts.findings(&RULES, at(second)).into_iter().map(|one| (one.party, one.reason)).collect()
    }

    #[test]
    fn many_misses_are_found_and_few_questions_are_not() {
        let mut counts = Counts::new(RULES.window);
        asked(&mut counts, 1, 19, 19, 0, |n| n.to_string());
        assert_eq!(reasons(&mut counts, 20), []);
        asked(&mut counts, 1, 1, 1, 19, |n| n.to_string());
        asked(&mut counts, 2, 100, 60, 0, |n| n.to_string());
        assert_eq!(
            reasons(&mut counts, 100),
            [(party(1), AlarmReason::Misses)],
            "60 in 100 is not more than 60"
        );
    }

    #[test]
    fn many_questions_under_one_case_are_found_and_many_cases_are_not() {
        let mut counts = Counts::new(RULES.window);
        asked(&mut counts, 1, 26, 0, 0, |_| "one".to_owned());
        asked(&mut counts, 2, 26, 0, 0, |n| (n / 2).to_string());
        assert_eq!(reasons(&mut counts, 30), [(party(1), AlarmReason::NoCase)]);
    }

    #[test]
    fn volume_is_counted_over_the_whole_window_and_forgotten_after_it() {
        let mut counts = Counts::new(RULES.window);
        asked(&mut counts, 1, 301, 0, 0, |n| n.to_string());
        let finding = counts.findings(&RULES, at(301));
        assert_eq!(
            (finding[0].reason, finding[0].questions, finding[0].misses),
            (AlarmReason::Volume, 301, 0)
        );
        assert_eq!(reasons(&mut counts, 300 + 600 + 61), []);
        assert!(counts.parties.is_empty());
    }
}

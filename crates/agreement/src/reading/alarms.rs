//! `[alarms]`: what looks like a search through all numbers.

use std::time::Duration;

use crate::AlarmRules;
use crate::reading::cursor::Fields;
use crate::reading::values;

pub(crate) fn read(top: &mut Fields<'_>) -> Option<AlarmRules> {
    let usual = AlarmRules::default();
    let Some(section) = top.optional("alarms") else { return Some(usual) };
    let mut fields = section.fields()?;
    let window = match fields.optional("window") {
        Some(node) => values::duration(&node, SHORTEST, LONGEST),
        None => Some(usual.window),
    };
    let mut number = |key, most, usual| match fields.optional(key) {
        Some(node) => node.number(1..most + 1),
        None => Some(usual),
    };
    let least_questions = number("least_questions", MOST, usual.least_questions);
    let most_misses_percent = number("most_misses_percent", 100, usual.most_misses_percent);
    let most_questions = number("most_questions", MOST, usual.most_questions);
    let most_per_case = number("most_per_case", MOST, usual.most_per_case);
    fields.finish();
    let rules = AlarmRules {
        window: window?,
        least_questions: least_questions?,
        most_misses_percent: most_misses_percent?,
        most_questions: most_questions?,
        most_per_case: most_per_case?,
    };
    if rules.least_questions > rules.most_questions {
        section.refuse(
            "the share of misses would never be looked at: the alarm for volume goes off first",
            "make least_questions smaller than most_questions",
        );
    }
    Some(rules)
}

const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_hours(24);
/// In one window nobody asks more without a sweep.
const MOST: u64 = 1_000_000;

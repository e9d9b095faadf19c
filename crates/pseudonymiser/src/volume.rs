//! When a party's asking looks like a search through all numbers: pure arithmetic over its persisted budget.
//!
//! The pseudonymiser sees neither purpose nor outcome, only how much is asked; whether it finds anything, the switchboard
//! watches. It says so once in each window: at the evaluation that crosses the line.

use std::time::Duration;

use kw_agreement::{AlarmRules, Budget};
use kw_domain::KeyUse;
use kw_protocol::evaluation::BudgetClass;
use kw_store::pseudonymiser::{BudgetKey, BudgetUse};

const HOUR: Duration = Duration::from_hours(1);
/// Who comes this near to the end of a budget that is sized for people who ask, is no person who asks.
const PERCENT: u64 = 80;

/// A line that was crossed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Crossed {
    /// As records and the log say it.
    pub(crate) reason: &'static str,
    /// How much was used in that window by then.
    pub(crate) used: u64,
}

/// Whether these `count` evaluations, after which `used` is used, crossed a line. Each question takes one evaluation for the
/// index, so those are what is looked at.
pub(crate) fn crossed(
    rules: &AlarmRules,
    limit: &Budget,
    key: BudgetKey,
    used: &BudgetUse,
    count: u64,
) -> Option<Crossed> {
    if key.class != BudgetClass::Query || key.key_use != KeyUse::Index {
        return None;
    }
    let windows = HOUR.as_secs() / rules.window.as_secs().clamp(1, HOUR.as_secs());
    let an_hour = share(limit.hour).min(rules.most_questions.saturating_mul(windows));
    [("volume-hour", used.hour.used, an_hour), ("volume-day", used.day.used, share(limit.day))]
        .into_iter()
        // A few questions are no search, however small the budget is.
        .map(|(reason, used, most)| (reason, used, most.max(rules.least_questions)))
        .find(|(_, used, most)| *used > *most && used.saturating_sub(count) <= *most)
        .map(|(reason, used, _)| Crossed { reason, used })
}

fn share(limit: u64) -> u64 {
    limit / 100 * PERCENT + limit % 100 * PERCENT / 100
}

#[cfg(test)]
mod tests {
    use kw_domain::{Instant, Oin};
    use kw_store::pseudonymiser::WindowUse;

    use super::*;

    const LIMIT: Budget = Budget { burst: 60, hour: 1_500, day: 10_000 };

    fn key(class: BudgetClass, key_use: KeyUse) -> BudgetKey {
        BudgetKey { party: Oin::parse("00000099000000001000").unwrap(), class, key_use }
    }

    fn used(hour: u64, day: u64) -> BudgetUse {
        let window = |used| WindowUse { start: Instant::from_millis(0), used };
        BudgetUse { minute: window(1), hour: window(hour), day: window(day) }
    }

    fn reason(budget: &BudgetUse, count: u64) -> Option<&'static str> {
        let asking = key(BudgetClass::Query, KeyUse::Index);
        crossed(&AlarmRules::default(), &LIMIT, asking, budget, count).map(|crossed| crossed.reason)
    }

    #[test]
    fn the_line_is_crossed_once_in_a_window() {
        assert_eq!(reason(&used(1_200, 5_000), 1), None);
        assert_eq!(reason(&used(1_201, 5_000), 1), Some("volume-hour"));
        assert_eq!(reason(&used(1_202, 5_000), 1), None);
        assert_eq!(reason(&used(1_300, 5_000), 200), Some("volume-hour"), "a batch steps over it");
        assert_eq!(reason(&used(10, 8_001), 1), Some("volume-day"));
    }

    #[test]
    fn only_asking_is_looked_at() {
        for other in [key(BudgetClass::Register, KeyUse::Index), key(BudgetClass::Query, KeyUse::Binding)] {
            assert_eq!(crossed(&AlarmRules::default(), &LIMIT, other, &used(1_201, 1), 1), None);
        }
    }

    #[test]
    fn a_small_budget_that_is_used_up_is_no_search() {
        let (asking, small) =
            (key(BudgetClass::Query, KeyUse::Index), Budget { burst: 10, hour: 10, day: 10 });
        assert_eq!(crossed(&AlarmRules::default(), &small, asking, &used(10, 10), 1), None);
    }

    #[test]
    fn the_agreement_can_draw_the_line_lower() {
        let rules = AlarmRules { most_questions: 10, ..AlarmRules::default() };
        let asking = key(BudgetClass::Query, KeyUse::Index);
        assert!(crossed(&rules, &LIMIT, asking, &used(61, 61), 1).is_some(), "six windows of ten an hour");
        assert!(crossed(&rules, &LIMIT, asking, &used(60, 60), 1).is_none());
    }
}

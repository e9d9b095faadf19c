//! The search form: what was filled in, and the filter that it means.

use chrono::{Days, NaiveDate};
use kw_agreement::{Agreement, LogIdentity};
use kw_domain::{
    ActorId, Bsn, CaseReference, Category, DutchTime, Instant, Oin, Purpose, ResolutionId, TransactionId,
};
use kw_ledger::search::{AccessFilter, Basis};
use kw_ledger::{Event, Outcome};
use kw_web::{Form, Problems};
use serde::de::DeserializeOwned;

use crate::app::log_of;

/// What was filled in, as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) log: String,
    pub(crate) from: String,
    pub(crate) until: String,
    pub(crate) party: String,
    pub(crate) holder: String,
    pub(crate) purpose: String,
    pub(crate) category: String,
    pub(crate) event: String,
    pub(crate) result: String,
    pub(crate) basis: String,
    pub(crate) actor: String,
    pub(crate) case: String,
    pub(crate) transaction: String,
    pub(crate) resolution: String,
}

/// What it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Meant {
    pub(crate) log: LogIdentity,
    pub(crate) filter: AccessFilter,
    pub(crate) resolution: Option<ResolutionId>,
}

impl Asked {
    pub(crate) fn of<D>(form: &Form<D>) -> Self {
        let get = |name: &str| form.get(name).to_owned();
        Self {
            log: get("log"),
            from: get("from"),
            until: get("until"),
            party: get("party"),
            holder: get("holder"),
            purpose: get("purpose"),
            category: get("category"),
            event: get("event"),
            result: get("result"),
            basis: get("basis"),
            actor: get("actor"),
            case: get("case"),
            transaction: get("transaction"),
            resolution: get("resolution"),
        }
    }

    /// The filter, or what is wrong.
    pub(crate) fn meant(&self, agreement: &Agreement) -> Result<Meant, Problems> {
        let mut problems = Problems::new();
        let log = log_of(agreement, &self.log);
        if log.is_none() {
            problems.add("log", "console-wrong-choice");
        }
        let filter = AccessFilter {
            actor: taken(&mut problems, "actor", "console-wrong-person", &self.actor, |text| {
                no_number(text).and_then(|text| ActorId::parse(text).ok())
            }),
            basis: taken(&mut problems, "basis", WRONG_CHOICE, &self.basis, word::<Basis>),
            case: taken(&mut problems, "case", "console-wrong-case", &self.case, |text| {
                no_number(text).and_then(|text| CaseReference::parse(text).ok())
            }),
            category: taken(&mut problems, "category", WRONG_CHOICE, &self.category, |text| {
                Category::parse(text).ok()
            }),
            event: taken(&mut problems, "event", WRONG_CHOICE, &self.event, word::<Event>),
            from: taken(&mut problems, "from", WRONG_DAY, &self.from, |text| day(text, 0)),
            holder: taken(&mut problems, "holder", WRONG_CHOICE, &self.holder, |text| Oin::parse(text).ok()),
            legal_basis: None,
            party: taken(&mut problems, "party", WRONG_CHOICE, &self.party, |text| Oin::parse(text).ok()),
            purpose: taken(&mut problems, "purpose", WRONG_CHOICE, &self.purpose, |text| {
                Purpose::parse(text).ok()
            }),
            result: taken(&mut problems, "result", WRONG_CHOICE, &self.result, word::<Outcome>),
            role: None,
            service: None,
            trace: None,
            transaction: taken(&mut problems, "transaction", "console-wrong-id", &self.transaction, |text| {
                TransactionId::parse(text).ok()
            }),
            until: taken(&mut problems, "until", WRONG_DAY, &self.until, |text| day(text, 1)),
            verdict: None,
        };
        let resolution = taken(&mut problems, "resolution", "console-wrong-id", &self.resolution, |text| {
            ResolutionId::parse(text).ok()
        });
        if filter.from.zip(filter.until).is_some_and(|(from, until)| from >= until) {
            problems.add("until", "console-wrong-order");
        }
        match log {
            Some(log) if problems.is_empty() => Ok(Meant { log, filter, resolution }),
            _ => Err(problems),
        }
    }
}

/// What a field means when it is filled in.
fn taken<T>(
    problems: &mut Problems,
    field: &'static str,
    message: &'static str,
    text: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    if text.is_empty() {
        return None;
    }
    problems.take(field, message, parse(text).ok_or(()))
}

/// The first moment of a day in the Netherlands, so many days later.
pub(crate) fn day(text: &str, later: u64) -> Option<Instant> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    day.checked_add_days(Days::new(later)).map(DutchTime::start_of)
}

/// What is asked is recorded, and no record may hold a BSN.
fn no_number(text: &str) -> Option<&str> {
    (!Bsn::occurs_in(text)).then_some(text)
}

fn word<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
}

const WRONG_CHOICE: &str = "console-wrong-choice";
const WRONG_DAY: &str = "console-wrong-day";

#[cfg(test)]
mod tests {
    use super::*;

    fn agreement() -> Agreement {
        Agreement::parse(include_str!("../../../../examples/chains/youth.toml")).unwrap()
    }

    #[test]
    fn what_is_left_out_is_not_asked() {
        let asked = Asked { log: "switchboard".to_owned(), ..Asked::default() };
        let meant = asked.meant(&agreement()).unwrap();
        assert_eq!(meant.filter, AccessFilter::default());
        assert_eq!(meant.log.oin, agreement().switchboard().oin);
    }

    #[test]
    fn a_day_is_a_dutch_one_and_the_last_is_included() {
        let asked = Asked {
            log: "switchboard".to_owned(),
            from: "2026-11-01".to_owned(),
            until: "2026-11-01".to_owned(),
            ..Asked::default()
        };
        let filter = asked.meant(&agreement()).unwrap().filter;
        assert_eq!(filter.from, Instant::parse("2026-10-31T23:00:00Z").ok());
        assert_eq!(filter.until, Instant::parse("2026-11-01T23:00:00Z").ok());
    }

    #[test]
    fn each_mistake_stands_at_its_field() {
        let asked = Asked {
            log: "elsewhere".to_owned(),
            from: "2026-11-02".to_owned(),
            until: "2026-11-01".to_owned(),
            actor: "999990342".to_owned(),
            event: "nothing".to_owned(),
            transaction: "x".to_owned(),
            ..Asked::default()
        };
        let problems = asked.meant(&agreement()).unwrap_err();
        for field in ["log", "until", "actor", "event", "transaction"] {
            assert!(problems.of(field).is_some(), "{field}");
        }
        assert_eq!(problems.of("party"), None);
    }
}

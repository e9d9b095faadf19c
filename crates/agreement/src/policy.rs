//! The rules in Rego (`policy/*.rego`): compiled once per agreement, evaluated in this process for each question.
//!
//! The promises, each with a test:
//!
//! - what no rule allows is denied, and so is everything when the rules fail or take too long;
//! - a chain's own rules can deny and withhold, and nothing else: they see the question and the agreement, and reach
//!   nothing outside;
//! - the same question under the same agreement is decided the same way, so an answer may be remembered.

mod addition;
mod data;
mod input;
mod memory;
mod schemas;

use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::LazyLock;
use std::time::Duration;

use aws_lc_rs::digest;
use regorus::utils::limits::{ExecutionTimerConfig, LimitError};
use regorus::{Engine, Value};

use crate::DenialReason;
use memory::Memory;

pub(crate) use addition::Mistake;
pub(crate) use data::{Described, describe};
pub(crate) use input::{DecisionDocument, DisclosureDocument, PointerDocument};
pub(crate) use schemas::{complaints_about_agreement, complaints_about_decision};

/// The rules of one agreement, ready to be evaluated.
pub(crate) struct Policy {
    /// Prepared: clones of it share the compiled rules and the agreement's data.
    engine: Engine,
    /// Whether a rule looks at the time of the question. The base policy does not.
    reads_time: bool,
    decisions: Memory<Vec<String>>,
    disclosures: Memory<Vec<bool>>,
}

impl Policy {
    /// Compiles the base policy over this agreement, with the chain's own rules.
    pub(crate) fn compile(agreement: &serde_json::Value, addition: Option<&str>) -> Result<Self, Mistake> {
        let read = addition.map(addition::check).transpose()?.unwrap_or_default();
        let mut engine = Engine::new();
        engine.set_strict_builtin_errors(true);
        engine.set_execution_timer_config(BOUND);
        let sources = BASE.into_iter().chain(addition.map(|rego| (addition::FILE, rego)));
        for (file, rego) in sources {
            engine.add_policy(file.to_owned(), rego.to_owned()).map_err(|error| Mistake::of(&error))?;
        }
        let data = serde_json::json!({ "agreement": agreement }).to_string();
        engine.add_data_json(&data).map_err(|error| Mistake::of(&error))?;
        Ok(Self {
            engine: prepared(engine, read)?,
            reads_time: addition.is_some_and(addition::reads_time),
            decisions: Memory::default(),
            disclosures: Memory::default(),
        })
    }

    /// The categories that may be searched.
    pub(crate) fn decide(&self, question: &DecisionDocument) -> Result<Vec<String>, DenialReason> {
        let input = question.canonical(self.reads_time);
        self.decisions.recall(&input, || {
            let answer = self.evaluate(DECISION, &input)?;
            if let Ok(denial) = answer["denial"].as_string() {
                return Err(DenialReason::parse(denial).unwrap_or(DenialReason::PolicyFailed));
            }
            let categories = answer["categories"].as_set().map_err(|_| DenialReason::PolicyFailed)?;
            categories
                .iter()
                .map(|category| category.as_string().map(ToString::to_string))
                .collect::<Result<_, _>>()
                .map_err(|_| DenialReason::PolicyFailed)
        })
    }

    /// Which of the pointers are disclosed, one answer for each.
    pub(crate) fn disclose(&self, question: &DisclosureDocument) -> Result<Vec<bool>, DenialReason> {
        let input = question.canonical(self.reads_time);
        self.disclosures.recall(&input, || {
            let answer = self.evaluate(DISCLOSURE, &input)?;
            let places = answer.as_set().map_err(|_| DenialReason::PolicyFailed)?;
            let mut disclosed = vec![false; question.count()];
            for place in places {
                let place = place.as_u64().ok().and_then(|place| usize::try_from(place).ok());
                let known = place.and_then(|place| disclosed.get_mut(place));
                *known.ok_or(DenialReason::PolicyFailed)? = true;
            }
            Ok(disclosed)
        })
    }

    fn evaluate(&self, rule: &str, input: &str) -> Result<Value, DenialReason> {
        let mut engine = self.engine.clone();
        engine.set_input(Value::from_json_str(input).map_err(|_| DenialReason::PolicyFailed)?);
        engine.eval_rule(rule.to_owned()).map_err(|error| match error.downcast_ref::<LimitError>() {
            Some(_) => DenialReason::PolicyExceeded,
            None => DenialReason::PolicyFailed,
        })
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Policy")
    }
}

/// Analyses the rules now, so that no question pays for it, and so that what the analysis finds, or an evaluation of each
/// rule that does not depend on the question, is a mistake in the agreement.
fn prepared(mut engine: Engine, additions: BTreeSet<&'static str>) -> Result<Engine, Mistake> {
    engine.set_input(Value::new_object());
    for rule in [DECISION, DISCLOSURE].into_iter().chain(additions) {
        engine.eval_rule(rule.to_owned()).map_err(|error| match error.downcast_ref::<LimitError>() {
            Some(_) => Mistake::endless(),
            None => Mistake::of(&error),
        })?;
    }
    Ok(engine)
}

/// SHA-256 of the base policy in lower-case hexadecimal. Every input names it, so that a later version of this program
/// knows that it decides by other rules.
pub(crate) fn base_hash() -> &'static str {
    static HASH: LazyLock<String> = LazyLock::new(|| {
        let mut context = digest::Context::new(&digest::SHA256);
        for (_, rego) in &BASE {
            context.update(rego.as_bytes());
        }
        context.finish().as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
    });
    &HASH
}

const BASE: [(&str, &str); 2] = [
    ("decision.rego", include_str!("../policy/decision.rego")),
    ("disclosure.rego", include_str!("../policy/disclosure.rego")),
];

const DECISION: &str = "data.ketenwijzer.decision.answer";
const DISCLOSURE: &str = "data.ketenwijzer.decision.disclosed";

/// The clock on the wall counts, so a busy machine must not look like a runaway rule: thousands of times what a decision
/// takes.
const BOUND: ExecutionTimerConfig =
    ExecutionTimerConfig { limit: Duration::from_millis(250), check_interval: NonZeroU32::new(64).unwrap() };

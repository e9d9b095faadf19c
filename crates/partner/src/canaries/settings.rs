//! `[canaries]` of `partner.toml`.

use std::collections::BTreeMap;
use std::time::Duration;

use kw_adapter::pulls::Sources;
use kw_agreement::{Agreement, Decision, DecisionInput};
use kw_domain::{ActorId, CaseReference, Category, Instant, Oin, Purpose, Role, SourceName};
use kw_protocol::query::{Assurance, RelationBasis};
use serde::Deserialize;

/// How this partner keeps canaries. What the questions say of themselves should be what those of its people say.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CanarySettings {
    /// The source under whose name the own ones are registered.
    pub source: SourceName,
    /// In which categories; all of that source without it.
    #[serde(default)]
    pub categories: Vec<Category>,
    /// How many of its own the partner keeps in each category. None keeps those only that are made by hand.
    #[serde(default = "three")]
    pub keep: u32,
    /// How long one lives, about.
    #[serde(default = "ninety")]
    pub life_days: u64,
    /// The most questions in 24 hours, about all of them together.
    #[serde(default = "six")]
    pub asks_per_day: u32,
    /// How long after a first miss it is asked again, about.
    #[serde(default = "five_minutes")]
    pub confirm_after_seconds: u64,
    /// For which purpose it is asked.
    pub purpose: Purpose,
    /// In whose names; one of them is drawn.
    pub actors: Vec<CanaryActor>,
    /// For which case: each `#` becomes a digit.
    pub case: String,
    /// On what ground, where this partner has no pointer of its own about the subject.
    #[serde(default = "motivated")]
    pub basis: RelationBasis,
    /// The ground in words.
    #[serde(default)]
    pub reason: Option<String>,
    /// What is delivered when somebody pulls a canary, by category; an empty object without it.
    #[serde(default)]
    pub documents: BTreeMap<Category, serde_json::Value>,
}

/// In whose name it is asked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CanaryActor {
    /// As the organisation knows them.
    pub id: ActorId,
    /// What they are to it.
    pub role: Role,
}

impl CanarySettings {
    /// The categories, if everything can be used. All mistakes at once.
    pub(super) fn check(
        &self,
        sources: &Sources,
        agreement: &Agreement,
        holder: Oin,
    ) -> Result<Vec<Category>, String> {
        let mut mistakes = Vec::new();
        let held = sources.get(&self.source).map(|source| source.categories());
        if held.is_none() {
            mistakes.push(format!("source: there is no source named {}", self.source));
        }
        let held = held.unwrap_or_default();
        let asked: Vec<Category> =
            if self.categories.is_empty() { held.iter().cloned().collect() } else { self.categories.clone() };
        for category in &asked {
            if !held.contains(category) {
                mistakes.push(format!("categories: the source does not hold {category}"));
            } else if !agreement.may_register(holder, category) && !self.categories.is_empty() {
                mistakes
                    .push(format!("categories: the agreement does not let this partner register {category}"));
            }
        }
        if self.keep > 50 {
            mistakes.push("keep: at most 50 in each category".to_owned());
        }
        if !(1..=3_650).contains(&self.life_days) {
            mistakes.push("life_days: from 1 to 3650".to_owned());
        }
        if !(1..=1_000).contains(&self.asks_per_day) {
            mistakes.push("asks_per_day: from 1 to 1000".to_owned());
        }
        if self.actors.is_empty() {
            mistakes.push("actors: name at least one".to_owned());
        }
        if agreement.purpose(&self.purpose).is_none() {
            mistakes.push(format!("purpose: the agreement has no purpose {}", self.purpose));
        }
        let kind = agreement.partner(holder).map(|partner| &partner.kind);
        for actor in &self.actors {
            let known =
                agreement.role(&actor.role).zip(kind).is_some_and(|(rules, kind)| rules.kinds.contains(kind));
            if !known {
                mistakes.push(format!(
                    "actors: the agreement gives nobody of this partner the role {}",
                    actor.role
                ));
            }
        }
        if CaseReference::parse(&self.case.replace('#', "0")).is_err() {
            mistakes.push("case: that is no case reference".to_owned());
        }
        if self.basis != RelationBasis::Listed && self.reason.as_deref().unwrap_or_default().trim().is_empty()
        {
            mistakes
                .push("reason: say in words why it is asked, because the ground is not `listed`".to_owned());
        }
        for (category, document) in &self.documents {
            if let Err(complaints) = agreement.check_document(category, document) {
                mistakes
                    .push(format!("documents.{category}: {} places do not fit the schema", complaints.len()));
            }
        }
        if mistakes.is_empty() {
            Ok(asked.into_iter().filter(|category| agreement.may_register(holder, category)).collect())
        } else {
            Err(mistakes.join("; "))
        }
    }

    /// The actors in whose names this may be asked under the agreement, and with an answer about the category.
    pub(super) fn askers(
        &self,
        agreement: &Agreement,
        requester: Oin,
        basis: RelationBasis,
        about: Option<&Category>,
        at: Instant,
    ) -> Vec<&CanaryActor> {
        let may = |actor: &&CanaryActor| {
            let input = DecisionInput {
                requester,
                supplier: None,
                purpose: &self.purpose,
                role: &actor.role,
                categories: &[],
                relation: basis,
                assurance: Assurance::Asserted,
                representation: None,
                at,
            };
            match agreement.decide(&input) {
                Decision::Allowed(allowed) => {
                    about.is_none_or(|category| allowed.categories.contains(category))
                }
                Decision::Denied(_) => false,
            }
        };
        self.actors.iter().filter(may).collect()
    }

    pub(super) fn life(&self) -> Duration {
        Duration::from_hours(24 * self.life_days)
    }

    pub(super) fn confirm_after(&self) -> Duration {
        Duration::from_secs(self.confirm_after_seconds.max(1))
    }
}

fn three() -> u32 {
    3
}

fn ninety() -> u64 {
    90
}

fn six() -> u32 {
    6
}

fn five_minutes() -> u64 {
    300
}

fn motivated() -> RelationBasis {
    RelationBasis::Motivated
}

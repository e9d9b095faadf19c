//! Canaries (docs/canaries.md), between the partner process and the partner's own people.

use std::fmt;

use kw_domain::{CanaryId, Category, ChainName, Instant, Oin, SourceName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The form of [`CanaryFile`].
pub const CANARY_FILE_FORMAT: u32 = 1;
/// The most canaries in one file.
pub const MOST_IN_A_FILE: usize = 500;

/// All canaries of a partner: `GET /v1/canaries`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Canaries {
    /// Oldest first.
    pub canaries: Vec<Canary>,
    /// Questions about canaries in the last 24 hours.
    pub asked: u64,
    /// How many there may be.
    pub budget: u32,
    /// Why nothing is asked, when that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// How the canaries of a partner are doing, in `GET /v1/status`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CanariesStatus {
    /// The own ones that the switchboard acknowledged.
    pub own: u64,
    /// Those of other partners.
    pub others: u64,
    /// The own ones that the switchboard has not acknowledged yet.
    pub waiting: u64,
    /// Those that the index does not give: the alarm.
    pub missed: u64,
    /// Since when the first of them is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub missed_since: Option<Instant>,
    /// When one of them was last asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub asked_at: Option<Instant>,
    /// Questions in the last 24 hours.
    pub asked: u64,
    /// How many there may be.
    pub budget: u32,
    /// Why nothing is asked, when that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl CanariesStatus {
    /// The sum of them all, for the partner that keeps them.
    pub fn of(canaries: &Canaries) -> Self {
        let alive = || canaries.canaries.iter().filter(|one| one.state != CanaryState::Retired);
        let count = |wanted: fn(&Canary) -> bool| alive().filter(|one| wanted(one)).count() as u64;
        Self {
            own: count(|one| one.source.is_some() && one.state != CanaryState::Waiting),
            others: count(|one| one.source.is_none()),
            waiting: count(|one| one.state == CanaryState::Waiting),
            missed: count(|one| one.state == CanaryState::Missed),
            missed_since: alive().filter_map(|one| one.missed_at).min(),
            asked_at: canaries.canaries.iter().filter_map(|one| one.asked_at).max(),
            asked: canaries.asked,
            budget: canaries.budget,
            problem: canaries.problem.clone(),
        }
    }
}

/// One canary. Which subject it is, is not said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Canary {
    /// Its name.
    #[schema(value_type = String)]
    pub id: CanaryId,
    /// Who registered it.
    #[schema(value_type = String)]
    pub holder: Oin,
    /// In which category.
    #[schema(value_type = String)]
    pub category: Category,
    /// Under which of the own sources; absent when it is another partner's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub source: Option<SourceName>,
    /// How far it is.
    pub state: CanaryState,
    /// When it ends.
    #[schema(value_type = String)]
    pub ends_at: Instant,
    /// When it was last asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub asked_at: Option<Instant>,
    /// Since when it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub missed_at: Option<Instant>,
}

/// How far a canary is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CanaryState {
    /// It is asked for.
    Live,
    /// The index does not give it.
    Missed,
    /// It is on its way out.
    Retired,
    /// The switchboard has not acknowledged it yet.
    Waiting,
}

/// Makes a canary: `POST /v1/canaries`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MakeCanary {
    /// In which category.
    #[schema(value_type = String)]
    pub category: Category,
}

/// Lets a canary end: `POST /v1/canaries/{id}/_retire`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RetireCanary {
    /// Also when other partners were told of it, and will miss it.
    #[serde(default)]
    pub anyway: bool,
}

/// Asks for canaries now: `POST /v1/canaries/_ask`. All that are live when none is named; within the day's budget.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AskCanaries {
    /// Which.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub ids: Vec<CanaryId>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CanariesAsked {
    /// One per canary that was asked for.
    pub answers: Vec<CanaryAnswer>,
    /// How many were left out because the day's budget is used up.
    pub left_out: u64,
}

/// What came of one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CanaryAnswer {
    /// Which canary.
    #[schema(value_type = String)]
    pub id: CanaryId,
    /// What came of it.
    pub outcome: CanaryOutcome,
    /// Whether it is missing by now: twice not given, or three times no answer.
    pub missed: bool,
    /// Why there was no answer, or no question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a question about a canary came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CanaryOutcome {
    /// The index has it.
    Found,
    /// The index answered, and does not have it.
    NotFound,
    /// Nothing was asked: it is not to be expected now, or the agreement does not let this partner see it.
    NotAsked,
    /// There was no answer.
    Unanswered,
}

/// Canaries for another partner to ask for: `POST /v1/canaries/_export`. Whoever runs the index must not see it: then it
/// knows what not to leave out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CanaryFile {
    /// [`CANARY_FILE_FORMAT`].
    pub format: u32,
    /// In which chain.
    #[schema(value_type = String)]
    pub chain: ChainName,
    /// Who registered them.
    #[schema(value_type = String)]
    pub holder: Oin,
    /// At most [`MOST_IN_A_FILE`].
    pub canaries: Vec<ExportedCanary>,
}

/// One of them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportedCanary {
    /// The subject: `case:canary:…`.
    pub subject: String,
    /// In which category it is registered.
    #[schema(value_type = String)]
    pub category: Category,
    /// It is registered until then.
    #[schema(value_type = String)]
    pub until: Instant,
}

impl fmt::Debug for CanaryFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CanaryFile").field("holder", &self.holder).finish_non_exhaustive()
    }
}

impl fmt::Debug for ExportedCanary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExportedCanary").field("category", &self.category).finish_non_exhaustive()
    }
}

/// Takes over another partner's canaries: `POST /v1/canaries/_import`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImportCanaries {
    /// What the other partner exported.
    pub file: CanaryFile,
    /// Registers an own pointer about each of them too, in this category: then they are asked for as `listed`, and nobody
    /// has to review the questions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub register_as: Option<Category>,
}

/// What became of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CanariesImported {
    /// New here.
    pub imported: u64,
    /// Known already.
    pub known: u64,
}

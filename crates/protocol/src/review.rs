//! Reviews of questions on a motivated or emergency ground: `/v1/reviews`.

use kw_domain::{ActorId, CaseReference, Category, Instant, Oin, Purpose, ReviewId, Role, TransactionId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::query::{Actor, RelationBasis};

/// Most reviews of one page.
pub const LARGEST_PAGE: u32 = 200;
/// Reviews of one page when nothing else is asked.
pub const PAGE: u32 = 50;
/// Longest note of a reviewer, in bytes.
pub const LONGEST_NOTE: usize = 500;

/// Whether it was right to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// There was a ground.
    Justified,
    /// There was none.
    Unjustified,
}

impl Verdict {
    /// The verdict with this word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Justified, Self::Unjustified].into_iter().find(|verdict| verdict.code() == text)
    }

    /// The word in messages and records.
    pub fn code(self) -> &'static str {
        match self {
            Self::Justified => "justified",
            Self::Unjustified => "unjustified",
        }
    }
}

/// Where a review is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReviewState {
    /// There was a ground.
    Justified,
    /// Nobody judged yet.
    Open,
    /// There was no ground.
    Unjustified,
}

impl From<Option<Verdict>> for ReviewState {
    fn from(verdict: Option<Verdict>) -> Self {
        match verdict {
            None => Self::Open,
            Some(Verdict::Justified) => Self::Justified,
            Some(Verdict::Unjustified) => Self::Unjustified,
        }
    }
}

/// Asks for reviews: `POST /v1/reviews/_search`. A partner sees its own; an auditor sees everybody's. Recorded before it is
/// answered.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReviewSearch {
    /// The person who reads. Who does not review for a partner sees their own questions only.
    pub reader: Actor,
    /// Only in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<ReviewState>,
    /// Only those that were, or were not, passed on because nobody judged in time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalated: Option<bool>,
    /// Only those that are due before then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub due_before: Option<Instant>,
    /// Only of this partner. For auditors; a partner sees its own whatever it says here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub party: Option<Oin>,
    /// What the page before gave as `nextCursor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most so many, 1 to 200; 50 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// One page of reviews, in the order in which they were opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReviewPage {
    /// The reviews.
    pub reviews: Vec<Review>,
    /// For the next page; nothing when this was the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A question on a motivated or emergency ground, and what was found of it. Whom it was about is not told: the record with
/// the same transaction is in the asker's own log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// This review.
    #[schema(value_type = String)]
    pub id: ReviewId,
    /// Whose question it was.
    #[schema(value_type = String)]
    pub party: Oin,
    /// Who asked, and as what.
    pub asker: Asker,
    /// Why.
    #[schema(value_type = String)]
    pub purpose: Purpose,
    /// Which kinds of data were searched.
    #[schema(value_type = Vec<String>)]
    pub categories: Vec<Category>,
    /// For which case.
    #[schema(value_type = String)]
    pub case: CaseReference,
    /// On what ground.
    pub ground: RelationBasis,
    /// The ground in the asker's own words.
    pub reason: String,
    /// The exchange in which it was asked.
    #[schema(value_type = String)]
    pub transaction: TransactionId,
    /// When it was asked.
    #[schema(value_type = String)]
    pub opened_at: Instant,
    /// To be judged before then.
    #[schema(value_type = String)]
    pub due_at: Instant,
    /// When it was passed on because nobody judged in time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub escalated_at: Option<Instant>,
    /// Where it is.
    pub state: ReviewState,
    /// Who judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reviewer: Option<ActorId>,
    /// In the reviewer's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When it was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub decided_at: Option<Instant>,
}

/// The person who asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Asker {
    /// As their organisation knows them.
    #[schema(value_type = String)]
    pub id: ActorId,
    /// What they are to their organisation.
    #[schema(value_type = String)]
    pub role: Role,
}

/// What a signal about a review leads to, for whoever got it: no persons and nothing that they wrote.
/// `GET /v1/reviews/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReviewNotice {
    /// The review.
    #[schema(value_type = String)]
    pub id: ReviewId,
    /// Whose question it was.
    #[schema(value_type = String)]
    pub party: Oin,
    /// Why.
    #[schema(value_type = String)]
    pub purpose: Purpose,
    /// Which kinds of data were searched.
    #[schema(value_type = Vec<String>)]
    pub categories: Vec<Category>,
    /// On what ground.
    pub ground: RelationBasis,
    /// When it was asked.
    #[schema(value_type = String)]
    pub opened_at: Instant,
    /// To be judged before then.
    #[schema(value_type = String)]
    pub due_at: Instant,
    /// Whether nobody judged in time.
    pub escalated: bool,
    /// Where it is.
    pub state: ReviewState,
}

/// A reviewer's judgement: `POST /v1/reviews/{id}/verdict`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GiveVerdict {
    /// The reviewer, in a role that reviews; never who asked.
    pub actor: Actor,
    /// Whether it was right to ask.
    pub verdict: Verdict,
    /// In the reviewer's own words, at most 500 bytes. Never any personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_says_its_word() {
        for verdict in [Verdict::Justified, Verdict::Unjustified] {
            assert_eq!(Verdict::parse(verdict.code()), Some(verdict));
            assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.code());
        }
        assert_eq!(ReviewState::from(None), ReviewState::Open);
    }
}

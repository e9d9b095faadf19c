//! Reviews: questions on a motivated or emergency ground, until somebody of the asker's organisation judged them.

use std::fmt;

use kw_domain::{
    ActorId, CaseReference, Category, Instant, Oin, Purpose, ReviewId, Role, SubjectId, TransactionId,
};
use kw_protocol::query::RelationBasis;
use kw_protocol::review::Verdict;

use crate::error::StoreError;

/// A question that is to be reviewed, or was.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredReview {
    /// Its id, which begins with the time of the question.
    pub id: ReviewId,
    /// Whom the question was about.
    pub subject: SubjectId,
    /// Whose question it was.
    pub party: Oin,
    /// Who asked.
    pub actor: ActorId,
    /// As what.
    pub role: Role,
    /// Why.
    pub purpose: Purpose,
    /// Which kinds of data were searched.
    pub categories: Vec<Category>,
    /// For which case.
    pub case: CaseReference,
    /// On what ground.
    pub ground: RelationBasis,
    /// The ground in the asker's own words.
    pub reason: String,
    /// The exchange in which it was asked: its record says the same.
    pub transaction: TransactionId,
    /// When it was asked.
    pub opened_at: Instant,
    /// To be judged before then.
    pub due_at: Instant,
    /// When it was passed on because nobody judged it in time.
    pub escalated_at: Option<Instant>,
    /// What came of it.
    pub decision: Option<ReviewDecision>,
}

/// What a reviewer found.
#[derive(Clone, PartialEq, Eq)]
pub struct ReviewDecision {
    /// Whether it was right to ask.
    pub verdict: Verdict,
    /// Who judged.
    pub reviewer: ActorId,
    /// In the reviewer's own words.
    pub note: Option<String>,
    /// When.
    pub at: Instant,
}

impl fmt::Debug for StoredReview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither persons nor what they wrote stand in logs.
        f.debug_struct("StoredReview")
            .field("id", &self.id)
            .field("party", &self.party)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ReviewDecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReviewDecision")
            .field("verdict", &self.verdict)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

/// Which reviews are meant; all that is left out does not matter.
#[derive(Debug, Clone, Default)]
pub struct ReviewFilter {
    /// Of this organisation.
    pub party: Option<Oin>,
    /// Of questions that this person asked.
    pub actor: Option<ActorId>,
    /// Whether judged.
    pub decided: Option<bool>,
    /// With this verdict.
    pub verdict: Option<Verdict>,
    /// Whether passed on because nobody judged in time.
    pub escalated: Option<bool>,
    /// Due before then.
    pub due_before: Option<Instant>,
    /// Opened after this one.
    pub after: Option<ReviewId>,
}

/// Reading reviews.
pub trait ReviewsRead {
    /// One review.
    fn review(&mut self, id: ReviewId) -> Result<Option<StoredReview>, StoreError>;
    /// At most `limit` reviews, in the order in which they were opened.
    fn reviews(&mut self, filter: &ReviewFilter, limit: u32) -> Result<Vec<StoredReview>, StoreError>;
    /// At most `limit` reviews that wait, are due and were not passed on yet.
    fn overdue_reviews(&mut self, now: Instant, limit: u32) -> Result<Vec<StoredReview>, StoreError>;
    /// How many wait, and how many of those were passed on.
    fn count_reviews(&mut self) -> Result<(u64, u64), StoreError>;
}

/// Changing reviews.
pub trait ReviewsWrite {
    /// Adds a review.
    fn open_review(&mut self, review: &StoredReview) -> Result<(), StoreError>;
    /// Stores what came of a review. `false` when something came of it before, or there is no such review.
    fn decide_review(&mut self, id: ReviewId, decision: &ReviewDecision) -> Result<bool, StoreError>;
    /// Notes that a review was passed on. `false` when it was before, or does not wait any more.
    fn escalate_review(&mut self, id: ReviewId, now: Instant) -> Result<bool, StoreError>;
    /// Removes reviews that were opened before a moment; tells how many.
    fn forget_reviews(&mut self, before: Instant) -> Result<u64, StoreError>;
}

//! Matches, and the relations between persons that family matches follow.
//!
//! What makes a match is computed by whoever changes pointers, in the same transaction. Writers hold the log's head, so
//! there is one of them at a time; that there is one live match of one person or pair is a constraint beside that.

use std::collections::BTreeSet;
use std::fmt;

use kw_domain::{Category, Instant, MatchId, Oin, PointerId, RelationId, SubjectId};
use kw_protocol::matching::{MatchKind, MatchState};

use crate::error::StoreError;

/// Whom a match is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// One person.
    Person(SubjectId),
    /// Two persons who belong together, the smaller id first.
    Family(SubjectId, SubjectId),
}

impl About {
    /// Two different persons, in either order.
    pub fn family(one: SubjectId, other: SubjectId) -> Self {
        if one < other { Self::Family(one, other) } else { Self::Family(other, one) }
    }

    /// What is told of it.
    pub fn kind(self) -> MatchKind {
        match self {
            Self::Person(_) => MatchKind::Person,
            Self::Family(..) => MatchKind::Family,
        }
    }

    /// Everybody it is about.
    pub fn subjects(self) -> impl Iterator<Item = SubjectId> {
        let (first, second) = match self {
            Self::Person(subject) => (subject, None),
            Self::Family(one, other) => (one, Some(other)),
        };
        std::iter::once(first).chain(second)
    }
}

impl fmt::Debug for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("About(…)")
    }
}

/// A match as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredMatch {
    /// Its id: random beside the moment.
    pub id: MatchId,
    /// One person or two.
    pub kind: MatchKind,
    /// Whom it is about; gone some time after it ended.
    pub about: Option<About>,
    /// Where it is.
    pub state: MatchState,
    /// Year and month in which it arose, by the Dutch calendar: 202611.
    pub month: i32,
    /// Every category in which its holders were found.
    pub categories: BTreeSet<Category>,
    /// When it arose.
    pub arisen_at: Instant,
    /// The holders make contact before then.
    pub contact_by: Instant,
    /// When it was escalated.
    pub escalated_at: Option<Instant>,
    /// When a holder said that they are in contact.
    pub contacted_at: Option<Instant>,
    /// When a coordinator said that help is coordinated.
    pub coordinated_at: Option<Instant>,
    /// When it dissolved.
    pub ended_at: Option<Instant>,
    /// Who holds, and who did while others still do.
    pub holders: Vec<StoredMatchHolder>,
}

/// One holder of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredMatchHolder {
    /// The holder.
    pub holder: Oin,
    /// Since when.
    pub joined_at: Instant,
    /// When it had read of the match.
    pub notified_at: Option<Instant>,
    /// When it said that it is in contact.
    pub contacted_at: Option<Instant>,
    /// It has no live pointer any more, while others have.
    pub left_at: Option<Instant>,
}

impl fmt::Debug for StoredMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredMatch")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl StoredMatch {
    /// Those that hold now, or did when it ended.
    pub fn present(&self) -> impl Iterator<Item = &StoredMatchHolder> {
        self.holders.iter().filter(|one| one.left_at.is_none())
    }
}

/// Something that counts for a match: active, valid, of a holder whose lease stands.
#[derive(Debug, Clone)]
pub struct LivePointer {
    /// Whom it is about.
    pub subject: SubjectId,
    /// Whose it is.
    pub holder: Oin,
    /// In which category.
    pub category: Category,
    /// Its id.
    pub id: PointerId,
}

/// Which matches are meant; all that is left out does not matter.
#[derive(Debug, Clone, Default)]
pub struct MatchFilter {
    /// In which this party has, or had, part.
    pub holder: Option<Oin>,
    /// In this state.
    pub state: Option<MatchState>,
    /// Whether they live.
    pub live: Option<bool>,
    /// Older than this one.
    pub before: Option<MatchId>,
}

/// How many matches of a month are in a state, for one set of categories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchCount {
    /// 202611.
    pub month: i32,
    /// Where they are.
    pub state: MatchState,
    /// The categories in which they were found.
    pub categories: BTreeSet<Category>,
    /// How many.
    pub count: u64,
}

/// Two persons who belong together, by a registrar's word.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredRelation {
    /// Its id.
    pub id: RelationId,
    /// The smaller of the two.
    pub one: SubjectId,
    /// The greater.
    pub other: SubjectId,
    /// How, in the registrar's word.
    pub kind: String,
    /// By whose word.
    pub registrar: Oin,
    /// Since when.
    pub declared_at: Instant,
}

impl fmt::Debug for StoredRelation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredRelation").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Reading matches and relations.
pub trait MatchesRead {
    /// One match, live or ended.
    fn found_match(&mut self, id: MatchId) -> Result<Option<StoredMatch>, StoreError>;
    /// At most `limit` matches, newest first.
    fn found_matches(&mut self, filter: &MatchFilter, limit: u32) -> Result<Vec<StoredMatch>, StoreError>;
    /// The live matches in which any of these persons has part.
    fn live_matches_about(&mut self, subjects: &[SubjectId]) -> Result<Vec<StoredMatch>, StoreError>;
    /// The match about this person or pair that ended last, if that was after a moment.
    fn ended_match_about(&mut self, about: About, after: Instant) -> Result<Option<StoredMatch>, StoreError>;
    /// Live matches after a given one, in the order of their ids.
    fn live_matches_after(
        &mut self,
        after: Option<MatchId>,
        limit: u32,
    ) -> Result<Vec<StoredMatch>, StoreError>;
    /// At most `limit` matches about which nobody made contact before a moment and that were not escalated.
    fn uncontacted_matches(&mut self, now: Instant, limit: u32) -> Result<Vec<StoredMatch>, StoreError>;
    /// How many live matches there are about which nobody made contact before a moment, escalated or not.
    fn count_overdue_matches(&mut self, now: Instant) -> Result<u64, StoreError>;
    /// What counts about these persons.
    fn live_pointers_of(
        &mut self,
        subjects: &[SubjectId],
        now: Instant,
    ) -> Result<Vec<LivePointer>, StoreError>;
    /// Persons after a given one who have active pointers of several holders in any of these categories.
    fn held_by_several(
        &mut self,
        categories: &[Category],
        after: Option<SubjectId>,
        limit: u32,
    ) -> Result<Vec<SubjectId>, StoreError>;
    /// How many matches there are, by month, state and set of categories.
    fn count_matches(&mut self) -> Result<Vec<MatchCount>, StoreError>;
    /// One relation.
    fn relation(&mut self, id: RelationId) -> Result<Option<StoredRelation>, StoreError>;
    /// The relations in which any of these persons has part.
    fn relations_of(&mut self, subjects: &[SubjectId]) -> Result<Vec<StoredRelation>, StoreError>;
    /// Relations after a given one, in the order of their ids.
    fn relations_after(
        &mut self,
        after: Option<RelationId>,
        limit: u32,
    ) -> Result<Vec<StoredRelation>, StoreError>;
}

/// Changing matches and relations.
pub trait MatchesWrite {
    /// Adds matches with their holders. [`StoreError::Duplicate`] when one of them has a live match already.
    fn insert_matches(&mut self, matches: &[StoredMatch]) -> Result<(), StoreError>;
    /// Stores what changed about a match and its holders.
    fn update_match(&mut self, changed: &StoredMatch) -> Result<(), StoreError>;
    /// Notes that a holder has read of these matches; those of which every holder has, become notified.
    fn note_match_told(&mut self, holder: Oin, told: &[MatchId], at: Instant) -> Result<(), StoreError>;
    /// Removes whom matches were about that ended before a moment.
    fn detach_matches(&mut self, ended_before: Instant) -> Result<u64, StoreError>;
    /// Removes matches that ended before a moment.
    fn forget_matches(&mut self, ended_before: Instant) -> Result<u64, StoreError>;
    /// Adds a relation. [`StoreError::Duplicate`] when this registrar declared the same one.
    fn insert_relation(&mut self, relation: &StoredRelation) -> Result<(), StoreError>;
    /// Removes a relation.
    fn delete_relation(&mut self, id: RelationId) -> Result<(), StoreError>;
}

pub(crate) fn kind_number(kind: MatchKind) -> i16 {
    place(MatchKind::ALL, kind)
}

pub(crate) fn kind_from(number: i16) -> Result<MatchKind, StoreError> {
    at(MatchKind::ALL, number, "match kind")
}

pub(crate) fn state_number(state: MatchState) -> i16 {
    place(MatchState::ALL, state)
}

pub(crate) fn state_from(number: i16) -> Result<MatchState, StoreError> {
    at(MatchState::ALL, number, "match state")
}

/// The place in a list that never changes its order is what the database holds.
fn place<T: PartialEq + Copy>(all: &[T], one: T) -> i16 {
    all.iter().position(|other| *other == one).unwrap_or_default() as i16
}

fn at<T: Copy>(all: &[T], number: i16, what: &'static str) -> Result<T, StoreError> {
    usize::try_from(number).ok().and_then(|place| all.get(place).copied()).ok_or(StoreError::Damaged(what))
}

//! Matches: several holders have live pointers about the same person, or about two persons who belong together.
//! `/v1/matches` and `/v1/relations` (docs/match.md).
//!
//! Nothing here says whom a match is about. A holder finds that by its own pointers; a coordinator does not find it.

use std::fmt;

use kw_domain::{Category, Instant, MatchId, PointerId, RelationId, SourceName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::dossier::Party;
use crate::pointer::SubjectElement;
use crate::query::Actor;

/// Most matches of one page.
pub const LARGEST_PAGE: u32 = 200;
/// Matches of one page when nothing else is asked.
pub const PAGE: u32 = 50;
/// Numbers below this one are not told in figures.
pub const SMALLEST_FIGURE: u64 = 5;
/// Longest kind of a relation, in bytes.
pub const LONGEST_KIND: usize = 64;

macro_rules! words {
    ($($(#[$doc:meta])+ $name:ident { $($(#[$variant_doc:meta])+ $variant:ident = $word:literal),+ $(,)? })+) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$variant_doc])+ $variant,)+ }

        impl $name {
            /// All of them, in the order in which the database counts them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word in messages.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The one with this word.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == text)
            }
        }
    )+};
}

words! {
    /// About whom a match is.
    MatchKind {
        /// One person.
        Person = "person",
        /// Two persons who were declared to belong together.
        Family = "family",
    }

    /// How far the holders have come with a match.
    MatchState {
        /// It is there, and not every holder has read so.
        Arisen = "arisen",
        /// Every holder was told.
        Notified = "notified",
        /// A holder says that they speak to each other.
        InContact = "in-contact",
        /// The coordinator says that help is coordinated.
        Coordinated = "coordinated",
        /// It dissolved before that: fewer than two holders were left.
        Lapsed = "lapsed",
    }
}

/// Which matches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MatchesAsked {
    /// In this state only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<MatchState>,
    /// Only those that are live, or only those that ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<bool>,
    /// What the page before gave as `nextCursor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most so many, 1 to 200; 50 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// One page of matches, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MatchPage {
    /// The matches.
    pub matches: Vec<Match>,
    /// For the next page; nothing when this was the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A match, as far as whoever reads it may know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Match {
    /// This match: random, and the `about` of its signals.
    #[schema(value_type = String)]
    pub id: MatchId,
    /// About one person or two.
    pub kind: MatchKind,
    /// How far it is.
    pub state: MatchState,
    /// When it arose.
    #[schema(value_type = String)]
    pub arisen_at: Instant,
    /// The holders make contact before then; otherwise it is escalated.
    #[schema(value_type = String)]
    pub contact_by: Instant,
    /// When it was escalated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub escalated_at: Option<Instant>,
    /// When a holder said that they are in contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub contacted_at: Option<Instant>,
    /// When a coordinator said that help is coordinated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub coordinated_at: Option<Instant>,
    /// When it dissolved, or ended for the holder that reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub ended_at: Option<Instant>,
    /// Who sees every match of the chain and coordinates (regievoerders), and where they are reached.
    pub coordinators: Vec<Contact>,
    /// The holders: all of them while it lives. Of what ended a holder sees itself only.
    pub holders: Vec<MatchedHolder>,
}

/// A party and where it is reached about a match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    /// The party.
    #[serde(flatten)]
    pub party: Party,
    /// Its contact point for coordination.
    pub contact: String,
}

/// One holder of a match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MatchedHolder {
    /// The holder.
    pub holder: Party,
    /// Where it is reached.
    pub contact: String,
    /// The pointers of the holder that reads; those of others are nobody's to see.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub own_pointers: Vec<PointerId>,
    /// When it had read of the match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub notified_at: Option<Instant>,
    /// When it said that it is in contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub contacted_at: Option<Instant>,
}

/// Follows a match up: `POST /v1/matches/{id}/_contact` by a holder, `/_coordinated` by a coordinator.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FollowUp {
    /// Who says so.
    pub actor: Actor,
}

/// Numbers about the matches of the chain, without persons and without parties.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MatchFigures {
    /// When they were counted.
    #[schema(value_type = String)]
    pub at: Instant,
    /// Numbers below this one are left out: they could tell of one person.
    pub smallest: u64,
    /// The numbers, by month, category and state.
    pub figures: Vec<MatchFigure>,
}

/// One number. A match in several categories counts in each of them, so these do not add up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MatchFigure {
    /// The month in which they arose, `YYYY-MM`.
    pub month: String,
    /// The category in which holders were found.
    #[schema(value_type = String)]
    pub category: Category,
    /// Where they are now.
    pub state: MatchState,
    /// How many; nothing when they are fewer than `smallest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

/// Declares that two persons belong together: `POST /v1/relations`, for registrars.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeclareRelation {
    /// One person.
    pub one: SubjectElement,
    /// The other one.
    pub other: SubjectElement,
    /// How, in a word of the registrar's (`parent-child`, `household`).
    pub kind: String,
    /// Who declares it.
    pub actor: Actor,
}

/// Ends a relation: `POST /v1/relations/{id}/_end`, for the registrar that declared it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndRelation {
    /// Who ends it.
    pub actor: Actor,
}

/// A declared relation, without the persons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Relation {
    /// This relation.
    #[schema(value_type = String)]
    pub id: RelationId,
    /// How they belong together.
    pub kind: String,
    /// Since when.
    #[schema(value_type = String)]
    pub declared_at: Instant,
    /// When it was ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub ended_at: Option<Instant>,
}

/// Declares a relation at the partner's local API, people by their numbers, which never leave the process.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RelationRequest {
    /// One person, in the canonical form (`nl.bsn:…`).
    pub one: String,
    /// The other one.
    pub other: String,
    /// How, in a word of the registrar's.
    pub kind: String,
    /// Who declares it.
    pub actor: Actor,
}

impl fmt::Debug for RelationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RelationRequest(…)")
    }
}

/// A match as the partner's own people see it: with their own records.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnMatch {
    /// What the switchboard tells.
    #[serde(flatten)]
    pub shared: Match,
    /// The own records behind the own pointers. Empty at a coordinator that is no holder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own_records: Vec<OwnRecord>,
}

/// A record of the partner's own that has part in a match.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnRecord {
    /// The pointer that stands for it.
    #[schema(value_type = String)]
    pub pointer: PointerId,
    /// What kind of data it is.
    #[schema(value_type = String)]
    pub category: Category,
    /// The source that has it.
    #[schema(value_type = String)]
    pub source: SourceName,
    /// The source's own key of the record.
    pub record: String,
}

impl fmt::Debug for OwnMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A record's key may stand for a person.
        f.debug_struct("OwnMatch").field("shared", &self.shared).finish_non_exhaustive()
    }
}

impl fmt::Debug for OwnRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnRecord").field("pointer", &self.pointer).finish_non_exhaustive()
    }
}

/// Whether a text can be the kind of a relation: lower-case words with hyphens.
pub fn is_relation_kind(text: &str) -> bool {
    let sound = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.len() <= LONGEST_KIND
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && !text.ends_with('-')
        && text.bytes().all(sound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for state in MatchState::ALL {
            assert_eq!(MatchState::parse(state.as_str()), Some(*state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        for kind in MatchKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }

    #[test]
    fn the_kind_of_a_relation_is_a_word() {
        for good in ["parent-child", "household", "a1"] {
            assert!(is_relation_kind(good), "{good}");
        }
        for bad in ["", "-", "Parent", "a b", "1a", "a-", "999990342", &"a".repeat(65)] {
            assert!(!is_relation_kind(bad), "{bad}");
        }
    }
}

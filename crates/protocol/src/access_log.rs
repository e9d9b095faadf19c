//! What an auditor reads of an access log, and how two auditors agree to find the records about one subject.

use kw_domain::{ActorId, Instant, Oin, ResolutionId, SubjectReference};
use kw_ledger::search::AccessFilter;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::pointer::SubjectElement;
use crate::{Bytes32, IdToken};

/// Most entries of one page.
pub const LARGEST_PAGE: u32 = 200;
/// Entries of one page when nothing else is asked.
pub const PAGE: u32 = 50;
/// Longest reason of a resolution, in bytes.
pub const LONGEST_REASON: usize = 500;

/// Asks for entries of the access log, newest first. Recorded, each page of it, before it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessLogSearch {
    /// The person who reads, as the auditing organisation knows them. It is recorded.
    #[schema(value_type = String)]
    pub auditor: ActorId,
    /// Where the page before ended: its `nextCursor`. It belongs to the same filter and resolution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Which records; all of them when left out.
    #[serde(default)]
    pub filter: AccessFilter,
    /// Only this entry, whatever it says: the number of its place. It stands alone, without cursor, filter or resolution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// At most so many entries, 1 to 200; 50 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// For a search under a resolution that was agreed on with ID tokens: this person's, as then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub proof: Option<IdToken>,
    /// Only records about the subject of this resolution, which two auditors agreed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub resolution: Option<ResolutionId>,
}

/// One page of the access log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessLogPage {
    /// The entries, newest first.
    pub entries: Vec<AccessLogEntry>,
    /// How many entries were looked at for this page: a page has a bound, and may be empty before the end.
    pub looked_at: u64,
    /// For the next page; nothing when this was the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// The name of the log.
    pub origin: String,
    /// How many entries the log had when this page was read.
    pub size: u64,
}

/// One entry. Record and salt give back the leaf: `SHA-256("ketenwijzer-leaf-v1" ‖ salt ‖ record)` (docs/api.md).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessLogEntry {
    /// Whether record and salt were erased at the end of their term; the leaf stays.
    pub erased: bool,
    /// Its place in the log.
    pub index: u64,
    /// What the tree commits to.
    #[schema(value_type = String)]
    pub leaf: Bytes32,
    /// Canonical JSON (RFC 8785), byte for byte as it was committed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// For a search under a resolution: what this entry calls the subject, more than once where a batch has it more than
    /// once. The others in the batch are not named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub references: Vec<SubjectReference>,
    /// What opens the leaf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub salt: Option<Bytes32>,
}

/// Asks to find the records about one subject: the one that a record of this log is about (`index` and `reference`) or, at
/// the switchboard, one that is given as the pseudonymiser's evaluation (`subject`). A second person has to agree.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestResolution {
    /// The person who asks, as the auditing organisation knows them. It is recorded.
    #[schema(value_type = String)]
    pub auditor: ActorId,
    /// The ID token with which this person signed in at the provider of the agreement's `[console]`. Two persons who both show
    /// one may have the same certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub proof: Option<IdToken>,
    /// Why, in the auditor's own words; at most 500 bytes and never any personal data. It is recorded.
    pub reason: String,
    /// The entry whose record the reference is from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// The subject reference of a record in this log; goes with `index`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reference: Option<SubjectReference>,
    /// The subject as its requester would send it in a query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectElement>,
}

/// Agrees to another auditor's request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApproveResolution {
    /// The person who agrees, as the auditing organisation knows them. It is recorded.
    #[schema(value_type = String)]
    pub auditor: ActorId,
    /// The ID token with which this person signed in at the provider of the agreement's `[console]`. Two persons who both show
    /// one may have the same certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub proof: Option<IdToken>,
}

/// A request to find the records about one subject. It never says who that is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resolution {
    /// The person and the organisation that agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<ResolvingAuditor>,
    /// Until when it can be agreed to, and once it is, used.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Instant,
    /// Its name.
    #[schema(value_type = String)]
    pub id: ResolutionId,
    /// Why, in the auditor's own words.
    pub reason: String,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub requested_at: Instant,
    /// The person and the organisation that asked.
    pub requested_by: ResolvingAuditor,
    /// Where it is.
    pub state: ResolutionState,
}

/// Somebody who took part in a resolution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResolvingAuditor {
    /// The person, as their organisation knows them.
    #[schema(value_type = String)]
    pub auditor: ActorId,
    /// The organisation.
    #[schema(value_type = String)]
    pub party: Oin,
}

/// Where a resolution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ResolutionState {
    /// Two auditors agreed: the records can be searched.
    Approved,
    /// A second auditor has to agree.
    Requested,
}

/// The resolutions that wait for a second auditor or can be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResolutionList {
    /// Oldest first; at most 100.
    pub resolutions: Vec<Resolution>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_needs_a_person_and_nothing_else() {
        let search: AccessLogSearch = serde_json::from_str(r#"{"auditor":"a.auditor"}"#).unwrap();
        assert_eq!(search.filter, AccessFilter::default());
        for text in
            ["{}", r#"{"auditor":""}"#, r#"{"auditor":"a","subject":{}}"#, r#"{"auditor":"a","filter":null}"#]
        {
            assert!(serde_json::from_str::<AccessLogSearch>(text).is_err(), "{text}");
        }
    }
}

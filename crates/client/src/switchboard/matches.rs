//! Matches, and the relations that family matches follow.

use kw_domain::{MatchId, RelationId};
use kw_protocol::matching::{
    DeclareRelation, EndRelation, FollowUp, Match, MatchFigures, MatchPage, MatchesAsked, Relation,
};
use reqwest::Method;

use super::SwitchboardClient;
use crate::ClientError;
use crate::http::{PAGE, SMALL, json};

/// What reads is never repeated: each reading leaves a record. What changes may be: the second time finds the state that the
/// first made.
impl SwitchboardClient {
    /// One page of the own matches; of everybody's for a coordinator.
    pub async fn matches(&self, asked: &MatchesAsked) -> Result<MatchPage, ClientError> {
        let query = parameters(asked);
        let query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.once(self.service.request_with(Method::GET, &["v1", "matches"], &query), PAGE).await
    }

    /// One match.
    pub async fn found_match(&self, id: MatchId) -> Result<Match, ClientError> {
        let id = id.to_string();
        self.once(self.service.request(Method::GET, &["v1", "matches", &id]), SMALL).await
    }

    /// Says, as a holder, that the holders of a match are in contact.
    pub async fn say_contact(&self, id: MatchId, given: &FollowUp) -> Result<Match, ClientError> {
        let id = id.to_string();
        self.repeat(SMALL, || json(self.post(&["matches", &id, "_contact"]), given)).await
    }

    /// Says, as a coordinator, that help is coordinated.
    pub async fn say_coordinated(&self, id: MatchId, given: &FollowUp) -> Result<Match, ClientError> {
        let id = id.to_string();
        self.repeat(SMALL, || json(self.post(&["matches", &id, "_coordinated"]), given)).await
    }

    /// Numbers about all matches, for coordinators and auditors.
    pub async fn match_figures(&self) -> Result<MatchFigures, ClientError> {
        self.once(self.service.request(Method::GET, &["v1", "matches", "_figures"]), PAGE).await
    }

    /// Declares that two persons belong together.
    pub async fn declare_relation(&self, relation: &DeclareRelation) -> Result<Relation, ClientError> {
        self.repeat(SMALL, || json(self.post(&["relations"]), relation)).await
    }

    /// Ends a relation that this party declared. Not repeated: a second time finds none.
    pub async fn end_relation(&self, id: RelationId, end: &EndRelation) -> Result<Relation, ClientError> {
        self.once(json(self.post(&["relations", &id.to_string(), "_end"]), end)?, SMALL).await
    }
}

/// What is asked, as parameters of a request.
pub(crate) fn parameters(asked: &MatchesAsked) -> Vec<(&'static str, String)> {
    let MatchesAsked { state, live, cursor, limit } = asked;
    let mut parameters = Vec::new();
    parameters.extend(state.map(|state| ("state", state.as_str().to_owned())));
    parameters.extend(live.map(|live| ("live", live.to_string())));
    parameters.extend(cursor.clone().map(|cursor| ("cursor", cursor)));
    parameters.extend(limit.map(|limit| ("limit", limit.to_string())));
    parameters
}

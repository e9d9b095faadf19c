//! Mandates of suppliers.

use kw_domain::DelegationId;
use kw_protocol::delegation::{ApproveDelegation, Delegation, Delegations, EndDelegation, RequestDelegation};
use reqwest::Method;

use super::SwitchboardClient;
use crate::ClientError;
use crate::http::{PAGE, SMALL, json};

impl SwitchboardClient {
    /// Asks that a supplier may act for the own organisation.
    pub async fn request_delegation(&self, asked: &RequestDelegation) -> Result<Delegation, ClientError> {
        self.once(json(self.post(&["delegations"]), asked)?, SMALL).await
    }

    /// Approves a mandate of the own organisation.
    pub async fn approve_delegation(
        &self,
        id: DelegationId,
        approval: &ApproveDelegation,
    ) -> Result<Delegation, ClientError> {
        let request = json(self.post(&["delegations", &id.to_string(), "approvals"]), approval)?;
        self.once(request, SMALL).await
    }

    /// Ends a mandate that the own organisation gave or was given.
    pub async fn end_delegation(
        &self,
        id: DelegationId,
        end: &EndDelegation,
    ) -> Result<Delegation, ClientError> {
        self.once(json(self.post(&["delegations", &id.to_string(), "end"]), end)?, SMALL).await
    }

    /// One mandate that the own organisation gave or was given.
    pub async fn delegation(&self, id: DelegationId) -> Result<Delegation, ClientError> {
        let id = id.to_string();
        self.repeat(SMALL, || Ok(self.service.request(Method::GET, &["v1", "delegations", &id]))).await
    }

    /// The mandates that the own organisation gave or was given.
    pub async fn delegations(&self) -> Result<Delegations, ClientError> {
        self.repeat(PAGE, || Ok(self.service.request(Method::GET, &["v1", "delegations"]))).await
    }
}

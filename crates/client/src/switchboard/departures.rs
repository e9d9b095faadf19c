//! Departures of partners.

use kw_domain::DepartureId;
use kw_protocol::departure::{Departure, DepartureAct, Departures, RequestDeparture};
use reqwest::Method;

use super::SwitchboardClient;
use crate::ClientError;
use crate::http::{PAGE, SMALL, json};

impl SwitchboardClient {
    /// Asks to leave.
    pub async fn request_departure(&self, asked: &RequestDeparture) -> Result<Departure, ClientError> {
        self.once(json(self.post(&["departures"]), asked)?, SMALL).await
    }

    /// Approves the own departure, or consents to take over.
    pub async fn approve_departure(
        &self,
        id: DepartureId,
        act: &DepartureAct,
    ) -> Result<Departure, ClientError> {
        self.once(json(self.post(&["departures", &id.to_string(), "approvals"]), act)?, SMALL).await
    }

    /// Withdraws what the successor has not taken over.
    pub async fn finish_departure(
        &self,
        id: DepartureId,
        act: &DepartureAct,
    ) -> Result<Departure, ClientError> {
        self.once(json(self.post(&["departures", &id.to_string(), "finish"]), act)?, SMALL).await
    }

    /// Calls a departure off, or comes back.
    pub async fn end_departure(&self, id: DepartureId, act: &DepartureAct) -> Result<Departure, ClientError> {
        self.once(json(self.post(&["departures", &id.to_string(), "end"]), act)?, SMALL).await
    }

    /// One departure.
    pub async fn departure(&self, id: DepartureId) -> Result<Departure, ClientError> {
        let id = id.to_string();
        self.repeat(SMALL, || Ok(self.service.request(Method::GET, &["v1", "departures", &id]))).await
    }

    /// The departures that the own organisation may see.
    pub async fn departures(&self) -> Result<Departures, ClientError> {
        self.repeat(PAGE, || Ok(self.service.request(Method::GET, &["v1", "departures"]))).await
    }
}

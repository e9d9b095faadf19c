//! The register of mandates.

use kw_domain::MandateId;
use kw_protocol::mandate::{
    CheckMandate, ConfirmMandate, Mandate, MandateChecked, Mandates, RegisterMandate, RegisteredMandate,
    SearchMandates, WithdrawMandate,
};
use reqwest::Method;

use super::SwitchboardClient;
use crate::ClientError;
use crate::http::{PAGE, SMALL, json};

/// All of these may be made twice: the second time finds the state that the first made. What only reads is an access of its
/// own each time, and is not repeated.
impl SwitchboardClient {
    /// Registers a mandate; the same one again gives the one that is there.
    pub async fn register_mandate(
        &self,
        mandate: &RegisterMandate,
    ) -> Result<RegisteredMandate, ClientError> {
        self.repeat(SMALL, || json(self.post(&["mandates"]), mandate)).await
    }

    /// Confirms a mandate for one of its sides.
    pub async fn confirm_mandate(
        &self,
        id: MandateId,
        confirmation: &ConfirmMandate,
    ) -> Result<Mandate, ClientError> {
        let id = id.to_string();
        self.repeat(SMALL, || json(self.post(&["mandates", &id, "confirmations"]), confirmation)).await
    }

    /// Takes a mandate back, for one of its sides or for the registrar itself.
    pub async fn withdraw_mandate(
        &self,
        id: MandateId,
        withdrawal: &WithdrawMandate,
    ) -> Result<Mandate, ClientError> {
        let id = id.to_string();
        self.repeat(SMALL, || json(self.post(&["mandates", &id, "withdrawal"]), withdrawal)).await
    }

    /// One mandate that this party registered.
    pub async fn mandate(&self, id: MandateId) -> Result<Mandate, ClientError> {
        let id = id.to_string();
        self.once(self.service.request(Method::GET, &["v1", "mandates", &id]), SMALL).await
    }

    /// The mandates of one person, of the kinds that this party may see.
    pub async fn search_mandates(&self, search: &SearchMandates) -> Result<Mandates, ClientError> {
        self.once(json(self.post(&["mandates", "_search"]), search)?, PAGE).await
    }

    /// Whether a mandate counts now, for these people, this act and these categories.
    pub async fn check_mandate(&self, check: &CheckMandate) -> Result<MandateChecked, ClientError> {
        self.once(json(self.post(&["mandates", "_check"]), check)?, SMALL).await
    }
}

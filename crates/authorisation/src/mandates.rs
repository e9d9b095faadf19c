//! The register of mandates as the authorisation server needs it.

use std::fmt;

use async_trait::async_trait;
use kw_client::{ClientError, SwitchboardClient};
use kw_protocol::mandate::{CheckMandate, MandateChecked};

/// The switchboard's register. [`SwitchboardClient`] is one; tests have another.
#[async_trait]
pub trait Mandates: fmt::Debug + Send + Sync {
    /// Whether this mandate counts now, for these people, this act and these categories.
    async fn check(&self, check: &CheckMandate) -> Result<MandateChecked, ClientError>;
}

#[async_trait]
impl Mandates for SwitchboardClient {
    async fn check(&self, check: &CheckMandate) -> Result<MandateChecked, ClientError> {
        Self::check_mandate(self, check).await
    }
}

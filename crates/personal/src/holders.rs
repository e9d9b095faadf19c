//! Holders' authorisation servers, as the service uses them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kw_agreement::Partner;
use kw_client::{AuthorisationClient, ClientError, Context};
use kw_domain::{Oin, TransactionId};
use kw_protocol::authorisation::{
    Collected, CollectionRequest, PushedAuthorisation, PushedRequest, SecretText, Token, TokenRequest,
};
use kw_transport::Tls;

/// What is asked of a holder.
#[async_trait]
pub trait Holders: Send + Sync {
    /// Pushes an authorisation request.
    async fn push(
        &self,
        holder: &Partner,
        request: &PushedRequest,
        transaction: TransactionId,
    ) -> Result<PushedAuthorisation, HolderError>;
    /// Exchanges a code.
    async fn token(
        &self,
        holder: &Partner,
        request: &TokenRequest,
        transaction: TransactionId,
    ) -> Result<Token, HolderError>;
    /// Collects one category.
    async fn collect(
        &self,
        holder: &Partner,
        token: &SecretText,
        request: &CollectionRequest,
        transaction: TransactionId,
    ) -> Result<Collected, HolderError>;
}

/// Why a holder gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HolderError {
    /// It refused.
    #[error("the holder refused")]
    Refused,
    /// It cannot be reached, or not now.
    #[error("the holder cannot be asked now")]
    Unavailable,
}

/// Holders over mutual TLS, where the agreement says they are.
pub struct ChainHolders {
    tls: Tls,
    context: Context,
    known: Mutex<HashMap<(Oin, String), AuthorisationClient>>,
}

impl ChainHolders {
    /// With the certificate of this personal environment.
    pub fn new(tls: Tls, context: Context) -> Self {
        Self { tls, context, known: Mutex::default() }
    }

    fn client(&self, holder: &Partner) -> Result<AuthorisationClient, HolderError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (holder.oin, holder.endpoint.clone());
        if let Some(client) = known.get(&name) {
            return Ok(client.clone());
        }
        let client = AuthorisationClient::new(&self.tls, holder, self.context.clone(), TIMEOUT)
            .map_err(|_| HolderError::Unavailable)?;
        known.insert(name, client.clone());
        Ok(client)
    }
}

#[async_trait]
impl Holders for ChainHolders {
    async fn push(
        &self,
        holder: &Partner,
        request: &PushedRequest,
        transaction: TransactionId,
    ) -> Result<PushedAuthorisation, HolderError> {
        self.client(holder)?.push(request, transaction).await.map_err(|error| failed(&error))
    }

    async fn token(
        &self,
        holder: &Partner,
        request: &TokenRequest,
        transaction: TransactionId,
    ) -> Result<Token, HolderError> {
        self.client(holder)?.token(request, transaction).await.map_err(|error| failed(&error))
    }

    async fn collect(
        &self,
        holder: &Partner,
        token: &SecretText,
        request: &CollectionRequest,
        transaction: TransactionId,
    ) -> Result<Collected, HolderError> {
        self.client(holder)?.collect(token, request, transaction).await.map_err(|error| failed(&error))
    }
}

fn failed(error: &ClientError) -> HolderError {
    match error {
        ClientError::Problem(refused) if refused.problem.status < 500 => HolderError::Refused,
        // An error of RFC 6749 is no problem details.
        ClientError::Malformed(_) => HolderError::Refused,
        _ => HolderError::Unavailable,
    }
}

/// A holder reads its source and asks the register of mandates meanwhile.
const TIMEOUT: Duration = Duration::from_secs(8);

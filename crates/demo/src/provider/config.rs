//! Who signs in, who asks, and where.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use kw_agreement::{Agreement, Environment};
use kw_domain::{Bsn, Clock, Oin};
use kw_transport::Tls;
use serde_json::Value;

use super::ProviderError;

/// A provider of statements.
#[derive(Clone)]
pub struct ProviderConfig {
    /// Where it listens: an address of this machine.
    pub listen: SocketAddr,
    /// Its issuer identifier, as the agreement has it: `https://` and where others reach that listener.
    pub issuer: String,
    /// Its certificate as a partner of the chain.
    pub tls: Tls,
    /// The chain's agreement.
    pub agreement: Arc<Agreement>,
    /// Who can sign in.
    pub accounts: Vec<Account>,
    /// Who may ask.
    pub clients: Vec<Client>,
    /// The file to which each statement is added.
    pub transactions: PathBuf,
    /// Where the time is read.
    pub clock: Arc<dyn Clock>,
}

/// A made-up person who can sign in.
#[derive(Clone)]
pub struct Account {
    /// What they sign in with.
    pub name: String,
    /// What only they know.
    pub secret: String,
    /// A test number.
    pub bsn: Bsn,
    /// The name that others read where they choose for whom they act.
    pub given_name: String,
    /// When they were born, where the provider knows: `YYYY-MM-DD`. A portal is told.
    pub birth_date: Option<String>,
    /// How sure the provider is of them: a URI. The weakest that the agreement accepts when left out.
    pub assurance: Option<String>,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("bsn", &self.bsn).finish_non_exhaustive()
    }
}

/// Somebody who may ask for statements.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its name here.
    pub id: String,
    /// Where people may be sent back to, exactly.
    pub redirect_uris: Vec<String>,
    /// The public key (a JWK for ES256) with which it shows who it is (`private_key_jwt`).
    pub key: Value,
    /// What it may be told.
    pub audience: Audience,
}

/// What a client may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// A holder: it may use the number by law.
    Holder,
    /// A personal environment: nothing but what ties people to this party.
    Personal(Oin),
    /// A portal where people see and choose, of a party that may use the number by law. It is told who acts and for whom in the
    /// words of DigiD's own profile, and how far the mandate goes.
    Portal,
}

impl ProviderConfig {
    /// Refuses everything that a provider of made-up people must not be.
    pub(super) fn check(&self) -> Result<(), ProviderError> {
        if self.agreement.environment() != Environment::Test {
            return Err(ProviderError::Production);
        }
        if !self.listen.ip().is_loopback() {
            return Err(ProviderError::BeyondLoopback { address: self.listen });
        }
        if self.accounts.iter().any(|account| !account.bsn.is_test_number()) {
            return Err(ProviderError::RealNumber);
        }
        match &self.agreement.representation().provider {
            Some(provider) if provider.issuer == self.issuer && provider.oin == self.tls.oin() => Ok(()),
            _ => Err(ProviderError::NotAgreed),
        }
    }
}

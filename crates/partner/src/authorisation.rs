//! The holder's authorisation server, with the clients of this process.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;
use async_trait::async_trait;
use kw_adapter::Vault;
use kw_adapter::pulls::Pulls;
use kw_authorisation::{
    AuthorisationServer, AuthorisationSettings, Mandates, OidcParts, OidcProvider, Parts, SettingsError,
};
use kw_client::ClientError;
use kw_identity::{AddressError, IdentitySettings, Providers, SigningKey};
use kw_protocol::mandate::{CheckMandate, MandateChecked};
use kw_runtime::{Entropy, SharedAgreement};
use kw_store::Store;
use kw_store::partner::Partner;
use kw_transport::{ClientOptions, web_client};
use zeroize::Zeroizing;

use crate::clients::Clients;
use crate::error::StartError;
use crate::people::Admission;

/// Why the authorisation server cannot be set up: for the operator.
#[derive(Debug, thiserror::Error)]
pub enum AuthorisationError {
    /// The key that the provider knows cannot be used.
    #[error("[authorisation] client_key {path}: no P-256 key in PKCS #8 (DER) can be read from it")]
    Key {
        /// The file.
        path: std::path::PathBuf,
    },
    /// People cannot reach it.
    #[error(
        "[authorisation] needs a public listener ([server] public), and the agreement must have this partner's \
         authorisation_endpoint"
    )]
    NoAddress,
    /// The address of the provider in the agreement cannot be used.
    #[error("the provider of statements: {0}")]
    Provider(#[from] AddressError),
    /// The agreement has no such purpose.
    #[error("[authorisation] purpose: the agreement has no such purpose")]
    Purpose,
    /// A setting is wrong.
    #[error("[authorisation] {0}")]
    Settings(#[from] SettingsError),
}

/// What the authorisation server shares with the rest of the process.
pub(crate) struct Shared<'a> {
    pub(crate) http: &'a kw_runtime::Http,
    pub(crate) identity: &'a IdentitySettings,
    pub(crate) agreement: &'a SharedAgreement,
    pub(crate) store: &'a Arc<Store<Partner>>,
    pub(crate) vault: &'a Vault,
    pub(crate) pulls: &'a Data<Pulls>,
    pub(crate) clients: &'a Arc<Clients>,
    pub(crate) admission: Admission,
    pub(crate) has_public_listener: bool,
}

/// Puts it together.
pub(crate) fn open(
    settings: AuthorisationSettings,
    shared: &Shared<'_>,
) -> Result<Data<AuthorisationServer>, StartError> {
    let (clock, entropy): (_, Entropy) = (Arc::clone(&shared.http.clock), shared.http.entropy.clone());
    let (agreement, holder) = (shared.agreement.clone(), shared.pulls.holder);
    let current = agreement.current();
    settings.check(current.environment()).map_err(AuthorisationError::from)?;
    let has_address = current.partner(holder).is_some_and(|own| own.authorisation_endpoint.is_some());
    if !shared.has_public_listener || !has_address {
        return Err(AuthorisationError::NoAddress.into());
    }
    if current.purpose(&settings.purpose).is_none() {
        return Err(AuthorisationError::Purpose.into());
    }
    let key = || AuthorisationError::Key { path: settings.client_key.clone() };
    let der = Zeroizing::new(fs::read(&settings.client_key).map_err(|_| key())?);
    let client_key = SigningKey::from_pkcs8(&der).map_err(|_| key())?;
    let options = ClientOptions { timeout: TIMEOUT, connect_timeout: CONNECT_TIMEOUT };
    let http = web_client(&shared.identity.roots, Arc::clone(&clock), options)?;
    let provider = OidcProvider::new(OidcParts {
        agreement: agreement.clone(),
        http,
        keys: Providers::new(shared.identity, Arc::clone(&clock))?,
        client_id: settings.client_id.clone(),
        client_key,
        clock: Arc::clone(&clock),
        entropy: entropy.clone(),
    });
    let admission = shared.admission;
    Ok(Data::new(AuthorisationServer::new(Parts {
        holder,
        settings,
        agreement,
        store: Arc::clone(shared.store),
        vault: shared.vault.clone(),
        pulls: shared.pulls.clone(),
        provider: Arc::new(provider),
        mandates: Arc::clone(shared.clients) as Arc<dyn Mandates>,
        pseudonymiser: Arc::clone(shared.clients) as Arc<_>,
        clock,
        entropy,
        admits: Arc::new(move |agreement, subject| admission.admits(agreement, subject)),
    })))
}

#[async_trait]
impl Mandates for Clients {
    async fn check(&self, check: &CheckMandate) -> Result<MandateChecked, ClientError> {
        self.current()?.switchboard.check_mandate(check).await
    }
}

/// For one exchange with the provider.
const TIMEOUT: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

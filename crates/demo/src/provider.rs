//! A provider of statements, shaped as DigiD with its register of mandates is: it signs made-up people in, lets them choose
//! for whom they act, and tells the holder or the personal environment who acts and for whom (docs/identity.md).
//!
//! It is an OpenID provider (code flow, PKCE with S256, `private_key_jwt`) and a partner of the chain: mandates are in the
//! switchboard's register, under pseudonyms, and only this provider knows which of its people they are between. The promises,
//! each with a test:
//!
//! - nobody but made-up people with test numbers, in a chain for tests, on this machine;
//! - a mandate is offered, and stated, only if the switchboard's register says at that moment that it is active;
//! - a number goes to a holder, or to the portal of a party that may use it by law, in the answer to its own request, and to nobody
//!   else: a personal environment gets the pairwise binding, which is worth nothing elsewhere;
//! - a sign-in that a browser began is signed in to, and chosen in, by that browser only;
//! - a code works once, for the client that asked, with the verifier of its challenge, for one minute;
//! - what is stated is on record before it is told; the record names nobody.

mod authorize;
mod config;
mod error;
mod interactions;
mod management;
mod metadata;
mod pages;
mod register;
mod state;
mod statement;
mod token;
mod transactions;
mod wire;

use std::fmt;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::HttpServer;
use actix_web::dev::ServerHandle;
use actix_web::web::{self, Data, ServiceConfig};
use kw_domain::{Clock, Instant};
use kw_identity::SigningKey;
use kw_runtime::{Entropy, Http, Metrics};
use kw_web::Pages;

pub use config::{Account, Audience, Client, ProviderConfig};
pub use error::ProviderError;
pub use wire::{
    Authenticated, Authentication, Choice, Choices, Chosen, Interaction, NewMandate, Offered, RegisteredHere,
    Statement, Statements, Taken, Withdrawal,
};

use register::Register;
use state::State;
use transactions::Transactions;

use crate::openid::{BadKey, Clients, METADATA};

/// What the handlers work with.
pub(crate) struct Provider {
    issuer: String,
    accounts: Vec<Account>,
    clients: Clients<Client>,
    /// The newest key signs; all are published.
    keys: Mutex<Vec<Arc<SigningKey>>>,
    register: Register,
    transactions: Transactions,
    state: Mutex<State>,
    /// Makes the pairwise names of people (OpenID Connect Core §8.1).
    salt: [u8; 32],
    pages: Pages,
    clock: Arc<dyn Clock>,
    entropy: Entropy,
}

/// A provider that runs. Dropped, it ends.
pub struct Running {
    provider: Data<Provider>,
    handle: ServerHandle,
}

/// Starts a provider. It answers when this returns.
pub fn serve(config: ProviderConfig) -> Result<Running, ProviderError> {
    config.check()?;
    let socket = TcpListener::bind(config.listen).map_err(ProviderError::Listen)?;
    let http = Http { clock: Arc::clone(&config.clock), ..Http::new(Metrics::new()) };
    let tls = config.tls.clone();
    let provider = Data::new(Provider::open(config, http.entropy.clone())?);
    let routed = provider.clone();
    let server = HttpServer::new(move || {
        let provider = routed.clone();
        http.app(move |config| routes(config, provider))
    })
    .workers(1)
    .disable_signals()
    .shutdown_timeout(1)
    .tcp_nodelay(true)
    .listen_rustls_0_23(socket, tls.public_server_config())
    .map_err(ProviderError::Listen)?
    .run();
    let handle = server.handle();
    tokio::spawn(server);
    Ok(Running { provider, handle })
}

impl Running {
    /// Its issuer identifier.
    pub fn issuer(&self) -> &str {
        &self.provider.issuer
    }

    /// Signs with a new key from now on. The old one stays published, so that what it signed can still be checked.
    pub fn rotate_key(&self) -> Result<(), ProviderError> {
        let key = SigningKey::generate().map_err(|_| ProviderError::Key)?;
        self.provider.keys().push(Arc::new(key));
        Ok(())
    }

    /// Ends it: requests under way are finished.
    pub async fn stop(self) {
        self.handle.stop(true).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Told, not waited for; after a stop it is over already.
        drop(self.handle.stop(false));
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("issuer", &self.provider.issuer).finish_non_exhaustive()
    }
}

impl Provider {
    fn open(config: ProviderConfig, entropy: Entropy) -> Result<Self, ProviderError> {
        let register = Register::new(&config, &entropy)?;
        let key = SigningKey::generate().map_err(|_| ProviderError::Key)?;
        Ok(Self {
            clients: Clients::new(
                config.clients.into_iter().map(|client| (client.id.clone(), client.key.clone(), client)),
            )
            .map_err(|BadKey(id)| ProviderError::ClientKey { id })?,
            transactions: Transactions::open(&config.transactions)?,
            accounts: config.accounts,
            issuer: config.issuer,
            keys: Mutex::new(vec![Arc::new(key)]),
            register,
            state: Mutex::default(),
            salt: entropy.draw(),
            pages: Pages::new("demo", WORDS)?,
            clock: config.clock,
            entropy,
        })
    }

    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keys(&self) -> MutexGuard<'_, Vec<Arc<SigningKey>>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn account(&self, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.name == name)
    }
}

fn routes(config: &mut ServiceConfig, provider: Data<Provider>) {
    config
        .app_data(provider)
        .service(web::resource(METADATA).route(web::get().to(metadata::discover)))
        .service(web::resource("/jwks").route(web::get().to(metadata::jwks)))
        .service(web::resource("/authorize").route(web::get().to(authorize::authorize)))
        .service(web::resource("/token").route(web::post().to(token::exchange)))
        .service(web::resource("/interactions/{id}").route(web::get().to(interactions::show)))
        .service(
            web::resource("/interactions/{id}/authentication")
                .route(web::post().to(interactions::authenticate)),
        )
        .service(web::resource("/interactions/{id}/mandates").route(web::get().to(interactions::offer)))
        .service(web::resource("/interactions/{id}/choice").route(web::post().to(interactions::choose)))
        .configure(Pages::routes)
        .service(
            web::resource(format!("{}/{{id}}", pages::PATH))
                .route(web::get().to(pages::show))
                .route(web::post().to(pages::authenticate)),
        )
        .service(web::resource(format!("{}/{{id}}/choice", pages::PATH)).route(web::post().to(pages::choose)))
        .service(web::resource(format!("{}/{{id}}/cancel", pages::PATH)).route(web::post().to(pages::cancel)))
        .service(web::resource("/transactions").route(web::get().to(management::transactions)))
        .service(web::resource("/test/mandates").route(web::post().to(management::register)))
        .service(web::resource("/test/mandates/{id}/withdrawal").route(web::post().to(management::withdraw)));
}

const WORDS: (&str, &str) = (include_str!("../locales/nl.ftl"), include_str!("../locales/en.ftl"));

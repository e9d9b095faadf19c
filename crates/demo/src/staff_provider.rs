//! Where the made-up members of staff sign in, for a start without a network: an OpenID provider (code flow, PKCE with S256,
//! `private_key_jwt`, ES256) with one page, that lists who they are and what only they know (docs/identity.md).
//!
//! The promises, each with a test:
//!
//! - in a chain for tests, on this machine, and nowhere else;
//! - it remembers nobody: every sign-in asks who it is, so that `max_age` and `prompt=login` hold by themselves, and `auth_time`
//!   says when that was;
//! - nobody signs in for a client whose staff they are not;
//! - a code works once, for the client that asked, with the verifier of its challenge, for one minute.

mod authorize;
mod members;
mod token;

use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, HttpServer};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_agreement::Environment;
use kw_domain::{Clock, Instant};
use kw_identity::SigningKey;
use kw_runtime::{Entropy, Http, Metrics};
use kw_web::Pages;
use serde_json::{Value, json};

pub use members::{Client, Member};

use crate::openid::{BadKey, Clients, Expiring, METADATA, Question, metadata};

/// A provider for members of staff.
pub struct StaffProviderConfig {
    /// Where it listens: an address of this machine, without TLS.
    pub listen: SocketAddr,
    /// For whom the chain is: it does not start for real people.
    pub environment: Environment,
    /// Who may ask, and who signs in there.
    pub clients: Vec<Client>,
    /// Where the time is read.
    pub clock: Arc<dyn Clock>,
}

/// Why it does not start. For whoever runs it.
#[derive(Debug, thiserror::Error)]
pub enum StaffProviderError {
    /// Others could reach it.
    #[error("{address} can be reached from elsewhere: the provider of made-up staff stays on this machine")]
    BeyondLoopback {
        /// Where it was to listen.
        address: SocketAddr,
    },
    /// A client's key cannot be used.
    #[error("the key of client {id} is no public JWK for ES256")]
    ClientKey {
        /// Which client.
        id: String,
    },
    /// No key can be made.
    #[error("no signing key can be made on this machine")]
    Key,
    /// The address cannot be had.
    #[error("cannot listen: {0}")]
    Listen(std::io::Error),
    /// What its page says cannot be read.
    #[error(transparent)]
    Messages(#[from] kw_web::MessagesError),
    /// The chain is for real people.
    #[error(
        "this agreement is for real people: the provider of made-up staff works in a chain for tests only"
    )]
    Production,
}

struct StaffProvider {
    issuer: String,
    clients: Clients<Client>,
    key: SigningKey,
    pages: Pages,
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
    entropy: Entropy,
}

struct State {
    under_way: Expiring<UnderWay>,
    codes: Expiring<Code>,
}

/// A sign-in under way.
struct UnderWay {
    question: Question,
    /// What only the browser has in which it began.
    browser: String,
    failures: u32,
}

/// What a code stands for.
struct Code {
    question: Question,
    /// The member of the client's staff, by id.
    member: String,
    at: Instant,
}

/// A provider that runs. Dropped, it ends.
pub struct RunningStaffProvider {
    issuer: String,
    handle: ServerHandle,
}

/// Starts a provider. It answers when this returns.
pub fn serve(config: StaffProviderConfig) -> Result<RunningStaffProvider, StaffProviderError> {
    if config.environment != Environment::Test {
        return Err(StaffProviderError::Production);
    }
    if !config.listen.ip().is_loopback() {
        return Err(StaffProviderError::BeyondLoopback { address: config.listen });
    }
    let socket = TcpListener::bind(config.listen).map_err(StaffProviderError::Listen)?;
    let issuer = format!("http://{}", socket.local_addr().map_err(StaffProviderError::Listen)?);
    let http = Http { clock: Arc::clone(&config.clock), ..Http::new(Metrics::new()) };
    let clients = config.clients.into_iter().map(|client| (client.id.clone(), client.key.clone(), client));
    let provider = Data::new(StaffProvider {
        issuer: issuer.clone(),
        clients: Clients::new(clients).map_err(|BadKey(id)| StaffProviderError::ClientKey { id })?,
        key: SigningKey::generate().map_err(|_| StaffProviderError::Key)?,
        pages: Pages::new("staff", MESSAGES)?,
        state: Mutex::new(State { under_way: Expiring::new(SIGN_IN), codes: Expiring::new(CODE) }),
        clock: config.clock,
        entropy: http.entropy.clone(),
    });
    let server = HttpServer::new(move || {
        let provider = provider.clone();
        http.app(move |config| routes(config, provider))
    })
    .workers(1)
    .disable_signals()
    .shutdown_timeout(1)
    .tcp_nodelay(true)
    .listen(socket)
    .map_err(StaffProviderError::Listen)?
    .run();
    let handle = server.handle();
    tokio::spawn(server);
    Ok(RunningStaffProvider { issuer, handle })
}

fn routes(config: &mut ServiceConfig, provider: Data<StaffProvider>) {
    config
        .app_data(provider)
        .service(web::resource(METADATA).route(web::get().to(discover)))
        .service(web::resource("/jwks").route(web::get().to(jwks)))
        .service(web::resource("/authorize").route(web::get().to(authorize::begin)))
        .service(
            web::resource("/sign-ins/{id}")
                .route(web::get().to(authorize::show))
                .route(web::post().to(authorize::sign_in)),
        )
        .service(web::resource("/token").route(web::post().to(token::exchange)));
    Pages::routes(config);
}

async fn discover(provider: Data<StaffProvider>) -> HttpResponse {
    metadata(
        &provider.issuer,
        json!({
            "subject_types_supported": ["public"],
            "scopes_supported": ["openid"],
            "claims_supported": ["sub", "auth_time", "name", "roles"],
            "prompt_values_supported": ["login"],
        }),
    )
}

async fn jwks(provider: Data<StaffProvider>) -> HttpResponse {
    let keys: [Value; 1] = [provider.key.public_jwk()];
    HttpResponse::Ok().json(json!({ "keys": keys }))
}

impl StaffProvider {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    /// A name that cannot be guessed: 192 bits.
    fn opaque(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.entropy.draw::<24>())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RunningStaffProvider {
    /// Its issuer identifier.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }
}

impl Drop for RunningStaffProvider {
    fn drop(&mut self) {
        // Told, not waited for.
        drop(self.handle.stop(false));
    }
}

impl fmt::Debug for RunningStaffProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningStaffProvider").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

const MESSAGES: (&str, &str) = (include_str!("../locales/nl.ftl"), include_str!("../locales/en.ftl"));
/// How long a sign-in may take.
const SIGN_IN: Duration = Duration::from_mins(10);
/// How long a code works.
const CODE: Duration = Duration::from_mins(1);

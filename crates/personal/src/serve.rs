//! Putting the service together and running it.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{self, Data, ServiceConfig};
use kw_agreement::Environment;
use kw_client::{Context, Entropy as ClientEntropy};
use kw_domain::{Clock, SystemClock};
use kw_identity::{ActorProofs, IdentitySettings, Providers, SigningKey};
use kw_ledger::{AccessRecord, Event, LeafKind, canonical};
use kw_logbook::inspection::{self, Inspection};
use kw_logbook::retention::Retention;
use kw_logbook::{InForce, Logbook, LogbookParts};
use kw_runtime::{Http, Metrics, Server, SharedAgreement, telemetry};
use kw_store::personal::Personal;
use kw_store::{Abort, Act, LedgerRead, Store, StoreError};
use kw_telemetry::Reason;
use kw_transport::{ClientOptions, Tls, web_client};
use zeroize::Zeroizing;

use crate::app::App;
use crate::config::PersonalConfig;
use crate::error::StartError;
use crate::holders::{ChainHolders, Holders};
use crate::provider::Provider;
use crate::provider::oidc::{OidcParts, OidcProvider};
use crate::{collections, documents, dossiers, keys, openapi, sessions, users};

/// What a personal environment asks outside of itself.
pub struct Outside {
    /// Where people sign in.
    pub provider: Arc<dyn Provider>,
    /// Where documents come from.
    pub holders: Arc<dyn Holders>,
}

/// Runs the personal environment until it is told to end.
pub async fn serve(config: PersonalConfig) -> anyhow::Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    telemetry::init(&config.log, clock)?;
    prepare(config, Http::new(Metrics::new())).await?.run().await?;
    Ok(())
}

/// Everything but running, with the provider and the holders of the agreement.
pub async fn prepare(config: PersonalConfig, http: Http) -> Result<Server, StartError> {
    let agreement = SharedAgreement::load_remembering(
        &config.agreement,
        config.ledger.memory_folder(&config.keys.directory),
        Arc::clone(&http.clock),
    )?;
    let tls = Tls::load_with_clock(&config.tls, Arc::clone(&http.clock))?;
    let settings = &config.provider;
    let key = || StartError::ClientKey { path: settings.client_key.clone() };
    let der = Zeroizing::new(fs::read(&settings.client_key).map_err(|_| key())?);
    let client_key = SigningKey::from_pkcs8(&der).map_err(|_| key())?;
    let options = ClientOptions { timeout: Duration::from_secs(5), connect_timeout: Duration::from_secs(2) };
    let roots = IdentitySettings { roots: settings.roots.clone() };
    let provider = OidcProvider::new(OidcParts {
        agreement: agreement.clone(),
        http: web_client(&settings.roots, Arc::clone(&http.clock), options)?,
        keys: Providers::new(&roots, Arc::clone(&http.clock))?,
        client_id: settings.client_id.clone(),
        client_key,
        clock: Arc::clone(&http.clock),
        entropy: http.entropy.clone(),
    });
    let drawn = http.entropy.clone();
    let context = Context::new(Arc::clone(&http.clock), ClientEntropy::new(move || Box::new(drawn.clone())));
    let holders = ChainHolders::new(tls.clone(), context);
    let outside = Outside { provider: Arc::new(provider), holders: Arc::new(holders) };
    compose(config, http, agreement, tls, outside).await
}

/// The same with another provider and other holders, for tests.
pub async fn prepare_with(
    config: PersonalConfig,
    http: Http,
    outside: Outside,
) -> Result<Server, StartError> {
    let agreement = SharedAgreement::load_remembering(
        &config.agreement,
        config.ledger.memory_folder(&config.keys.directory),
        Arc::clone(&http.clock),
    )?;
    let tls = Tls::load_with_clock(&config.tls, Arc::clone(&http.clock))?;
    compose(config, http, agreement, tls, outside).await
}

async fn compose(
    config: PersonalConfig,
    http: Http,
    agreement: SharedAgreement,
    tls: Tls,
    outside: Outside,
) -> Result<Server, StartError> {
    let (clock, entropy) = (Arc::clone(&http.clock), http.entropy.clone());
    let current = agreement.current();
    let oin = tls.oin();
    let own = current.partner(oin).ok_or(StartError::NoPartner { oin })?;
    if config.server.public.is_none() {
        return Err(StartError::NoPublicListener);
    }
    // In a chain for tests the pages may be on this machine without TLS.
    let here = |url: &url::Url| {
        current.environment() == Environment::Test
            && url.scheme() == "http"
            && matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"))
    };
    let address = url::Url::parse(&config.users.address).ok().filter(|url| {
        let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        plain && (url.scheme() == "https" || here(url))
    });
    if address.is_none() || config.users.address.ends_with('/') {
        return Err(StartError::Address);
    }
    let key = keys::service_key(&config.keys.directory, current.chain())?;

    let (database, origin, salts) = (config.database.clone(), own.log_origin.clone(), entropy.clone());
    let opening = move || Store::<Personal>::open(&database, &origin, move |bytes| salts.fill(bytes));
    let store = Arc::new(tokio::task::spawn_blocking(opening).await.map_err(|_| StartError::Stopped)??);
    let proofs = ActorProofs::configured(&config.identity, Arc::clone(&clock))?;
    let inspection = Data::new(
        Inspection::new(Arc::clone(&store), oin, agreement.clone(), Arc::clone(&clock), entropy.clone())
            .with_proofs(proofs),
    );
    let logbook = Logbook::open(LogbookParts {
        store: Arc::clone(&store),
        agreement: agreement.clone(),
        tls: tls.clone(),
        http: http.clone(),
        keys: config.keys.directory.clone(),
        settings: config.ledger.clone(),
    })
    .await?;
    // Nobody gets in before this.
    logbook.hold();
    let app = Data::new(App {
        oin,
        agreement: agreement.clone(),
        store: Arc::clone(&store),
        key,
        clock: Arc::clone(&clock),
        entropy,
        provider: outside.provider,
        holders: outside.holders,
        address: config.users.address.clone(),
    });

    let server = Server::new(config.server, http)?;
    add_checks(&server, &app, &tls);
    let (log, public_log, served) = (logbook.routes(), logbook.public_routes(), app.clone());
    let server = server
        .service(&tls, &agreement, move |routes| {
            inspection::routes(routes, inspection.clone());
            log(routes);
        })?
        .public(&tls, move |routes| {
            routes.app_data(served.clone());
            user_routes(routes);
            public_log(routes);
        })?;
    logbook.spawn(&server);
    Retention::new(Arc::clone(&store), agreement.clone(), oin, Arc::clone(&clock)).follow(server.jobs());
    InForce::new(store, oin, clock).follow(server.jobs(), move || (agreement.current(), Vec::new()));
    server.jobs().spawn("forget", FORGET_INTERVAL, move || {
        let app = app.clone();
        async move { forget(&app).await }
    });
    Ok(server)
}

fn user_routes(routes: &mut ServiceConfig) {
    let at = web::resource::<&str>;
    routes
        .service(at("/v1/openapi.json").route(web::get().to(openapi::show)))
        .service(at("/v1/sign-ins").route(web::post().to(sessions::begin)))
        .service(at("/v1/sign-ins/callback").route(web::get().to(sessions::come_back)))
        .service(
            at("/v1/sessions/current")
                .route(web::get().to(sessions::show))
                .route(web::delete().to(sessions::end)),
        )
        .service(at("/v1/sessions/current/dossier").route(web::put().to(sessions::bind)))
        .service(at("/v1/represented-persons").route(web::get().to(sessions::represented)))
        .service(
            at("/v1/dossiers").route(web::get().to(dossiers::list)).route(web::post().to(dossiers::found)),
        )
        .service(at("/v1/dossiers/{id}").route(web::delete().to(dossiers::destroy)))
        .service(at("/v1/dossiers/{id}/documents").route(web::get().to(documents::list)))
        .service(at("/v1/dossiers/{id}/invitations").route(web::post().to(users::invite)))
        .service(at("/v1/dossiers/{id}/users").route(web::get().to(users::list)))
        .service(at("/v1/dossiers/{id}/users/{account}").route(web::delete().to(users::end)))
        .service(at("/v1/invitations/acceptances").route(web::post().to(users::accept)))
        .service(
            at("/v1/collections")
                .route(web::get().to(collections::list))
                .route(web::post().to(collections::start)),
        )
        .service(at("/v1/collections/callback").route(web::get().to(collections::come_back)))
        .service(at("/v1/collections/{id}").route(web::get().to(collections::show)))
        .service(at("/v1/collections/{id}/confirmations").route(web::post().to(collections::confirm)))
        .service(at("/v1/documents/{id}").route(web::get().to(documents::read)));
}

/// Ends what is past its time, if there is anything.
async fn forget(app: &App) -> Result<(), Reason> {
    let agreement = app.agreement.current();
    let now = app.now();
    let due = app.store.read(move |store| store.is_due(now)).await.map_err(|error| Reason::of(&error))?;
    if !due {
        return Ok(());
    }
    let record = AccessRecord::new(
        Event::DossierChanged,
        now,
        agreement.chain().clone(),
        app.oin,
        app.oin,
        agreement.hash(),
    );
    let outcome = app.store.write("forget", move |tx| {
        tx.write().forget(now)?;
        let text = canonical(&record).map_err(StoreError::from)?;
        Ok::<_, Abort<()>>(((), Act::new(now, LeafKind::Access, text)))
    });
    outcome.await.map(drop).map_err(|error| Reason::of(&error))
}

fn add_checks(server: &Server, app: &Data<App>, tls: &Tls) {
    let seen = app.clone();
    server.readiness().check("database", move || {
        let app = seen.clone();
        async move {
            app.store.read(LedgerRead::ledger_size).await.map(drop).map_err(|error| error.to_string())
        }
    });
    let (seen, tls) = (app.clone(), tls.clone());
    server.readiness().check("identity", move || {
        let known = tls.oin() == seen.oin && seen.agreement.current().partner(seen.oin).is_some();
        async move { if known { Ok(()) } else { Err("the agreement does not know this party".to_owned()) } }
    });
}

const FORGET_INTERVAL: Duration = Duration::from_mins(1);

//! Putting the service together and running it.

use std::sync::Arc;

use actix_web::web::{self, Data, ServiceConfig};
use kw_domain::{Clock, SystemClock};
use kw_logbook::inspection::{self, Inspection};
use kw_logbook::retention::Retention;
use kw_logbook::{InForce, Logbook, LogbookParts};
use kw_runtime::acting::AgreedDelegations;
use kw_runtime::http::BodyLimit;
use kw_runtime::{Http, Metrics, Server, Shared, SharedAgreement, acting, telemetry};
use kw_store::{LedgerRead, Store};
use kw_telemetry::Reason;
use kw_transport::Tls;

use crate::app::App;
use crate::config::PseudonymiserConfig;
use crate::{KeyRing, StartError, evaluations, openapi, public_keys};

/// Runs the pseudonymiser until it is told to end.
pub async fn serve(config: PseudonymiserConfig) -> anyhow::Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    telemetry::init(&config.log, clock)?;
    prepare(config, Http::new(Metrics::new())).await?.run().await?;
    Ok(())
}

/// Everything but running: files read and checked, database open, listeners bound.
pub async fn prepare(config: PseudonymiserConfig, http: Http) -> Result<Server, StartError> {
    let agreement = SharedAgreement::load_remembering(
        &config.agreement,
        config.ledger.memory_folder(&config.keys.directory),
        Arc::clone(&http.clock),
    )?;
    let tls = Tls::load_with_clock(&config.tls, Arc::clone(&http.clock))?;
    let current = agreement.current();
    let named = current.pseudonymiser();
    if tls.oin() != named.oin {
        return Err(StartError::OtherParty { own: tls.oin(), named: named.oin });
    }
    let keys = Shared::new(KeyRing::load(&config.keys.directory, &current)?, Arc::clone(&http.clock));
    let (database, origin, entropy) =
        (config.database.clone(), named.log_origin.clone(), http.entropy.clone());
    let opening = move || Store::open(&database, &origin, move |bytes| entropy.fill(bytes));
    let store = Arc::new(tokio::task::spawn_blocking(opening).await.map_err(|_| StartError::Stopped)??);
    let inspection = Data::new(Inspection::new(
        Arc::clone(&store),
        tls.oin(),
        agreement.clone(),
        Arc::clone(&http.clock),
        http.entropy.clone(),
    ));
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
    let app = Data::new(App::new(agreement.clone(), keys, store, &http));

    let server = Server::new(config.server.clone(), http)?;
    add_checks(&server, &app, &tls);
    let (served, log) = (app.clone(), logbook.routes());
    let suppliers = acting::delegations(Arc::new(AgreedDelegations));
    let server = server.service(&tls, &agreement, move |routes| {
        routes.app_data(suppliers.clone());
        service_routes(routes, &served);
        inspection::routes(routes, inspection.clone());
        log(routes);
    })?;
    let log = logbook.public_routes();
    let server = server.public(&tls, move |routes| {
        routes.service(web::resource("/v1/openapi.json").route(web::get().to(openapi::show)));
        log(routes);
    })?;
    logbook.spawn(&server);
    InForce::new(Arc::clone(&app.store), tls.oin(), Arc::clone(&app.clock))
        .naming_approvers(app.agreement.clone())
        .follow(server.jobs(), {
            let seen = app.clone();
            move || {
                let agreement = seen.agreement.current();
                let keys = seen.keys.current().recorded(&agreement);
                (agreement, keys)
            }
        });
    Retention::new(Arc::clone(&app.store), app.agreement.clone(), tls.oin(), Arc::clone(&app.clock))
        .follow(server.jobs());
    // After the agreement, so that one SIGHUP brings a new agreement and the key that it lists.
    Ok(server.on_reload("keys", move || {
        let ring = KeyRing::load(&config.keys.directory, &app.agreement.current())
            .map_err(|error| Reason::of(&error))?;
        let changed = ring != *app.keys.current();
        if changed {
            app.keys.replace(ring);
        } else {
            app.keys.confirm();
        }
        Ok(changed)
    }))
}

fn service_routes(routes: &mut ServiceConfig, app: &Data<App>) {
    routes
        .app_data(app.clone())
        .service(
            web::resource("/v1/evaluations")
                .app_data(BodyLimit(LARGEST_BODY))
                .route(web::post().to(evaluations::post)),
        )
        .service(web::resource("/v1/keys").route(web::get().to(public_keys::list)));
}

fn add_checks(server: &Server, app: &Data<App>, tls: &Tls) {
    let seen = app.clone();
    server.readiness().check("database", move || {
        let app = seen.clone();
        async move {
            app.store.read(LedgerRead::ledger_size).await.map(drop).map_err(|error| error.to_string())
        }
    });
    let seen = app.clone();
    server.readiness().check("keys", move || {
        let can = seen.keys.current().can_serve(&seen.agreement.current());
        async move { if can { Ok(()) } else { Err("the agreement lists no key that is here".to_owned()) } }
    });
    let (seen, tls) = (app.clone(), tls.clone());
    server.readiness().check("identity", move || {
        let named = tls.oin() == seen.agreement.current().pseudonymiser().oin;
        async move { if named { Ok(()) } else { Err("the agreement names another party".to_owned()) } }
    });
    let seen = app.clone();
    let help = "Seconds since the key files were last found to fit the agreement.";
    server
        .metrics()
        .computed("ketenwijzer_keys_age_seconds", help, &[], move || seen.keys.age().as_secs_f64());
}

/// A full batch takes 12 KiB.
const LARGEST_BODY: usize = 32 * 1024;

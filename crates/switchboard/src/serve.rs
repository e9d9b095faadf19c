//! Starting and running the switchboard.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{Data, ServiceConfig};
use anyhow::{Context as _, bail};
use arc_swap::ArcSwap;
use kw_domain::{Clock, SystemClock};
use kw_identity::ActorProofs;
use kw_logbook::inspection::{self, Inspection};
use kw_logbook::{Logbook, LogbookParts};
use kw_runtime::{Http, Metrics, Server, SharedAgreement, acting};
use kw_store::Store;
use kw_store::switchboard::{SubscriptionsRead, Switchboard};
use kw_transport::Tls;

use crate::app::{App, Keyring};
use crate::config::SwitchboardConfig;
use crate::inspection::Finder;
use crate::keys::Keys;
use crate::{
    access_reports, alarms, consents, delegations, departures, feedback, mandates, matches, objections,
    operator, pointers, public, queries, relations, reviews, rotation, signals, subscriptions, upkeep,
};

/// Runs a switchboard until it is told to stop. Without its keys, its log or its trust anchors it does not start.
pub async fn serve(config: SwitchboardConfig) -> anyhow::Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    kw_runtime::telemetry::init(&config.log, Arc::clone(&clock))?;
    let tls = Tls::load(&config.tls).context("the switchboard's certificate and trust cannot be used")?;
    let agreement = SharedAgreement::load_remembering(
        &config.agreement,
        config.ledger.memory_folder(&config.keys.directory),
        Arc::clone(&clock),
    )?;
    let http = Http::new(Metrics::new());
    let (app, logbook) = open(&config, &tls, &agreement, &http).await?;
    let app = Arc::new(app);

    let inspection = Data::new(inspection_of(&app));
    let routes = {
        let suppliers = acting::delegations(Arc::new(delegations::Register(Arc::clone(&app))));
        let (app, log) = (Data::from(Arc::clone(&app)), logbook.routes());
        move |config: &mut ServiceConfig| {
            config
                .app_data(app.clone())
                .app_data(suppliers.clone())
                .configure(access_reports::routes)
                .configure(delegations::routes)
                .configure(departures::routes)
                .configure(mandates::routes)
                .configure(matches::routes)
                .configure(alarms::routes)
                .configure(consents::routes)
                .configure(feedback::routes)
                .configure(objections::routes)
                .configure(pointers::routes)
                .configure(queries::routes)
                .configure(relations::routes)
                .configure(reviews::routes)
                .configure(signals::routes)
                .configure(subscriptions::routes);
            inspection::routes(config, inspection.clone());
            log(config);
        }
    };
    let public_routes = {
        let (app, log) = (Data::from(Arc::clone(&app)), logbook.public_routes());
        move |config: &mut ServiceConfig| {
            config.app_data(app.clone()).configure(public::routes);
            log(config);
        }
    };
    let reloading = {
        let app = Arc::clone(&app);
        move || upkeep::refresh_keyring(&app)
    };
    // Nobody gets in before this.
    logbook.hold();
    let operator_routes = {
        let (app, tls) = (Data::from(Arc::clone(&app)), Data::new(tls.clone()));
        move |config: &mut ServiceConfig| {
            config.app_data(app.clone()).app_data(tls.clone()).configure(operator::routes);
        }
    };
    let server = Server::with_admin(config.server, http, operator_routes)?
        .service(&tls, &agreement, routes)?
        .public(&tls, public_routes)?
        .on_reload("keys", reloading);
    logbook.spawn(&server);
    upkeep::spawn(&server, &app);
    server.run().await?;
    Ok(())
}

async fn open(
    config: &SwitchboardConfig,
    tls: &Tls,
    agreement: &SharedAgreement,
    http: &Http,
) -> anyhow::Result<(App, Logbook)> {
    let current = agreement.current();
    let chain = current.chain().clone();
    if tls.oin() != current.switchboard().oin {
        bail!(
            "the certificate belongs to {}, but the agreement's switchboard is {}: give the switchboard its own certificate",
            tls.oin(),
            current.switchboard().oin
        );
    }
    let keys = Keys::read(&config.keys.directory, &chain)?;
    let (clock, entropy) = (Arc::clone(&http.clock), http.entropy.clone());
    let proofs = ActorProofs::configured(&config.identity, Arc::clone(&clock))
        .context("the roots of identity providers cannot be used")?;
    let (database, origin) = (config.database.clone(), current.switchboard().log_origin.clone());
    let salts = entropy.clone();
    let opening = move || Store::<Switchboard>::open(&database, &origin, move |bytes| salts.fill(bytes));
    let store = Arc::new(tokio::task::spawn_blocking(opening).await??);
    let logbook = Logbook::open(LogbookParts {
        store: Arc::clone(&store),
        agreement: agreement.clone(),
        tls: tls.clone(),
        http: http.clone(),
        keys: config.keys.directory.clone(),
        settings: config.ledger.clone(),
    })
    .await?;
    let subscribed = store.read(SubscriptionsRead::live_subscriptions).await?;
    let live = rotation::first_generation(&store, &current, &keys, clock.as_ref(), tls.oin()).await?;
    let keys = upkeep::needed(keys, &live).map_err(anyhow::Error::msg)?;
    let app = App {
        agreement: agreement.clone(),
        bell: signals::Bell::default(),
        deliveries: subscriptions::Deliveries::new(
            config.signals,
            tls.clone(),
            Arc::clone(&clock),
            &entropy,
            store.delivery_leadership(),
            &http.metrics,
        ),
        clock,
        entropy,
        feedback_quota: crate::quota::Quota::default(),
        correction_quota: crate::quota::Quota::default(),
        key_folder: config.keys.directory.clone(),
        keyring: ArcSwap::from_pointee(Keyring { keys: Arc::new(keys), live }),
        match_gauges: matches::Gauges::new(&http.metrics),
        metrics: http.metrics.clone(),
        oin: tls.oin(),
        proofs,
        quota: crate::quota::Quota::default(),
        rare_quota: crate::quota::Quota::default(),
        review_gauges: reviews::Gauges::new(&http.metrics),
        store,
        sweep: matches::Sweep::default(),
        traffic: http.traffic.clone(),
        uploads: pointers::Uploads::default(),
        watch: alarms::Watch::default(),
        wishes: subscriptions::Wishes::of(&subscribed),
    };
    Ok((app, logbook))
}

fn inspection_of(app: &Arc<App>) -> Inspection<Switchboard> {
    let (store, agreement, clock) = (Arc::clone(&app.store), app.agreement.clone(), Arc::clone(&app.clock));
    let finder = Arc::new(Finder(Arc::clone(app)));
    Inspection::new(store, app.oin, agreement, clock, app.entropy.clone())
        .with_finder(finder)
        .with_proofs(app.proofs.clone())
}

/// How long a rotation waits until every process has seen its next step.
pub(crate) const STEP_SEEN_BY_ALL: Duration = Duration::from_secs(3);

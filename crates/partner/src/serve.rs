//! Putting the process together and running it.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{self, Data};
use kw_adapter::Vault;
use kw_adapter::feedback::{self, Feedback};
use kw_adapter::grants::{GrantKeys, GrantVerifier};
use kw_adapter::identity_checks::IdentityChecks;
use kw_adapter::pulls::{self, Consents, Pulls, RecordedRefusals};
use kw_adapter::statements;
use kw_adapter::sync::{SyncParts, Synchroniser};
use kw_client::{Context, Entropy as ClientEntropy};
use kw_domain::{Clock, SystemClock};
use kw_identity::ActorProofs;
use kw_logbook::inspection::{self, Inspection};
use kw_logbook::reader::LogSource;
use kw_logbook::receipts::Receipts;
use kw_logbook::retention::Retention;
use kw_logbook::{InForce, Logbook, LogbookParts};
use kw_runtime::acting::AgreedDelegations;
use kw_runtime::{Http, Metrics, Server, SharedAgreement, acting, telemetry};
use kw_store::partner::Partner;
use kw_store::{LedgerRead, Store};
use kw_transport::Tls;

use crate::access_log::LedgerLog;
use crate::app::App;
use crate::canaries::{Canaries, Parts as CanaryParts, WithCanaries};
use crate::clients::Clients;
use crate::config::PartnerConfig;
use crate::deliveries::Receiver;
use crate::error::StartError;
use crate::people::Admission;
use crate::signals::Feed;
use crate::token::Token;
use crate::{
    authorisation, deliveries, keys, local, openapi, received_feedback, sent_feedback, signals, sources,
    sync_gauges,
};

/// Runs the partner process until it is told to end.
pub async fn serve(config: PartnerConfig) -> anyhow::Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    telemetry::init(&config.log, clock)?;
    prepare(config, Http::new(Metrics::new())).await?.run().await?;
    Ok(())
}

/// Everything but running: files read and checked, database and sources open, listeners bound, jobs begun.
pub async fn prepare(config: PartnerConfig, http: Http) -> Result<Server, StartError> {
    let (clock, entropy) = (Arc::clone(&http.clock), http.entropy.clone());
    let agreement = SharedAgreement::load_remembering(
        &config.agreement,
        config.ledger.memory_folder(&config.keys.directory),
        Arc::clone(&clock),
    )?;
    let tls = Tls::load_with_clock(&config.tls, Arc::clone(&clock))?;
    let current = agreement.current();
    if let Some(principal) = config.acts_for {
        if current.delegation_frame(principal, tls.certificate_oin()).is_none() {
            return Err(StartError::NoDelegation { principal, supplier: tls.certificate_oin() });
        }
        tls.act_for(principal);
    }
    let oin = tls.oin();
    let own = current.partner(oin).ok_or(StartError::NoPartner { oin })?;
    let row_key = keys::row_key(&config.keys.directory, current.chain())?;
    let record_key = sources::record_key(&row_key);
    let vault = Vault::new(row_key, entropy.clone());
    let admission = Admission::configured(config.admit_real_numbers);
    let mut sources = sources::open(&config.sources, &record_key, &agreement, admission, &clock)?;
    let proofs = ActorProofs::configured(&config.identity, Arc::clone(&clock))?;
    let token = Token::load_or_create(&config.local.token_file, &entropy)?;

    let origin = own.log_origin.clone();
    let (database, salts) = (config.database.clone(), entropy.clone());
    let opening = move || Store::<Partner>::open(&database, &origin, move |bytes| salts.fill(bytes));
    let store = Arc::new(tokio::task::spawn_blocking(opening).await.map_err(|_| StartError::Stopped)??);

    if let Some(settings) = &config.canaries
        && let Some(inner) = sources.get_mut(&settings.source)
    {
        *inner = Arc::new(WithCanaries {
            inner: Arc::clone(inner),
            store: Arc::clone(&store),
            vault: vault.clone(),
            clock: Arc::clone(&clock),
            documents: settings.documents.clone(),
        });
    }

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

    let drawn = entropy.clone();
    let context = Context::new(Arc::clone(&clock), ClientEntropy::new(move || Box::new(drawn.clone())));
    let inspection = Data::new(
        Inspection::new(Arc::clone(&store), oin, agreement.clone(), Arc::clone(&clock), entropy.clone())
            .with_proofs(proofs.clone()),
    );
    let access_log =
        LedgerLog::new(oin, agreement.clone(), Arc::clone(&store), entropy.clone(), vault.clone());
    let (as_whom, stamp) = (tls.clone(), context.clone());
    let receipts =
        Arc::new(Receipts::new(oin, agreement.clone(), Arc::clone(&store), Arc::clone(&clock), move |log| {
            LogSource::of(&as_whom, log, stamp.clone())
        }));
    let clients = Arc::new(Clients::new(agreement.clone(), tls.clone(), context, Arc::new(access_log))?);
    let keeping = |settings| {
        let parts = CanaryParts {
            holder: oin,
            agreement: agreement.clone(),
            store: Arc::clone(&store),
            vault: vault.clone(),
            clients: Arc::clone(&clients),
            clock: Arc::clone(&clock),
            entropy: entropy.clone(),
        };
        Canaries::new(settings, &sources, &http.metrics, parts).map(Arc::new).map_err(StartError::Canaries)
    };
    let canaries = config.canaries.clone().map(keeping).transpose()?;
    let grant_keys = GrantKeys::new(clients.clone(), Arc::clone(&clock));
    let consents = Consents::new(clients.clone(), Arc::clone(&clock));
    let pulls = Data::new(Pulls {
        holder: oin,
        agreement: agreement.clone(),
        store: Arc::clone(&store),
        sources: sources.clone(),
        vault: vault.clone(),
        grants: GrantVerifier::new(oin, grant_keys.clone(), Arc::clone(&clock)),
        proofs: proofs.clone(),
        consents: consents.clone(),
        clock: Arc::clone(&clock),
        source_deadline: SOURCE_DEADLINE,
        refusals: RecordedRefusals::default(),
    });
    let feedback = Data::new(Feedback::new(pulls.clone().into_inner(), clients.clone()));
    let has_public_listener = config.server.public.is_some();
    let opening = |settings| {
        let (agreement, store, vault) = (&agreement, &store, &vault);
        let (pulls, clients, http) = (&pulls, &clients, &http);
        let shared = authorisation::Shared {
            http,
            identity: &config.identity,
            agreement,
            store,
            vault,
            pulls,
            clients,
            admission,
            has_public_listener,
        };
        authorisation::open(settings, &shared)
    };
    let authorisation = config.authorisation.clone().map(opening).transpose()?;
    let synchroniser = Arc::new(Synchroniser::new(SyncParts {
        holder: oin,
        agreement: agreement.clone(),
        store: Arc::clone(&store),
        sources: sources.clone(),
        vault: vault.clone(),
        index: clients.clone(),
        pseudonymiser: clients.clone(),
        clock: Arc::clone(&clock),
        reconcile_every: config.sync.reconcile_every(),
    }));
    // A database that cannot be read now is the first run's to tell.
    let _ = synchroniser.look().await;
    let in_force =
        InForce::new(Arc::clone(&store), oin, Arc::clone(&clock)).naming_approvers(agreement.clone());
    let retention = Retention::new(Arc::clone(&store), agreement.clone(), oin, Arc::clone(&clock));
    let (feed, traffic) = (Feed::default(), http.traffic.clone());
    let identity_checks = IdentityChecks {
        holder: oin,
        agreement: agreement.clone(),
        store: Arc::clone(&store),
        vault: vault.clone(),
        clock: Arc::clone(&clock),
    };
    let for_feedback = (agreement.clone(), Arc::clone(&clock));
    let app = Data::new(App {
        oin,
        identity_checks,
        canaries: canaries.clone(),
        admission,
        agreement: agreement.clone(),
        store,
        clients,
        feed,
        received_feedback: feedback.clone(),
        synchroniser: Arc::clone(&synchroniser),
        sources,
        vault,
        record_key,
        clock,
        entropy,
        proofs,
        token,
        traffic,
    });

    let server = Server::new(config.server, http)?;
    add_checks(&server, &app, &tls);
    let (following, reporting) = (app.clone(), app.clone());
    let suppliers = acting::delegations(Arc::new(AgreedDelegations));
    let (log, public_log) = (logbook.routes(), logbook.public_routes());
    let received = feedback.clone();
    let receiver = Data::new(Receiver { app: app.clone(), consents: consents.clone() });
    let (for_clients, for_browsers) = (authorisation.clone(), authorisation.clone());
    let server = server
        .service(&tls, &agreement, move |routes| {
            routes.app_data(suppliers.clone());
            routes.app_data(pulls.clone());
            routes.app_data(received.clone());
            pulls::configure(routes);
            feedback::configure(routes);
            inspection::routes(routes, inspection.clone());
            log(routes);
            statements::configure(routes);
            deliveries::routes(routes, receiver.clone());
            if let Some(server) = &for_clients {
                kw_authorisation::service_routes(routes, server.clone());
            }
        })?
        .public(&tls, move |routes| {
            routes.service(web::resource("/v1/openapi.json").route(web::get().to(openapi::show)));
            public_log(routes);
            if let Some(server) = &for_browsers {
                kw_authorisation::public_routes(routes, server.clone());
            }
        })?
        .local("local", config.local.listen, move |routes| local::routes(routes, &app))?;
    logbook.spawn(&server);
    retention.follow(server.jobs());
    in_force.follow(server.jobs(), move || (agreement.current(), Vec::new()));
    sync_gauges::observe(&server, &synchroniser);
    server.jobs().spawn("sync", config.sync.interval(), move || {
        let synchroniser = Arc::clone(&synchroniser);
        async move { synchroniser.run_in_background().await }
    });
    if let Some(canaries) = canaries {
        server.jobs().spawn("canaries", CANARIES_INTERVAL, move || {
            let canaries = Arc::clone(&canaries);
            async move { canaries.tick().await }
        });
    }
    if let Some(authorisation) = authorisation {
        server.jobs().spawn("authorisations", AUTHORISATIONS_INTERVAL, move || {
            let authorisation = authorisation.clone();
            async move { authorisation.forget().await }
        });
    }
    let waits = !config.signals.webhook;
    let pause = if waits { AT_ONCE } else { SIGNALS_ASKED };
    server.jobs().spawn_patient("signals", pause, SIGNALS_LATEST, SIGNALS_PATIENCE, move || {
        let (app, consents) = (following.clone(), consents.clone());
        async move { signals::follow(&app, &consents, waits).await }
    });
    received_feedback::spawn(&server, &feedback, &for_feedback.0, &for_feedback.1);
    follow_feedback(&server, &reporting);
    observe_receipts(&server, &receipts);
    server.jobs().spawn("receipts", RECEIPTS_INTERVAL, move || {
        let receipts = Arc::clone(&receipts);
        async move { receipts.check().await.map(drop) }
    });
    server.jobs().spawn("grant-keys", GRANT_KEYS_INTERVAL, move || {
        let keys = grant_keys.clone();
        async move { keys.refresh().await }
    });
    Ok(server)
}

/// What is to be done about feedback reports of the own people.
fn follow_feedback(server: &Server, app: &Data<App>) {
    let reporting = app.clone();
    server.jobs().spawn_patient(
        "feedback",
        FEEDBACK_INTERVAL,
        FEEDBACK_LATEST,
        FEEDBACK_PATIENCE,
        move || {
            let app = reporting.clone();
            async move { sent_feedback::work(&app).await }
        },
    );
    let forgetting = app.clone();
    server.jobs().spawn("feedback-forgetting", FORGETTING_INTERVAL, move || {
        let app = forgetting.clone();
        async move { sent_feedback::forget(&app).await }
    });
}

fn observe_receipts(server: &Server, receipts: &Arc<Receipts>) {
    let seen = Arc::clone(receipts);
    let help = "Receipts that the switchboard's log does not hold as promised, since the start.";
    server.metrics().computed("ketenwijzer_receipts_refuted", help, &[], move || seen.refuted() as f64);
    let seen = Arc::clone(receipts);
    let help = "Receipts that the switchboard's log bears out, since the start.";
    server.metrics().computed("ketenwijzer_receipts_borne_out", help, &[], move || seen.borne_out() as f64);
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

/// Less than a requester waits for one holder, so that it hears why.
const SOURCE_DEADLINE: Duration = Duration::from_millis(1_200);
/// How exactly the moments are kept at which canaries are asked for.
const CANARIES_INTERVAL: Duration = Duration::from_secs(20);
/// What was known of persons goes that soon after an authorisation has ended.
const AUTHORISATIONS_INTERVAL: Duration = Duration::from_mins(1);
/// A person may wait for it; looking costs one look-up in the own database.
const FEEDBACK_INTERVAL: Duration = Duration::from_secs(1);
const FEEDBACK_LATEST: Duration = Duration::from_secs(30);
const FEEDBACK_PATIENCE: Duration = Duration::from_mins(10);
const FORGETTING_INTERVAL: Duration = Duration::from_hours(6);
/// The next page is asked for when there is one; waiting for it is the switchboard's.
const AT_ONCE: Duration = Duration::from_millis(10);
/// Where signals are delivered, the feed is asked in case one did not arrive: a choice that changed must not be missed for long.
const SIGNALS_ASKED: Duration = Duration::from_secs(15);
/// A switchboard that is away for a while does not keep this process from answering others.
const SIGNALS_PATIENCE: Duration = Duration::from_mins(30);
/// The switchboard is asked again soon after it was gone: somebody may have asked in need.
const SIGNALS_LATEST: Duration = Duration::from_secs(10);
/// A checkpoint comes every second; a cosigned one soon after.
const RECEIPTS_INTERVAL: Duration = Duration::from_secs(5);
/// Often enough to know a new key before the switchboard uses it.
const GRANT_KEYS_INTERVAL: Duration = Duration::from_mins(10);

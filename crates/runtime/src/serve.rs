//! Running a service: its listeners, reload on SIGHUP, an orderly end on SIGTERM or SIGINT.

mod listen;
mod settings;
mod signals;

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server as Listener, ServerHandle};
use actix_web::web::{Data, ServiceConfig};
use futures_util::future::{join_all, select_all};
use kw_transport::Tls;
use tokio::sync::mpsc;

use listen::Door;
pub use listen::ServeError;
pub use settings::ServerSettings;

use crate::admin::{self, Readiness};
use crate::http::Http;
use crate::jobs::Jobs;
use crate::metrics::Metrics;
use crate::party::SharedAgreement;
use crate::telemetry::Audience;

/// How often TLS files and the agreement are looked at without being told.
const RELOAD_INTERVAL: Duration = Duration::from_secs(10);

type Reload = Arc<dyn Fn() -> Result<bool, String> + Send + Sync>;

/// One service, put together: add listeners, then [`Server::run`]. Every listener speaks with the HTTP conventions.
pub struct Server {
    settings: ServerSettings,
    http: Http,
    jobs: Jobs,
    readiness: Readiness,
    reloads: Vec<(&'static str, Reload)>,
    listeners: Vec<(&'static str, Listener)>,
    addresses: BTreeMap<&'static str, SocketAddr>,
    orders: (mpsc::UnboundedSender<Order>, mpsc::UnboundedReceiver<Order>),
}

/// Ends or reloads a running [`Server`] from within the process.
#[derive(Debug, Clone)]
pub struct Control(mpsc::UnboundedSender<Order>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Reload,
    Stop,
}

impl Server {
    /// A service without listeners.
    pub fn new(settings: ServerSettings, http: Http) -> Self {
        let jobs = Jobs::new(Arc::clone(&http.clock), http.entropy.clone(), http.metrics.clone());
        let readiness = Readiness::new();
        let asked = jobs.clone();
        readiness.check("jobs", move || {
            let stale = asked.stale();
            async move { if stale.is_empty() { Ok(()) } else { Err(format!("stale: {}", stale.join(", "))) } }
        });
        Self {
            settings,
            http,
            jobs,
            readiness,
            reloads: Vec::new(),
            listeners: Vec::new(),
            addresses: BTreeMap::new(),
            orders: mpsc::unbounded_channel(),
        }
    }

    /// The background jobs: they are stopped with the service, and count for its readiness.
    pub fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    /// The checks behind `/health/ready`.
    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    /// The series behind `/metrics`.
    pub fn metrics(&self) -> &Metrics {
        &self.http.metrics
    }

    /// A handle that works while the service runs.
    pub fn control(&self) -> Control {
        Control(self.orders.0.clone())
    }

    /// Where the listeners are; with port 0 in the settings, the port that the system chose.
    pub fn addresses(&self) -> &BTreeMap<&'static str, SocketAddr> {
        &self.addresses
    }

    /// Something to reload on SIGHUP and every ten seconds: `Ok(true)` when it changed. It runs where it may block.
    pub fn on_reload(
        mut self,
        name: &'static str,
        reload: impl Fn() -> Result<bool, String> + Send + Sync + 'static,
    ) -> Self {
        self.reloads.push((name, Arc::new(reload)));
        self
    }

    /// Reloads the agreement with the rest, and shows its age.
    pub fn agreement(self, agreement: &SharedAgreement) -> Self {
        agreement.observe(&self.http.metrics);
        let agreement = agreement.clone();
        self.on_reload("agreement", move || agreement.reload().map_err(|error| error.to_string()))
    }

    /// The service listener: mutual TLS, for partners that the agreement knows.
    pub fn service<R>(self, tls: &Tls, agreement: &SharedAgreement, routes: R) -> Result<Self, ServeError>
    where
        R: Fn(&mut ServiceConfig) + Clone + Send + 'static,
    {
        let (known, shared) = (Data::new(tls.clone()), agreement.clone());
        let address = self.settings.listen;
        self.watch(tls).agreement(agreement).listen(
            "service",
            address,
            Door::Mutual(tls.clone()),
            move |config| {
                config.app_data(known.clone()).app_data(shared.clone());
                routes(config);
            },
        )
    }

    /// The public listener: TLS without client certificates, for what everybody may know. Nothing where the settings
    /// have no address for it.
    pub fn public<R>(self, tls: &Tls, routes: R) -> Result<Self, ServeError>
    where
        R: Fn(&mut ServiceConfig) + Clone + Send + 'static,
    {
        let Some(address) = self.settings.public else { return Ok(self) };
        self.listen("public", address, Door::Public(tls.clone()), routes)
    }

    /// A plain HTTP listener under this name, for programs on this machine: refused on any other address than loopback.
    pub fn local<R>(self, name: &'static str, address: SocketAddr, routes: R) -> Result<Self, ServeError>
    where
        R: Fn(&mut ServiceConfig) + Clone + Send + 'static,
    {
        if !address.ip().is_loopback() {
            return Err(ServeError::NotLoopback { name, address });
        }
        self.listen(name, address, Door::Plain, routes)
    }

    /// Runs until SIGTERM, SIGINT, [`Control::stop`] or the end of a listener. Once everything listens, writes one line
    /// to standard output: `ready ` and a JSON object of listener names and addresses.
    pub async fn run(mut self) -> Result<(), ServeError> {
        self = self.admin()?;
        self.spawn_reloads();
        signals::listen(&self.orders.0).map_err(ServeError::Signals)?;
        let handles: Vec<ServerHandle> =
            self.listeners.iter().map(|(_, listener)| listener.handle()).collect();
        let mut running: Vec<_> = self
            .listeners
            .drain(..)
            .map(|(name, listener)| tokio::spawn(async move { (name, listener.await) }))
            .collect();
        announce(&self.addresses);
        let ended = loop {
            tokio::select! {
                order = self.orders.1.recv() => match order {
                    Some(Order::Reload) => self.reload_now().await,
                    Some(Order::Stop) | None => break None,
                },
                (ended, at, _) = select_all(running.iter_mut()) => {
                    running.swap_remove(at);
                    break Some(ended);
                }
            }
        };
        self.stop(&handles, running).await;
        match ended {
            Some(Ok((name, Err(source)))) => Err(ServeError::Ended { name, source }),
            Some(Ok((name, Ok(())))) => Err(ServeError::Ended { name, source: io::ErrorKind::Other.into() }),
            Some(Err(end)) => Err(ServeError::Ended { name: "listener", source: io::Error::other(end) }),
            None => Ok(()),
        }
    }

    fn watch(self, tls: &Tls) -> Self {
        let metrics = &self.http.metrics;
        let seen = tls.clone();
        let help = "Changes with every reload of certificates, trust anchors and revocation lists.";
        metrics.computed("ketenwijzer_tls_generation", help, &[], move || seen.generation() as f64);
        let seen = tls.clone();
        let help = "When the own certificate expires, in seconds since 1970.";
        metrics.computed("ketenwijzer_tls_not_after_seconds", help, &[], move || {
            seen.not_after().as_seconds() as f64
        });
        let seen = tls.clone();
        let help = "When the first revocation list expires, in seconds since 1970; 0 where none are checked.";
        metrics.computed("ketenwijzer_tls_revocation_lists_until_seconds", help, &[], move || {
            seen.revocation_lists_until().map_or(0.0, |until| until.as_seconds() as f64)
        });
        let tls = tls.clone();
        self.on_reload("tls", move || tls.reload().map_err(|error| error.to_string()))
    }

    fn admin(self) -> Result<Self, ServeError> {
        let Some(address) = self.settings.admin else { return Ok(self) };
        if !address.ip().is_loopback() && !self.settings.admin_beyond_loopback {
            return Err(ServeError::NotLoopback { name: "admin", address });
        }
        let (readiness, metrics) = (self.readiness.clone(), self.http.metrics.clone());
        self.listen("admin", address, Door::Plain, move |config| {
            admin::routes(config, readiness.clone(), metrics.clone());
        })
    }

    fn spawn_reloads(&self) {
        for (name, reload) in &self.reloads {
            let reload = Arc::clone(reload);
            self.jobs.spawn(name, RELOAD_INTERVAL, move || {
                let reload = Arc::clone(&reload);
                async move { blocking(reload).await.map(drop) }
            });
        }
    }

    async fn reload_now(&self) {
        crate::telemetry::reopen();
        for (name, reload) in &self.reloads {
            match blocking(Arc::clone(reload)).await {
                Ok(changed) => log::info!(what = *name, changed; "reloaded as told"),
                Err(error) => {
                    log::error!(audience = Audience::Application, what = *name; "nothing was reloaded: {error}");
                }
            }
        }
    }

    async fn stop<T>(&self, handles: &[ServerHandle], running: Vec<tokio::task::JoinHandle<T>>) {
        log::info!("ending: no new connections, what is under way may finish");
        self.readiness.drain();
        let deadline = self.settings.shutdown_deadline();
        let ends = tokio::time::Instant::now() + deadline;
        let _ = tokio::time::timeout_at(ends, join_all(handles.iter().map(|handle| handle.stop(true)))).await;
        for mut task in running {
            if tokio::time::timeout_at(ends, &mut task).await.is_err() {
                task.abort();
            }
        }
        let left =
            ends.saturating_duration_since(tokio::time::Instant::now()).max(Duration::from_millis(100));
        self.jobs.stop(left).await;
        log::info!("ended");
    }
}

impl Control {
    /// Ends the service as SIGTERM does.
    pub fn stop(&self) {
        // Without a receiver it has ended already.
        let _ = self.0.send(Order::Stop);
    }

    /// Reloads as SIGHUP does.
    pub fn reload(&self) {
        let _ = self.0.send(Order::Reload);
    }
}

async fn blocking(reload: Reload) -> Result<bool, String> {
    tokio::task::spawn_blocking(move || reload()).await.unwrap_or_else(|end| Err(end.to_string()))
}

/// The line that scripts, the demo and tests wait for.
fn announce(addresses: &BTreeMap<&'static str, SocketAddr>) {
    let addresses = serde_json::json!(addresses);
    let mut out = io::stdout().lock();
    // Nobody reads it where standard output is closed; the service runs all the same.
    let _ = writeln!(out, "ready {addresses}").and_then(|()| out.flush());
    log::info!(addresses:% = addresses; "ready");
}

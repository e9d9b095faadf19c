//! Running a service: its listeners, reload on SIGHUP, an orderly end on SIGTERM or SIGINT.

mod listen;
mod reload;
mod run;
mod settings;
mod signals;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::dev::Server as Listener;
use actix_web::web::{Data, ServiceConfig};
use kw_telemetry::Reason;
use kw_transport::Tls;
use tokio::sync::mpsc;

use listen::Door;
pub use listen::ServeError;
use reload::Reloads;
pub use settings::ServerSettings;

use crate::admin::{self, Readiness};
use crate::http::Http;
use crate::jobs::Jobs;
use crate::metrics::Metrics;
use crate::party::SharedAgreement;

/// One service, put together: add listeners, then [`Server::run`]. Every listener speaks with the HTTP conventions.
pub struct Server {
    settings: ServerSettings,
    http: Http,
    jobs: Jobs,
    readiness: Readiness,
    reloads: Reloads,
    listeners: Vec<(&'static str, Listener)>,
    addresses: BTreeMap<&'static str, SocketAddr>,
    orders: (mpsc::UnboundedSender<Order>, mpsc::UnboundedReceiver<Order>),
}

/// Ends or reloads a running [`Server`] from within the process.
#[derive(Debug, Clone)]
pub struct Control(mpsc::UnboundedSender<Order>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Order {
    Fail(String),
    Reload,
    Stop,
}

impl Server {
    /// A service with its admin listener, if the settings have an address for one.
    pub fn new(settings: ServerSettings, http: Http) -> Result<Self, ServeError> {
        Self::with_admin(settings, http, |_| {})
    }

    /// The same, with more on the admin listener: for the operator of this machine.
    pub fn with_admin<R>(settings: ServerSettings, http: Http, own: R) -> Result<Self, ServeError>
    where
        R: Fn(&mut ServiceConfig) + Clone + Send + 'static,
    {
        let jobs = Jobs::new(Arc::clone(&http.clock), http.entropy.clone(), http.metrics.clone());
        let readiness = Readiness::new();
        let asked = jobs.clone();
        readiness.check("jobs", move || {
            let stale = asked.stale();
            async move { if stale.is_empty() { Ok(()) } else { Err(format!("stale: {}", stale.join(", "))) } }
        });
        let server = Self {
            settings,
            http,
            jobs,
            readiness,
            reloads: Reloads::default(),
            listeners: Vec::new(),
            addresses: BTreeMap::new(),
            orders: mpsc::unbounded_channel(),
        };
        server.admin(own)
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

    /// Where the listeners are, by name; with port 0 in the settings, the port that the system chose.
    pub fn addresses(&self) -> &BTreeMap<&'static str, SocketAddr> {
        &self.addresses
    }

    /// Something to reload on SIGHUP and every ten seconds: `Ok(true)` when it changed. It runs where it may block.
    pub fn on_reload(
        mut self,
        name: &'static str,
        reload: impl Fn() -> Result<bool, Reason> + Send + Sync + 'static,
    ) -> Self {
        self.reloads.add(name, reload);
        self
    }

    /// Reloads the agreement with the rest, and shows its age.
    pub fn agreement(self, agreement: &SharedAgreement) -> Self {
        agreement.observe(&self.http.metrics);
        let agreement = agreement.clone();
        self.on_reload("agreement", move || agreement.reload().map_err(|error| Reason::of(&error)))
    }

    /// Reloads certificates, trust anchors and revocation lists with the rest, and shows their state.
    pub fn tls(self, tls: &Tls) -> Self {
        reload::observe_tls(tls, &self.http.metrics);
        let tls = tls.clone();
        self.on_reload("tls", move || tls.reload().map_err(|error| Reason::of(&error)))
    }

    /// The service listener: mutual TLS, for partners that the agreement knows. Both are reloaded.
    pub fn service<R>(self, tls: &Tls, agreement: &SharedAgreement, routes: R) -> Result<Self, ServeError>
    where
        R: Fn(&mut ServiceConfig) + Clone + Send + 'static,
    {
        let (known, shared) = (Data::new(tls.clone()), agreement.clone());
        let address = self.settings.listen;
        let door = Door::Mutual(tls.clone());
        let (own, agreed) = (tls.clone(), agreement.clone());
        let follow = move || {
            own.set_stand_ins(agreed.current().stand_ins());
            Ok(false)
        };
        tls.set_stand_ins(agreement.current().stand_ins());
        let server = self.tls(tls).agreement(agreement).on_reload("stand-ins", follow);
        server.listen("service", address, door, move |config| {
            config.app_data(known.clone()).app_data(shared.clone());
            routes(config);
        })
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

    /// Pages for people who have to show a certificate of `people`'s trust anchors, at the address of the service listener.
    pub fn pages<R>(self, people: &Tls, routes: R) -> Result<Self, ServeError>
    where
        R: Fn(&mut ServiceConfig) + Clone + Send + 'static,
    {
        let (known, address) = (Data::new(people.clone()), self.settings.listen);
        self.listen("pages", address, Door::Mutual(people.clone()), move |config| {
            config.app_data(known.clone());
            routes(config);
        })
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

    fn admin<R>(self, own: R) -> Result<Self, ServeError>
    where
        R: Fn(&mut ServiceConfig) + Clone + Send + 'static,
    {
        let Some(address) = self.settings.admin else { return Ok(self) };
        if !address.ip().is_loopback() && !self.settings.admin_beyond_loopback {
            return Err(ServeError::NotLoopback { name: "admin", address });
        }
        let (readiness, metrics) = (self.readiness.clone(), self.http.metrics.clone());
        self.listen("admin", address, Door::Plain, move |config| {
            admin::routes(config, readiness.clone(), metrics.clone());
            own(config);
        })
    }
}

impl Control {
    /// Ends the service as SIGTERM does.
    pub fn stop(&self) {
        // Without a receiver it has ended already.
        let _ = self.0.send(Order::Stop);
    }

    /// Ends the service in an orderly way with an error, because going on would be wrong. `reason` says what is the matter
    /// and what to do next.
    pub fn fail(&self, reason: impl Into<String>) {
        let _ = self.0.send(Order::Fail(reason.into()));
    }

    /// Reloads as SIGHUP does.
    pub fn reload(&self) {
        let _ = self.0.send(Order::Reload);
    }
}

//! An authority, an agreement and services of a town, in a temporary folder.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{self, ServiceConfig};
use kw_domain::{Oin, SystemClock};
use kw_runtime::{Body, Http, Metrics, Party, Server, ServerSettings, SharedAgreement};
use kw_transport::authority::{Authority, IssueRequest};
use kw_transport::{ClientOptions, Tls};
use tempfile::TempDir;

pub(crate) const SWITCHBOARD: &str = "00000099000000001000";
pub(crate) const SCHOOL: &str = "00000099000000012000";
pub(crate) const STRANGER: &str = "00000099000000099000";

/// Connections that a party may have.
pub(crate) const SHARE: usize = 3;

const AGREEMENT: &str = include_str!("../../../../examples/chains/youth.toml");

pub(crate) struct Town {
    pub(crate) authority: Authority,
    folder: TempDir,
}

pub(crate) fn oin(text: &str) -> Oin {
    Oin::parse(text).unwrap()
}

impl Town {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::init(folder.path(), &"youth-demostad".parse().unwrap()).unwrap();
        fs::write(folder.path().join("agreement.toml"), AGREEMENT).unwrap();
        Self { authority, folder }
    }

    pub(crate) fn agreement_file(&self) -> PathBuf {
        self.folder.path().join("agreement.toml")
    }

    /// Suspends the school in the agreement file.
    pub(crate) fn suspend_school(&self) {
        let line = format!("oin = \"{SCHOOL}\"\n");
        assert!(AGREEMENT.contains(&line));
        fs::write(self.agreement_file(), AGREEMENT.replace(&line, &format!("{line}suspended = true\n")))
            .unwrap();
    }

    pub(crate) fn tls(&self, name: &str, number: &str) -> Tls {
        let request = IssueRequest {
            name: name.to_owned(),
            oin: oin(number),
            hosts: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            validity: Duration::from_hours(24),
        };
        Tls::load(&self.authority.issue(&request).unwrap().tls_files()).unwrap()
    }

    pub(crate) fn agreement(&self) -> SharedAgreement {
        SharedAgreement::load(&self.agreement_file(), Arc::new(SystemClock)).unwrap()
    }
}

/// A service that tells its callers who they are, on ports that the system chooses.
pub(crate) fn service(tls: &Tls, agreement: &SharedAgreement) -> Server {
    let settings = ServerSettings {
        public: Some("127.0.0.1:0".parse().unwrap()),
        workers: Some(1),
        max_connections_per_party: SHARE,
        shutdown_deadline: 5,
        ..ServerSettings::default()
    };
    Server::new(settings, Http::new(Metrics::new()))
        .unwrap()
        .service(tls, agreement, who_am_i)
        .unwrap()
        .public(tls, public)
        .unwrap()
}

fn who_am_i(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/me").route(web::get().to(|party: Party| async move { party.name })))
        .service(
            web::resource("/v1/told").route(web::post().to(|_: Party, told: Body<String>| async { told.0 })),
        )
        .service(web::resource("/v1/slow").route(web::get().to(|_: Party| async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            "slow"
        })));
}

fn public(config: &mut ServiceConfig) {
    config.service(web::resource("/v1/openapi.json").route(web::get().to(|| async { "{}" })));
}

/// A client of the switchboard with this certificate.
pub(crate) fn client(tls: &Tls) -> reqwest::Client {
    tls.client(oin(SWITCHBOARD), ClientOptions::default())
}

//! A whole chain on one machine, with made-up people or with files of your own.
//!
//! Everything is as it is in earnest: an authority, an agreement, keys, and each service a process of its own that speaks
//! mutual TLS with the others. The demonstration registers, asks, pulls, tries what must be refused, cuts a partner off,
//! and searches what the central services stored and logged for every number that was used.
#![forbid(unsafe_code)]

mod asking;
mod browser;
mod chain;
mod citizens;
mod databases;
mod error;
mod events;
mod files;
mod log_copy;
mod made_up;
mod mix_up;
mod opened;
mod openid;
mod own_data;
pub mod people;
pub mod portal;
mod processes;
pub mod provider;
mod registering;
pub mod report;
pub mod representation;
pub mod search;
mod sources;
pub mod staff_provider;
mod stage;
mod verdict;
pub mod youth_case;

use std::future::Future;
use std::path::PathBuf;
use std::time::Instant;

use kw_domain::{Bsn, Oin};
use serde::Serialize;

use chain::Chain;
use databases::Databases;
pub use error::DemoError;
pub use events::EVENTS as LOG_EVENTS;
use files::Ground;
use opened::Opened;
pub use opened::{NextAgreement, OperatorPlace, PagePlace, SignInPlace, Visited};
pub use report::Report;
pub use stage::{Audience, Nobody};

/// What is demonstrated, and where.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The `ketenwijzer` program, which the services run.
    pub program: PathBuf,
    /// A new folder that stays; a temporary one without it.
    pub folder: Option<PathBuf>,
    /// `postgres://…`, a server where databases may be made; SQLite without it.
    pub database: Option<String>,
    /// The authorities of that server, PEM; demanded when it is not on this machine.
    pub root_certificates: Option<PathBuf>,
    /// Whether partners keep files all the same: what is on the server is then the central services' alone.
    pub partners_on_files: bool,
    /// Whom it is about.
    pub cast: Cast,
}

/// Whom a demonstration is about.
#[derive(Debug, Clone)]
pub enum Cast {
    /// Made-up people, this many.
    MadeUp {
        /// How many.
        people: usize,
        /// Whether desk, console and inzage open, with something to see in each.
        pages: bool,
    },
    /// Files of one's own.
    Own(OwnData),
}

/// A folder with a folder for each partner.
#[derive(Debug, Clone)]
pub struct OwnData {
    /// The folder.
    pub folder: PathBuf,
    /// The column with the number, where it is not called as usual.
    pub bsn_column: Option<String>,
    /// The column with the birth date, where it is not called as usual.
    pub birth_date_column: Option<String>,
    /// Whom to ask about; the person known to most partners without it.
    pub bsn: Option<Bsn>,
}

/// Where everything is while a demonstration runs.
#[derive(Debug, Clone, Serialize)]
pub struct Places {
    /// One per process.
    pub services: Vec<ServicePlace>,
    /// What people work with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<PagePlace>,
    /// The certificates that their browsers meet there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<PathBuf>,
    /// What operators need to put another agreement in force.
    #[serde(rename = "nextAgreement", skip_serializing_if = "Option::is_none")]
    pub next_agreement: Option<NextAgreement>,
}

/// Where one process is.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicePlace {
    /// `switchboard`, `pseudonymiser`, or the name of a partner.
    pub name: String,
    /// The partner's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oin: Option<Oin>,
    /// Whether it runs: one partner is down on purpose.
    pub running: bool,
    /// Its configuration file.
    pub configuration: PathBuf,
    /// For other parties, mutual TLS.
    pub endpoint: String,
    /// For everybody, TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public: Option<String>,
    /// Health and metrics.
    pub admin: String,
    /// For the partner's own programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local: Option<String>,
    /// The file with the token of the local API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<PathBuf>,
}

/// A demonstration that was played, and whose chain still runs.
#[derive(Debug)]
pub struct Played {
    chain: Chain,
    /// What people work with, where they do.
    opened: Option<Opened>,
    /// Who was made up.
    people: Option<people::People>,
    /// Everything but the records, which are counted at the end.
    report: Report,
    search: search::Search,
    began: Instant,
}

impl Played {
    /// Where everything is.
    pub fn places(&self) -> Places {
        let mut places = self.chain.places();
        if let Some(opened) = &self.opened {
            places.pages = opened.pages().to_vec();
            places.certificates = opened.certificates().to_vec();
            places.next_agreement = Some(opened.next_agreement().clone());
        }
        places
    }

    /// Who was made up; nobody, with data of one's own.
    pub fn people(&self) -> Option<&people::People> {
        self.people.as_ref()
    }

    /// What was seen so far.
    pub fn report(&self) -> &Report {
        &self.report
    }
}

/// A demonstration: its folder and its databases, which go at the end.
#[derive(Debug)]
pub struct Demo {
    settings: Settings,
    databases: Databases,
    // Last, so that it is removed when nothing uses it any more.
    ground: Ground,
}

impl Demo {
    /// Makes the folder.
    pub fn prepare(settings: Settings) -> Result<Self, DemoError> {
        let databases = Databases::new(&settings)?;
        let ground = Ground::make(settings.folder.as_deref())?;
        Ok(Self { settings, databases, ground })
    }

    /// The folder with everything in it, while it is there.
    pub fn folder(&self) -> &std::path::Path {
        self.ground.path()
    }

    /// Starts the chain and plays; `stop` ends it early.
    pub async fn play(
        &self,
        audience: &dyn Audience,
        stop: impl Future<Output = ()>,
    ) -> Result<Played, DemoError> {
        let began = Instant::now();
        let play = async {
            match &self.settings.cast {
                Cast::MadeUp { people, pages } => {
                    Box::pin(made_up::play(
                        &self.settings.program,
                        &self.ground,
                        &self.databases,
                        (*people, *pages),
                        audience,
                        began,
                    ))
                    .await
                }
                Cast::Own(own) => {
                    Box::pin(own_data::play(
                        &self.settings.program,
                        &self.ground,
                        &self.databases,
                        own,
                        audience,
                        began,
                    ))
                    .await
                }
            }
        };
        // Whatever was started by then is killed with the future that holds it.
        tokio::select! {
            played = play => played,
            () = stop => Err(DemoError::Interrupted),
        }
    }

    /// Copies the switchboard's log where the folder stays, ends the chain, searches what it left and counts its records.
    pub async fn finish(&self, mut played: Played, audience: &dyn Audience) -> Result<Report, DemoError> {
        if self.ground.stays() {
            audience.begins("copying the switchboard's log");
            log_copy::leave(&played.chain, &self.ground.log()).await?;
        }
        audience.begins("ending the services and counting their records");
        if let Some(opened) = &mut played.opened {
            opened.end().await;
        }
        played.chain.end().await;
        let found = verdict::search_central(&played.search, &played.chain, &self.databases).await?;
        let records = played.chain.records().await?;
        let mut report = played.report;
        verdict::note(&mut report, &found);
        report.records =
            report::RecordCounts { switchboard: records.switchboard, partners: records.partners };
        report.elapsed_ms = played.began.elapsed().as_millis() as u64;
        verdict::judge(&mut report);
        Ok(report)
    }

    /// Plays the story of representation to its end; `stop` ends it early.
    pub async fn play_representation(
        &self,
        audience: &dyn Audience,
        stop: impl Future<Output = ()>,
    ) -> Result<representation::RepresentationReport, DemoError> {
        tokio::select! {
            played = representation::play(&self.settings.program, &self.ground, &self.databases, audience) => played,
            () = stop => Err(DemoError::Interrupted),
        }
    }

    /// Plays the story of a youth case to its end; `stop` ends it early.
    pub async fn play_youth_case(
        &self,
        audience: &dyn Audience,
        stop: impl Future<Output = ()>,
    ) -> Result<youth_case::YouthCaseReport, DemoError> {
        tokio::select! {
            played = youth_case::play(&self.settings.program, &self.ground, &self.databases, audience) => played,
            () = stop => Err(DemoError::Interrupted),
        }
    }

    /// Drops what was made on a database server, unless the folder stays. Says what could not be dropped.
    pub async fn clear(self) -> Vec<String> {
        if self.ground.stays() { Vec::new() } else { self.databases.drop_all().await }
    }
}

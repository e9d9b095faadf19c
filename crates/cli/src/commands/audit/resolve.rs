//! `audit resolve`: two auditors agree to find the records about one subject, whom nobody names.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use kw_agreement::LogIdentity;
use kw_client::AccessLogClient;
use kw_domain::{ActorId, ResolutionId, SubjectReference};
use kw_protocol::IdToken;
use kw_protocol::access_log::{
    ApproveResolution, RequestResolution, Resolution, ResolutionList, ResolutionState,
};

use super::access::{Access, AuditConfig, LogName};
use crate::asker::read_token;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, table};

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Agree to a request: another person than who asked, with another certificate unless both show an ID token.
    Approve {
        #[command(flatten)]
        at: At,
        /// The request.
        #[arg(value_name = "ID")]
        id: ResolutionId,
        /// Who agrees: your name at your organisation. It is recorded.
        #[arg(long, value_name = "PERSON")]
        auditor: ActorId,
        #[command(flatten)]
        shown: Shown,
    },
    /// Show the requests that wait for a second auditor, and those that can be used.
    List {
        #[command(flatten)]
        at: At,
    },
    /// Ask to find the records about whom one record is about.
    Request {
        #[command(flatten)]
        at: At,
        /// Who asks: your name at your organisation. It is recorded.
        #[arg(long, value_name = "PERSON")]
        auditor: ActorId,
        /// The entry, as `audit show` numbers it.
        #[arg(long, value_name = "INDEX")]
        index: u64,
        /// Its record's subject reference: `subject`, as `audit show --json` gives the record.
        #[arg(long, value_name = "ID")]
        reference: SubjectReference,
        /// Why, without personal data. It is recorded.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        shown: Shown,
    },
}

/// How it is shown who that is.
#[derive(Debug, Args)]
pub(crate) struct Shown {
    /// A file with the ID token of your sign-in at the provider of the agreement's `[console]`. Where it names one, both persons show one, to
    /// ask, to agree and to search; elsewhere each needs a certificate of their own.
    #[arg(long, value_name = "FILE")]
    id_token_file: Option<PathBuf>,
}

impl Shown {
    pub(super) fn proof(&self) -> Result<Option<IdToken>, Failure> {
        self.id_token_file.as_deref().map(read_token).transpose()
    }
}

/// As whom, and where.
#[derive(Debug, Args)]
pub(crate) struct At {
    #[command(flatten)]
    access: Access,
    /// Whose log: `switchboard`, or the OIN of a partner.
    #[arg(long, value_name = "LOG", default_value = "switchboard")]
    log: LogName,
}

impl At {
    fn client(&self) -> Result<AccessLogClient, Failure> {
        let config = self.access.load()?;
        let log = self.log.identity(&config.agreement()?)?;
        client_of(&config, &log)
    }
}

/// An auditor's client of the service that keeps a log.
pub(super) fn client_of(config: &AuditConfig, log: &LogIdentity) -> Result<AccessLogClient, Failure> {
    Ok(AccessLogClient::new(&config.tls()?, log.oin, &log.endpoint, super::context())?)
}

pub(crate) async fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    match command {
        Command::Approve { at, id, auditor, shown } => {
            let approval = ApproveResolution { auditor, proof: shown.proof()? };
            let resolution = at.client()?.approve_resolution(id, &approval).await?;
            output.data(&resolution, || {
                format!(
                    "agreed until {}: both of you may search with --resolution {}",
                    resolution.expires_at, resolution.id
                )
            });
        }
        Command::List { at } => {
            let list = at.client()?.resolutions().await?;
            output.data(&list, || rows(&list));
        }
        Command::Request { at, auditor, index, reference, reason, shown } => {
            let (index, reference, proof) = (Some(index), Some(reference), shown.proof()?);
            let request = RequestResolution { auditor, proof, reason, index, reference, subject: None };
            let resolution = at.client()?.request_resolution(&request).await?;
            output.data(&resolution, || {
                format!(
                    "asked; before {} another auditor has to agree: ketenwijzer audit resolve approve {}",
                    resolution.expires_at, resolution.id
                )
            });
        }
    }
    Ok(Exit::Done)
}

fn rows(list: &ResolutionList) -> String {
    if list.resolutions.is_empty() {
        return "no resolution is open".to_owned();
    }
    let mut table = table(["id", "state", "until", "asked by", "agreed by", "reason"]);
    for one in &list.resolutions {
        table.add_row(row(one));
    }
    table.to_string()
}

fn row(one: &Resolution) -> [String; 6] {
    let state = match one.state {
        ResolutionState::Approved => "usable",
        ResolutionState::Requested => "waits for a second auditor",
    };
    let agreed = one.approved_by.as_ref().map(|by| by.auditor.to_string()).unwrap_or_default();
    let asked = one.requested_by.auditor.to_string();
    [one.id.to_string(), state.to_owned(), one.expires_at.to_string(), asked, agreed, one.reason.clone()]
}

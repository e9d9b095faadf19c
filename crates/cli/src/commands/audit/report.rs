//! `audit report`: how much a chain is used, without persons; or what deserves a second look.

mod anomalies;
mod usage;

use clap::Args;
use kw_agreement::LogOwner;
use kw_audit::Month;
use kw_domain::{Clock as _, SystemClock};

use super::records::Sources;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    sources: Sources,
    /// Which calendar month in the Netherlands, as 2026-11; the last complete one without it.
    #[arg(long, value_parser = Month::parse)]
    month: Option<Month>,
    /// What deserves a second look, instead of use. Names who acted: for the auditor, who has to follow it up.
    #[arg(long)]
    anomalies: bool,
    /// Numbers below this are not shown in the report of use.
    #[arg(long, value_name = "COUNT", default_value_t = 5)]
    smallest: u64,
    #[command(flatten)]
    limits: anomalies::LimitArguments,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let month = arguments.month.unwrap_or_else(|| Month::before(SystemClock.now()));
    if arguments.anomalies {
        let usual = [LogOwner::Switchboard, LogOwner::Pseudonymiser];
        let opened = arguments.sources.open(&usual, month.period())?;
        anomalies::run(opened, &arguments.limits, month, output).await
    } else {
        let opened = arguments.sources.open(&[LogOwner::Switchboard], month.period())?;
        usage::run(opened, arguments.smallest, month, output).await
    }
}

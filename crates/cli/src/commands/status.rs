//! `status`: how the partner that runs here is doing.

use clap::Args;
use kw_protocol::local::PartnerStatus;

use super::local::Partner;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, table};

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    partner: Partner,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let status = arguments.partner.client()?.status().await?;
    output.data(&status, || readable(&status));
    Ok(Exit::Done)
}

fn readable(status: &PartnerStatus) -> String {
    let mut sources = table(["source", "registered", "pending", "in line since"]);
    for source in &status.sources {
        sources.add_row([
            source.source.to_string(),
            source.registered.to_string(),
            source.pending.to_string(),
            source.synced_at.map_or_else(|| "never".to_owned(), |moment| moment.to_string()),
        ]);
    }
    let lease = status
        .lease_valid_until
        .map_or_else(|| "no lease yet".to_owned(), |until| format!("lease until {until}"));
    let PartnerStatus { name, oin, chain, agreement, .. } = status;
    format!("{name} ({oin}) in {chain}; {lease}\nagreement {agreement}\n{sources}")
}

//! `signals`: what a party was told, and what it is told from now on.

use clap::Args;
use kw_client::SignalClient;
use kw_protocol::signal::{FROM_NOW, LARGEST_PAGE, LONGEST_WAIT, Signal, SignalsAsked};

use super::audit::access::Access;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, table};

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// As whom: the configuration of a partner, or of an auditor.
    #[command(flatten)]
    access: Access,
    /// Go on from where an earlier call ended: its `cursor`; or `now`.
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
    /// At most so many, oldest first.
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=i64::from(LARGEST_PAGE)))]
    limit: u32,
    /// Wait for what comes, until interrupted; with --json, one object a line. From now on, unless --after says otherwise.
    #[arg(long)]
    follow: bool,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let config = arguments.access.load()?;
    let client = SignalClient::new(&config.tls()?, &config.agreement()?, super::audit::context())?;
    if !arguments.follow {
        let asked = SignalsAsked { after: arguments.after, limit: Some(arguments.limit), wait: None };
        let page = client.read(&asked).await?;
        output.data(&page, || rows(&page.signals));
        return Ok(Exit::Done);
    }
    let mut after = arguments.after.unwrap_or_else(|| FROM_NOW.to_owned());
    loop {
        let asked =
            SignalsAsked { after: Some(after), limit: Some(arguments.limit), wait: Some(LONGEST_WAIT) };
        let page = client.read(&asked).await?;
        for signal in &page.signals {
            output.data(signal, || format!("{}  {}  {}", signal.time, signal.kind, signal.link));
        }
        after = page.cursor;
    }
}

fn rows(signals: &[Signal]) -> String {
    if signals.is_empty() {
        return "nothing was told".to_owned();
    }
    let mut table = table(["when", "what", "where to look"]);
    for signal in signals {
        let what = signal.known().map_or(signal.kind.as_str(), |kind| kind.code());
        table.add_row([signal.time.to_string().as_str(), what, &signal.link]);
    }
    table.to_string()
}

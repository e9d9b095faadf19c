//! `audit show`: what happened at a service, as its access log says it. The reading is recorded there.

mod filter;
mod local;

use clap::Args;
use kw_client::AccessLogClient;
use kw_domain::{ActorId, ResolutionId};
use kw_ledger::AccessRecord;
use kw_protocol::access_log::{AccessLogEntry, AccessLogPage, AccessLogSearch, LARGEST_PAGE};
use serde_json::json;

use super::access::{Access, LogName};
use super::resolve::{Shown, client_of};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::progress::Progress;
use crate::output::{Output, escaped, note, table};

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    access: Access,
    /// Whose log: `switchboard`, `pseudonymiser`, or the OIN of a partner.
    #[arg(long, value_name = "LOG", default_value = "switchboard")]
    log: LogName,
    /// Who reads: your name at your organisation. It is recorded.
    #[arg(long, value_name = "PERSON")]
    auditor: ActorId,
    #[command(flatten)]
    filter: filter::Options,
    /// Only the entry at this place of the log.
    #[arg(long, value_name = "INDEX", conflicts_with_all = ["resolution", "cursor"])]
    index: Option<u64>,
    /// Only what is about the subject of this resolution, which two auditors agreed on (`audit resolve`).
    #[arg(long, value_name = "ID")]
    resolution: Option<ResolutionId>,
    #[command(flatten)]
    shown: Shown,
    /// At most so many entries, newest first.
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// Go on from where an earlier call ended: its `nextCursor`, with the same filter.
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
    /// Read the database that the configuration names, on this machine, as the service's operator.
    #[arg(long)]
    database: bool,
}

/// Where the log is read.
enum Source {
    Local(local::LocalLog),
    Remote(AccessLogClient),
}

impl Source {
    async fn page(&self, asked: &AccessLogSearch) -> Result<AccessLogPage, Failure> {
        match self {
            Self::Local(log) => log.page(asked).await,
            Self::Remote(client) => Ok(client.search(asked).await?),
        }
    }
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let config = arguments.access.load()?;
    let agreement = config.agreement()?;
    let log = arguments.log.identity(&agreement)?;
    let source = if arguments.database {
        Source::Local(local::open(config.database()?.clone(), agreement, &log, &arguments.auditor).await?)
    } else {
        Source::Remote(client_of(&config, &log)?)
    };
    let mut asked = AccessLogSearch {
        auditor: arguments.auditor,
        cursor: arguments.cursor,
        filter: arguments.filter.into_filter(),
        index: arguments.index,
        limit: None,
        proof: arguments.shown.proof()?,
        resolution: arguments.resolution,
    };
    let (mut entries, mut looked_at, mut wanted) = (Vec::new(), 0, arguments.limit);
    let progress = Progress::counted("entries looked at");
    let (origin, size) = loop {
        asked.limit = Some(wanted.min(u64::from(LARGEST_PAGE)) as u32);
        let page = source.page(&asked).await?;
        looked_at += page.looked_at;
        progress.reached(looked_at, page.size.max(looked_at));
        wanted = wanted.saturating_sub(page.entries.len() as u64);
        entries.extend(page.entries);
        asked.cursor = page.next_cursor;
        if wanted == 0 || asked.cursor.is_none() {
            break (page.origin, page.size);
        }
    };
    drop(progress);
    let data = json!({
        "origin": origin, "size": size, "lookedAt": looked_at, "nextCursor": asked.cursor, "entries": entries,
    });
    output.data(&data, || rows(&entries));
    if asked.cursor.is_some() && !output.is_json() {
        note("there may be more: ask with a larger --limit, or narrow the filter");
    }
    Ok(Exit::Done)
}

fn rows(entries: &[AccessLogEntry]) -> String {
    if entries.is_empty() {
        return "nothing was found".to_owned();
    }
    let mut table = table([
        "index",
        "when",
        "event",
        "party",
        "person",
        "role",
        "purpose",
        "case",
        "categories",
        "basis",
        "result",
    ]);
    for entry in entries {
        let index = entry.index.to_string();
        let read = entry.record.as_deref().map(serde_json::from_str::<AccessRecord>);
        let text = match read {
            Some(Ok(record)) => row(index, &record),
            None => [index, String::new(), "(erased)".to_owned()].into_iter().chain(blank(8)).collect(),
            Some(Err(_)) => [index, String::new(), "(of another version)".to_owned()]
                .into_iter()
                .chain(blank(8))
                .collect(),
        };
        table.add_row(text.iter().map(|cell| escaped(cell)));
    }
    table.to_string()
}

fn row(index: String, record: &AccessRecord) -> Vec<String> {
    let text = |value: Option<&dyn ToString>| value.map(ToString::to_string).unwrap_or_default();
    let actor = record.actor.as_ref();
    let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let categories: Vec<_> = record.categories.iter().map(ToString::to_string).collect();
    vec![
        index,
        record.at.to_string(),
        record.event.code().to_owned(),
        record.party.to_string(),
        text(actor.map(|actor| &actor.id as &dyn ToString)),
        text(actor.map(|actor| &actor.role as &dyn ToString)),
        text(record.purpose.as_ref().map(|purpose| purpose as &dyn ToString)),
        text(record.case.as_ref().map(|case| case as &dyn ToString)),
        categories.join(" "),
        record.relation.as_ref().map(|relation| relation.basis.clone()).unwrap_or_default(),
        word(json!(record.result)),
    ]
}

fn blank(count: usize) -> impl Iterator<Item = String> {
    std::iter::repeat_n(String::new(), count)
}

//! `audit mirror`: a copy of a log in a folder, brought up to date.

use std::path::PathBuf;

use clap::Args;
use kw_logbook::reader::{Copied, CopyError, LogSource, Trust, mirror};
use serde_json::json;

use super::access::{Access, LogName};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::output::progress::Progress;

/// The arguments.
#[derive(Debug, Args)]
#[command(allow_missing_positional = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    access: Access,
    /// Whose log: `switchboard`, `pseudonymiser`, or the OIN of a partner.
    #[arg(long, value_name = "LOG", default_value = "switchboard")]
    log: LogName,
    /// Where its owner serves it, if not at the endpoint of the agreement: on the public listener, `https://…/log`.
    url: Option<String>,
    /// The folder of the copy.
    dir: PathBuf,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let config = arguments.access.load()?;
    let agreement = config.agreement()?;
    let log = arguments.log.identity(&agreement)?;
    let trust = Trust::of(&agreement, &log).map_err(Failure::fault)?;
    let (tls, context) = (config.tls()?, super::context());
    let source = match &arguments.url {
        Some(prefix) => LogSource::at(&tls, &log, prefix.trim_end_matches('/'), context)?,
        None => LogSource::of(&tls, &log, context)?,
    };
    let progress = Progress::counted("copying entries");
    let reached = |reached: kw_logbook::reader::Progress| progress.reached(reached.done, reached.total);
    let copied = mirror(&source, &trust, &arguments.dir, reached).await;
    drop(progress);
    match copied {
        Ok(copied) => Ok(told(&copied, &arguments, output)),
        Err(error) => refused(error, output),
    }
}

fn told(copied: &Copied, arguments: &Arguments, output: Output) -> Exit {
    let Copied { before, newest } = copied;
    let checkpoint = newest.checkpoint();
    let data = json!({
        "verified": true, "origin": checkpoint.origin, "entries": checkpoint.size, "before": before,
        "root": checkpoint.root.to_string(), "folder": arguments.dir,
    });
    output.data(&data, || {
        let new = checkpoint.size - before;
        format!(
            "{}: {}, {} entries, {new} of them new",
            arguments.dir.display(),
            checkpoint.origin,
            checkpoint.size
        )
    });
    Exit::Done
}

fn refused(error: CopyError, output: Output) -> Result<Exit, Failure> {
    let what = error.to_string();
    match error {
        CopyError::Log(error) | CopyError::Copy(error) if !error.is_verdict() => {
            Err(super::unreadable(error))
        }
        CopyError::Log(_) | CopyError::Shrunk { .. } | CopyError::Forked(_) | CopyError::Copy(_) => {
            let data = json!({ "verified": false, "reason": what });
            output.data(&data, || format!("NOT COPIED, the copy stays as it was: {what}"));
            Ok(Exit::Negative)
        }
        CopyError::OtherLog(_) => Err(Failure::usage(what, "give each log a folder of its own")),
        CopyError::Busy(_) => Err(Failure::new(Exit::Unavailable, what, "wait until it is done")),
        CopyError::File { .. } => {
            Err(Failure::configuration(what, "check the path, its permissions and the free space"))
        }
    }
}

//! `partner check`: what the configured sources would register.

mod readable;

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use kw_adapter::check::{CheckBounds, Verdict};
use kw_domain::{SourceName, SystemClock};
use kw_partner::PartnerConfig;
use kw_partner::check::{CheckOptions, PartnerCheck, check};
use serde::Serialize;

use crate::commands::doctor;
use crate::commands::doctor::findings::{Finding, Grade};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::output::progress::Progress;

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The partner's configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Only this source; may be repeated.
    #[arg(long = "source", value_name = "NAME", value_parser = SourceName::parse)]
    sources: Vec<SourceName>,
    /// Read at most this many records of a source.
    #[arg(long, value_name = "NUMBER", default_value_t = CheckBounds::default().records)]
    records: usize,
    /// Fetch at most this many documents of a category.
    #[arg(long, value_name = "NUMBER", default_value_t = CheckBounds::default().documents)]
    documents: usize,
    /// Also ask whether the other services answer. Without it nobody is asked but the sources.
    #[arg(long)]
    services: bool,
}

#[derive(Serialize)]
struct Checked {
    #[serde(flatten)]
    check: PartnerCheck,
    /// Whether the other services answer; only with `--services`.
    #[serde(skip_serializing_if = "Option::is_none")]
    services: Option<Vec<Finding>>,
}

/// Something that has to be mended is a negative outcome; a source that cannot be reached may be later.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let config = PartnerConfig::load(&arguments.config)?;
    for name in &arguments.sources {
        if !config.sources.iter().any(|source| source.name == *name) {
            let known: Vec<_> = config.sources.iter().map(|source| source.name.as_str()).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(Failure::usage(
                format!("there is no source {name} in the configuration"),
                format!("name one of these: {known}"),
            ));
        }
    }
    let bounds = CheckBounds {
        records: arguments.records.max(1),
        documents: arguments.documents,
        ..CheckBounds::default()
    };
    let options = CheckOptions { sources: arguments.sources, bounds };
    let progress = Progress::steps();
    let looking = |name: &SourceName| progress.begins(&format!("looking at {name}"));
    let report = check(&config, &options, Arc::new(SystemClock), &looking).await;
    let services = if arguments.services {
        progress.begins("asking the other services");
        Some(doctor::services(config).await)
    } else {
        None
    };
    drop(progress);
    let checked = Checked { check: report, services };
    output.data(&checked, || readable::of(&checked));
    Ok(checked.exit())
}

impl Checked {
    fn exit(&self) -> Exit {
        let services = self.services.iter().flatten().any(|finding| finding.grade == Grade::Wrong);
        match self.check.verdict {
            Verdict::Wrong => Exit::Negative,
            Verdict::Unavailable => Exit::Unavailable,
            Verdict::Good | Verdict::Doubtful => Exit::of(!services),
        }
    }
}

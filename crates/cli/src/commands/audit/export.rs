//! `audit export`: records in the form that somebody else's system takes (docs/logging.md).

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use kw_agreement::LogOwner;
use kw_audit::{ExportFormat, Exporter};
use kw_domain::Instant;
use kw_ledger::projection::fsc;
use serde_json::json;

use super::records::{Found, Log, Period, Sources, Tally};
use super::told;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::progress::Progress;
use crate::output::{Output, note};

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    sources: Sources,
    /// In which form.
    #[arg(long, value_enum)]
    format: Format,
    /// What happened from this moment on.
    #[arg(long, value_name = "TIME", value_parser = Instant::parse)]
    from: Option<Instant>,
    /// What happened before this moment.
    #[arg(long, value_name = "TIME", value_parser = Instant::parse)]
    until: Option<Instant>,
    /// Into this new file, which only you can read, instead of to standard output. It is there when it is complete.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// NEN 7513:2018: one JSON object a line. Names who acted.
    Nen7513,
    /// Logboek Dataverwerkingen: one OTLP/JSON document a line. Names nobody who acted.
    Ldv,
    /// FSC Logging: one JSON object a line. Names no person.
    Fsc,
    /// Authorization Decision Log: one JSON object a line.
    Adl,
}

impl From<Format> for ExportFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Nen7513 => Self::Nen7513,
            Format::Ldv => Self::Ldv,
            Format::Fsc => Self::Fsc,
            Format::Adl => Self::Adl,
        }
    }
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let period = Period { from: arguments.from, until: arguments.until };
    let opened = arguments.sources.open(&[LogOwner::Switchboard], period)?;
    let peers = fsc::Peers { switchboard: opened.agreement.switchboard().oin };
    let sink = Sink::open(arguments.output.as_deref())?;
    let mut exporter = Exporter::new(sink, arguments.format.into(), peers);
    let progress = Progress::steps();
    let mut tally = Tally::default();
    for mut log in opened.logs {
        progress.begins(&format!("reading {}", log.identity.origin));
        loop {
            let batch = batch(&mut log).await?;
            if batch.is_empty() {
                break;
            }
            let records = batch.iter().map(|found| log.logged(found));
            exporter.write(records).map_err(|error| unwritable(&error))?;
        }
        tally = tally.and(log.tally);
    }
    let lines = exporter.lines;
    exporter.out.close().map_err(|error| unwritable(&error))?;
    drop(progress);
    let summary = json!({ "read": tally, "lines": lines });
    match &arguments.output {
        Some(path) => {
            output.data(&summary, || format!("{lines} lines in {}; {}", path.display(), told(tally)));
        }
        None => note(&format!("{lines} lines; {}", told(tally))),
    }
    Ok(Exit::of(tally.is_sound()))
}

/// As many records as one OTLP document holds.
async fn batch(log: &mut Log) -> Result<Vec<Found>, Failure> {
    let mut batch = Vec::new();
    while batch.len() < Exporter::<Sink>::BATCH {
        match log.next().await? {
            Some(found) => batch.push(found),
            None => break,
        }
    }
    Ok(batch)
}

/// Where lines go.
struct Sink {
    out: BufWriter<Box<dyn Write + Send>>,
    file: Option<(File, PathBuf, PathBuf)>,
}

impl Sink {
    fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else {
            return Ok(Self { out: BufWriter::new(Box::new(io::stdout())), file: None });
        };
        if path.exists() {
            return Err(Failure::usage("the file is there already", "name a new one, or move it away"));
        }
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let made = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part);
        let file = made.map_err(|error| unwritable(&error))?;
        let copy = file.try_clone().map_err(|error| unwritable(&error))?;
        let out = BufWriter::new(Box::new(copy) as Box<dyn Write + Send>);
        Ok(Self { out, file: Some((file, part, path.to_owned())) })
    }

    fn close(mut self) -> io::Result<()> {
        self.out.flush()?;
        if let Some((file, part, path)) = self.file {
            file.sync_all()?;
            fs::rename(part, path)?;
        }
        Ok(())
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn unwritable(error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Failure::new(Exit::Interrupted, "the reader of the export went away", "");
    }
    Failure::new(
        Exit::Fault,
        format!("the export cannot be written: {error}"),
        "check the path and the free space",
    )
}

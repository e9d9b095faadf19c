//! `keys rotate`: the next key, while everything runs. What was interrupted goes on when the command is given again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use kw_agreement::draft::key_text;
use kw_domain::{Clock as _, Epoch, Instant, KeyUse, SystemClock};
use kw_pseudonymiser::PseudonymiserConfig;
use kw_runtime::key_file::KeyKind;
use kw_runtime::{Entropy, log_key};
use kw_switchboard::SwitchboardConfig;
use kw_switchboard::rotation::{Progress as Reached, Rotate, Rotation, RotationError};
use serde_json::json;

use super::init::{for_agreement, unusable};
use crate::commands::agreement;
use crate::commands::audit::access::AuditConfig;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::progress::Progress;
use crate::output::{Output, note};

/// Which key.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The key that signs grants, at the switchboard.
    Grant {
        /// The switchboard's configuration.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Not used before then (RFC 3339), so that every holder has its public half: in an hour without it.
        #[arg(long, value_name = "MOMENT", value_parser = Instant::parse)]
        use_from: Option<Instant>,
    },
    /// k_s, at the switchboard: makes the next one and converts every subject.
    Index(Convert),
    /// The key that signs a service's log: makes the next one, for a log with a new name (`audit recover`).
    Log {
        /// The service's configuration.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// k_p for the index, at the switchboard: converts every subject with the δ that the pseudonymiser handed over. Closes
    /// the old epoch, so use --step until every party has taken the agreement with the new key.
    Pseudonymiser(Convert),
    /// k_p for bindings, at the pseudonymiser: makes the next one.
    PseudonymiserBinding {
        /// The pseudonymiser's configuration.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// k_p for the index, at the pseudonymiser: makes the next one, and δ for the switchboard.
    PseudonymiserIndex {
        /// The pseudonymiser's configuration.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// The folder that δ is written to: on the medium that goes to the switchboard's operator.
        #[arg(long, value_name = "DIR")]
        hand_over: PathBuf,
    },
}

/// A conversion of the index.
#[derive(Debug, Args)]
pub(crate) struct Convert {
    /// The switchboard's configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Only this step; all of them, one after the other, without it.
    #[arg(long, value_enum)]
    step: Option<Step>,
}

/// The steps of a conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    /// From here on every write fills both tags and every look-up tries both.
    Begin,
    /// Converts every subject; can be stopped and gone on with.
    Convert,
    /// Wipes the old tags and destroys the old key (or δ).
    Close,
}

/// Which key is destroyed.
#[derive(Debug, Args)]
pub(crate) struct Retire {
    /// The pseudonymiser's configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// For which use.
    #[arg(long = "use", value_parser = key_use)]
    key_use: KeyUse,
    /// Its generation; never the newest.
    #[arg(long)]
    epoch: u32,
}

pub(super) async fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    match command {
        Command::Index(arguments) => convert(Rotate::Index, &arguments, output).await,
        Command::Pseudonymiser(arguments) => convert(Rotate::Pseudonymiser, &arguments, output).await,
        Command::Grant { config, use_from } => grant(&config, use_from, output),
        Command::Log { config } => log(&config, output),
        Command::PseudonymiserBinding { config } => {
            evaluation_key(&config, KeyUse::Binding, Path::new("."), output)
        }
        Command::PseudonymiserIndex { config, hand_over } => {
            evaluation_key(&config, KeyUse::Index, &hand_over, output)
        }
    }
}

pub(super) fn retire(arguments: Retire, output: Output) -> Result<Exit, Failure> {
    let config = PseudonymiserConfig::load(&arguments.config)?;
    let chain = agreement::load(&config.agreement)?.chain().clone();
    let epoch = Epoch(arguments.epoch);
    kw_pseudonymiser::keys::retire(&config.keys.directory, &chain, arguments.key_use, epoch)
        .map_err(unusable)?;
    output.data(&json!({ "retired": { "use": arguments.key_use, "epoch": epoch.0 } }), || {
        format!(
            "the {} key of epoch {epoch} is destroyed here; destroy its backups as well",
            arguments.key_use
        )
    });
    Ok(Exit::Done)
}

async fn convert(what: Rotate, arguments: &Convert, output: Output) -> Result<Exit, Failure> {
    let config = SwitchboardConfig::load(&arguments.config)?;
    let agreement = agreement::load(&config.agreement)?;
    let wanted = |step| arguments.step.is_none_or(|only| only == step);
    let clock = Arc::new(SystemClock);
    let mut rotation = Rotation::open(agreement, config.database, &config.keys.directory, clock).await?;
    if wanted(Step::Begin) {
        note("beginning: every write fills both tags from here on");
        rotation.begin(what).await?;
    }
    let mut reached = None;
    if wanted(Step::Convert) {
        let progress = Progress::counted("converting subjects");
        let done =
            rotation.convert(|Reached { converted, total }| progress.reached(converted, total)).await?;
        reached = Some(done);
    }
    if wanted(Step::Close) {
        note("closing: wiping the old tags, destroying the old key");
        rotation.close().await?;
    }
    let converted = reached.map(|done| done.converted);
    let closed = wanted(Step::Close);
    output.data(&json!({ "converted": converted, "closed": closed }), || match (converted, closed) {
        (Some(count), true) => {
            format!("{count} subjects converted; the old key is destroyed here, destroy its backups as well")
        }
        (Some(count), false) => format!("{count} subjects converted; go on with --step close"),
        (None, true) => "closed; the old key is destroyed here, destroy its backups as well".to_owned(),
        (None, false) => "begun; go on with --step convert".to_owned(),
    });
    Ok(Exit::Done)
}

fn grant(config: &Path, use_from: Option<Instant>, output: Output) -> Result<Exit, Failure> {
    let config = SwitchboardConfig::load(config)?;
    let chain = agreement::load(&config.agreement)?.chain().clone();
    let use_from = use_from.unwrap_or_else(|| SystemClock.now().plus(KNOWN_TO_ALL));
    let file =
        kw_switchboard::rotate_grant_key(&config.keys.directory, &chain, use_from).map_err(unusable)?;
    output.data(&json!({ "file": file, "useFrom": use_from }), || {
        format!(
            "made {}\npublished by the running switchboard within seconds, used from {use_from} on",
            file.display()
        )
    });
    Ok(Exit::Done)
}

fn log(config: &Path, output: Output) -> Result<Exit, Failure> {
    let config = AuditConfig::load(config)?;
    let chain = config.agreement()?.chain().clone();
    let made = log_key::next(config.keys()?, &chain, KeyKind::Log, &mut Entropy::os()).map_err(unusable)?;
    let public = key_text(&made.public());
    output.data(&json!({ "epoch": made.epoch().0, "logKey": public }), || {
        format!(
            "made the log key of epoch {}\nfor the agreement, together with a log_origin that was never used:\n\nlog_key = \"{public}\"",
            made.epoch()
        )
    });
    Ok(Exit::Done)
}

fn evaluation_key(config: &Path, key_use: KeyUse, hand_over: &Path, output: Output) -> Result<Exit, Failure> {
    let config = PseudonymiserConfig::load(config)?;
    let chain = agreement::load(&config.agreement)?.chain().clone();
    let folder = &config.keys.directory;
    let rotated = kw_pseudonymiser::keys::rotate(folder, &chain, key_use, hand_over, &mut Entropy::os())
        .map_err(unusable)?;
    output.data(&json!({ "publicKey": rotated.public_key, "delta": rotated.delta }), || {
        let mut text = format!("for the agreement:\n\n{}", for_agreement(std::slice::from_ref(&rotated.public_key)));
        if let Some(delta) = &rotated.delta {
            text = format!(
                "{text}\n\nfor the switchboard's keys directory, once: {}\nwhoever has it and one of the two keys has the other",
                delta.display()
            );
        }
        text
    });
    Ok(Exit::Done)
}

fn key_use(text: &str) -> Result<KeyUse, String> {
    KeyUse::ALL
        .into_iter()
        .find(|known| known.as_str() == text)
        .ok_or_else(|| "write index or binding".to_owned())
}

impl From<RotationError> for Failure {
    fn from(error: RotationError) -> Self {
        let exit = match &error {
            RotationError::Open(_) | RotationError::Read(_) | RotationError::Write(_) => Exit::Unavailable,
            RotationError::UnderWay(_) => Exit::Refused,
            _ => Exit::Configuration,
        };
        Self::new(exit, error.to_string(), "giving the command again goes on where it stopped")
    }
}

/// Holders fetch the public keys every few minutes.
const KNOWN_TO_ALL: Duration = Duration::from_hours(1);

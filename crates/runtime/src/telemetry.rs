//! The application log: JSON lines for machines, plain lines for people at a terminal.
//!
//! Lines are the events that our crates declared with `kw_telemetry` (docs/logging.md). What libraries say is counted
//! and placed, not repeated, and at most at `info`.

mod file;
mod line;

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use env_logger::{Builder, Logger, Target, WriteStyle};
use kw_domain::Clock;
use log::{LevelFilter, Log, Metadata, Record};
use serde::Deserialize;

use self::file::LogFile;
use crate::config::Folder;

/// The `[log]` part of a configuration file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct LogSettings {
    /// How a line looks.
    pub format: LogFormat,
    /// What is written.
    pub level: Level,
    /// Other levels for single modules, such as `kw_store = "debug"`.
    pub modules: BTreeMap<String, Level>,
    /// Where lines go instead of standard error. Opened again on SIGHUP, for rotation.
    pub file: Option<PathBuf>,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// Plain at a terminal, JSON everywhere else.
    #[default]
    Auto,
    /// One JSON object a line.
    Json,
    /// One readable line.
    Plain,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// For the engineer.
    Debug,
    /// What failed.
    Error,
    /// What happens.
    #[default]
    Info,
    /// Nothing.
    Off,
    /// What may fail soon.
    Warn,
}

impl LogSettings {
    /// Takes a relative `file` from the folder of the configuration file.
    pub fn resolve_paths(&mut self, folder: &Folder) {
        if let Some(file) = &mut self.file {
            folder.resolve(file);
        }
    }
}

/// Starts the log of this process.
pub fn init(settings: &LogSettings, clock: Arc<dyn Clock>) -> Result<(), TelemetryError> {
    let mut builder = Builder::new();
    builder.filter_level(settings.level.into()).write_style(WriteStyle::Never);
    for (module, level) in &settings.modules {
        builder.filter_module(module, (*level).into());
    }
    if let Some(path) = &settings.file {
        let file =
            LogFile::open(path).map_err(|source| TelemetryError::File { path: path.clone(), source })?;
        builder.target(Target::Pipe(Box::new(file)));
    } else {
        builder.target(Target::Stderr);
    }
    let to_people = settings.file.is_none() && io::stderr().is_terminal();
    let json = match settings.format {
        LogFormat::Auto => !to_people,
        LogFormat::Json => true,
        LogFormat::Plain => false,
    };
    builder.format(move |out, record| {
        let text = if json { line::json(record, clock.now()) } else { line::plain(record, clock.now()) };
        writeln!(out, "{text}")
    });
    let logger = builder.build();
    let level = logger.filter();
    log::set_boxed_logger(Box::new(Reticent(logger))).map_err(|_| TelemetryError::Started)?;
    log::set_max_level(level);
    Ok(())
}

/// Opens the log file again, after it was moved away for rotation.
pub fn reopen() {
    file::reopen();
}

/// Why the log cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The operator's: the file cannot be written.
    #[error("cannot write the log to {path}: {source}; make its folder, and writable for this user")]
    File {
        /// The log file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A fault of this program.
    #[error("the log was started before")]
    Started,
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> Self {
        match level {
            Level::Debug => Self::Debug,
            Level::Error => Self::Error,
            Level::Info => Self::Info,
            Level::Off => Self::Off,
            Level::Warn => Self::Warn,
        }
    }
}

/// Holds other people's crates at `info`, whatever the settings say.
struct Reticent(Logger);

impl Log for Reticent {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        may_speak(metadata) && self.0.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if may_speak(record.metadata()) {
            self.0.log(record);
        }
    }

    fn flush(&self) {
        self.0.flush();
    }
}

fn may_speak(metadata: &Metadata<'_>) -> bool {
    metadata.level() <= log::Level::Info || metadata.target().starts_with("kw_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_crates_never_speak_below_info() {
        let said = |target, level| may_speak(&Metadata::builder().target(target).level(level).build());
        assert!(said("kw_store::writer", log::Level::Debug));
        assert!(said("tokio_postgres", log::Level::Info));
        assert!(!said("tokio_postgres", log::Level::Debug));
    }

    #[test]
    fn settings_have_names_that_a_configuration_uses() {
        let settings: LogSettings =
            toml::from_str("format = 'json'\nlevel = 'warn'\nmodules = { kw_store = 'debug' }").unwrap();
        assert_eq!((settings.format, settings.level), (LogFormat::Json, Level::Warn));
        assert_eq!(settings.modules["kw_store"], Level::Debug);
        assert!(toml::from_str::<LogSettings>("levle = 'warn'").is_err());
    }
}

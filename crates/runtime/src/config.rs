//! Configuration files: TOML, every key known, every mistake with its place and what to do about it.

mod secret;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

pub use secret::{SecretError, SecretSource, create_secret, read_secret};

use crate::shape;

/// What a configuration file is read into. `#[serde(deny_unknown_fields)]` belongs on every struct of it.
pub trait Settings: DeserializeOwned {
    /// Makes every relative path in the settings start at the folder of the configuration file.
    fn resolve_paths(&mut self, folder: &Folder);
}

/// Reads the settings in `path`, with their paths resolved.
pub fn load<T: Settings>(path: &Path) -> Result<T, ConfigError> {
    let text = fs::read_to_string(path)
        .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
    let mut settings: T = parse(path, &text)?;
    settings.resolve_paths(&Folder::of(path));
    Ok(settings)
}

/// The settings in `text`, which came from `path`; paths stay as they are written.
pub fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, ConfigError> {
    let invalid = |place: Place, key: String, reason: String| {
        ConfigError::Invalid(Box::new(Mistake { path: path.to_owned(), place, key, reason }))
    };
    let document = toml::Deserializer::parse(text)
        .map_err(|error| invalid(Place::of(text, &error), String::new(), syntax(&error)))?;
    serde_path_to_error::deserialize(document).map_err(|error| {
        let value = toml::from_str::<serde_json::Value>(text).unwrap_or_default();
        let finding = shape::finding(error.path(), error.inner().message(), |message| {
            shape::repeats_scalar(message, &value)
        });
        invalid(Place::of(text, error.inner()), finding.key(), finding.detail)
    })
}

/// The folder that a configuration file is in: where its relative paths start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder of this file.
    pub fn of(file: &Path) -> Self {
        Self(file.parent().map(Path::to_owned).unwrap_or_default())
    }

    /// Makes a relative path start here.
    pub fn resolve(&self, path: &mut PathBuf) {
        *path = self.0.join(&path);
    }

    /// The folder as a path.
    pub fn as_path(&self) -> &Path {
        &self.0
    }
}

/// Why a configuration cannot be used. Always for the operator; never repeats a value from the file.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// What the file says is wrong.
    #[error("{0}")]
    Invalid(Box<Mistake>),
    /// The file cannot be read.
    #[error("cannot read the configuration {path}: {source}; check the path and who may read it")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// One mistake in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The file.
    pub path: PathBuf,
    /// Where in the file.
    pub place: Place,
    /// The key, dotted; empty where the file as a whole is wrong.
    pub key: String,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, place, key, reason } = self;
        write!(f, "{}:{}:{}: ", path.display(), place.line, place.column)?;
        if !key.is_empty() {
            write!(f, "`{key}`: ")?;
        }
        write!(f, "{reason}; correct this line and start again")
    }
}

/// A place in a text, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl Place {
    fn of(text: &str, error: &toml::de::Error) -> Self {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }
}

/// The parser's own words hold no values, except after a colon.
fn syntax(error: &toml::de::Error) -> String {
    let message = error.message();
    format!("this is not TOML: {}", message.split([':', '\n']).next().unwrap_or(message))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        database: PathBuf,
        #[expect(dead_code, reason = "only its shape is used")]
        limits: Option<Limits>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape is used")]
    struct Limits {
        workers: u16,
    }

    impl Settings for Sample {
        fn resolve_paths(&mut self, folder: &Folder) {
            folder.resolve(&mut self.database);
        }
    }

    fn mistake(text: &str) -> String {
        parse::<Sample>(Path::new("kw.toml"), text).unwrap_err().to_string()
    }

    #[test]
    fn relative_paths_start_at_the_file_and_absolute_ones_stay() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kw.toml");
        fs::write(&file, "database = 'data/index.db'").unwrap();
        assert_eq!(load::<Sample>(&file).unwrap().database, folder.path().join("data/index.db"));
        fs::write(&file, "database = '/srv/index.db'").unwrap();
        assert_eq!(load::<Sample>(&file).unwrap().database, Path::new("/srv/index.db"));
    }

    #[test]
    fn every_mistake_has_its_line_its_key_and_a_next_step() {
        assert_eq!(
            mistake("database = 'x'\n\n[limits]\nworkers = 'many'\n"),
            "kw.toml:4:11: `limits.workers`: expected u16; correct this line and start again"
        );
        assert_eq!(
            mistake("database = 'x'\n[limits]\nworker = 4\n"),
            "kw.toml:3:1: `limits`: a field that is not known here; expected `workers`; correct this line and start again"
        );
        let missing = mistake("[limits]\nworkers = 4\n");
        assert!(missing.contains("`database`: this field is required"), "{missing}");
        let broken = mistake("database = 'x'\nlimits = [\n");
        assert!(broken.starts_with("kw.toml:2:") || broken.starts_with("kw.toml:3:"), "{broken}");
    }

    #[test]
    fn no_mistake_repeats_a_value() {
        for text in [
            "database = 5\nlimits = 'postgres://user:hunter2@db'",
            "database = 'x'\nlimits = { workers = 'hunter2' }",
            "database = 'hunter2",
            "hunter2 = 1",
            "database = hunter2",
        ] {
            let mistake = mistake(text);
            assert!(!mistake.contains("hunter2"), "{mistake}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = load::<Sample>(Path::new("/nowhere/kw.toml")).unwrap_err();
        assert!(error.to_string().contains("/nowhere/kw.toml"), "{error}");
    }
}

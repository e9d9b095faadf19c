//! The agreement in force, and how a new one comes in force while the process runs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use kw_agreement::{Agreement, AgreementErrors};
use kw_domain::Clock;
use kw_telemetry::{Configured, Digest, Explain, Reason};

use crate::events::{AgreementLoaded, AgreementReplaced};
use crate::metrics::Metrics;
use crate::shared::Shared;

/// The agreement in force. Clones share it.
#[derive(Debug, Clone)]
pub struct SharedAgreement(Arc<State>);

#[derive(Debug)]
struct State {
    current: Shared<Agreement>,
    /// The file and its text as last read; `None` for an agreement that was given by hand.
    file: Option<(PathBuf, Mutex<String>)>,
}

impl SharedAgreement {
    /// Reads and checks the file.
    pub fn load(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, AgreementFileError> {
        let text = read(path)?;
        let agreement = parse(path, &text)?;
        AgreementLoaded { hash: digest(&agreement), chain: Configured::chain(agreement.chain()) }.log();
        let file = Some((path.to_owned(), Mutex::new(text)));
        Ok(Self(Arc::new(State { current: Shared::new(agreement, clock), file })))
    }

    /// An agreement that is replaced by hand only: for tests, and for tools that hold one in memory.
    pub fn fixed(agreement: Agreement, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(State { current: Shared::new(agreement, clock), file: None }))
    }

    /// The agreement in force. Take it once per request, so that one decision belongs to one hash.
    pub fn current(&self) -> Arc<Agreement> {
        self.0.current.current()
    }

    /// Counts the agreements that were in force.
    pub fn generation(&self) -> u64 {
        self.0.current.generation()
    }

    /// How long ago the file was last found sound.
    pub fn age(&self) -> std::time::Duration {
        self.0.current.age()
    }

    /// Puts another agreement in force.
    pub fn replace(&self, agreement: Agreement) {
        self.0.current.replace(agreement);
    }

    /// Reads the file again; `true` if a new agreement is in force now. On an error the old one stays, and grows older.
    /// Blocks for the time of reading and checking one file.
    pub fn reload(&self) -> Result<bool, AgreementFileError> {
        let Some((path, seen)) = &self.0.file else { return Ok(false) };
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let text = read(path)?;
        if *seen == text {
            self.0.current.confirm();
            return Ok(false);
        }
        let agreement = parse(path, &text)?;
        AgreementReplaced { hash: digest(&agreement), before: digest(&self.current()) }.log();
        self.0.current.replace(agreement);
        *seen = text;
        Ok(true)
    }

    /// Shows generation and age in the metrics.
    pub fn observe(&self, metrics: &Metrics) {
        let this = self.clone();
        let help = "Seconds since the agreement was last found sound.";
        metrics.computed("ketenwijzer_agreement_age_seconds", help, &[], move || this.age().as_secs_f64());
        let this = self.clone();
        let help = "Agreements that were in force since the start.";
        metrics.computed("ketenwijzer_agreement_generation", help, &[], move || this.generation() as f64);
    }
}

/// Why an agreement file cannot be used. Always for the operator.
#[derive(Debug, thiserror::Error)]
pub enum AgreementFileError {
    /// What the file says is wrong.
    #[error("{path}: {errors}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// All mistakes.
        errors: AgreementErrors,
    },
    /// The file cannot be read.
    #[error("cannot read the agreement {path}: {source}; check the path and who may read it")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// The file's own words stay out: what they quote is for whoever checks the file.
impl Explain for AgreementFileError {
    fn explain(&self, reason: &mut Reason) {
        match self {
            Self::Invalid { path, errors } => reason
                .say("the agreement is wrong: run `ketenwijzer agreement check` on it")
                .with("file", &Configured::path(path))
                .with("mistakes", &errors.as_slice().len()),
            Self::Unreadable { path, source } => reason
                .say("the agreement cannot be read")
                .with("file", &Configured::path(path))
                .because(source),
        };
    }
}

fn digest(agreement: &Agreement) -> Digest {
    Digest::from_hex(agreement.hash())
}

fn read(path: &Path) -> Result<String, AgreementFileError> {
    fs::read_to_string(path)
        .map_err(|source| AgreementFileError::Unreadable { path: path.to_owned(), source })
}

fn parse(path: &Path, text: &str) -> Result<Agreement, AgreementFileError> {
    Agreement::parse(text).map_err(|errors| AgreementFileError::Invalid { path: path.to_owned(), errors })
}

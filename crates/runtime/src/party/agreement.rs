//! The agreement in force, and how a new one comes in force while the process runs.

mod remembered;
mod versions;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use kw_agreement::{Admission, Agreement, AgreementErrors, Approvals};
use kw_domain::{Clock, Instant};
use kw_telemetry::{Configured, Digest, Explain, Reason};

pub use remembered::replace_file;
pub use versions::{KeptVersion, SeenApproval};

use crate::events::{AgreementLoaded, AgreementRefused, AgreementReplaced};
use crate::metrics::Metrics;
use crate::shared::Shared;
use remembered::{Memory, Remembered};
use versions::{Versions, Waiting};

/// The agreement in force. Clones share it.
///
/// Another text comes into force when it widens nobody's access, or when two operators of the agreement in force approved
/// it ([`approvals_file`]). Otherwise the old one stays.
#[derive(Debug, Clone)]
pub struct SharedAgreement(Arc<State>);

#[derive(Debug)]
struct State {
    clock: Arc<dyn Clock>,
    current: Shared<Agreement>,
    /// `None` for an agreement that was given by hand.
    source: Option<Mutex<Source>>,
    /// Whether the file holds a text that was refused.
    refused: AtomicBool,
}

#[derive(Debug)]
struct Source {
    path: PathBuf,
    memory: Option<Memory>,
    versions: Option<Versions>,
    /// The approvals that were seen of the text that waits.
    waiting: Waiting,
    /// The text in force, and who approved it.
    in_force: Remembered,
    /// The refusal that was told already: the hash of the text, and how many approvals it lacked.
    told: Option<(String, usize)>,
}

/// Where the approvals of an agreement stand: beside it.
pub fn approvals_file(agreement: &Path) -> PathBuf {
    let mut name = agreement.as_os_str().to_owned();
    name.push(".approvals");
    PathBuf::from(name)
}

impl SharedAgreement {
    /// Reads and checks the file. What it says now is in force: nothing is remembered of before.
    pub fn load(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, AgreementFileError> {
        Self::open(path, None, None, clock)
    }

    /// Reads and checks the file of a service. The text that it had in force the last time stands in `folder`; a file that is
    /// wider than that, without approvals, does not come into force.
    pub fn load_remembering(
        path: &Path,
        folder: &Path,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AgreementFileError> {
        Self::open(path, Some(Memory::within(folder)), Some(Versions::within(folder)), clock)
    }

    fn open(
        path: &Path,
        memory: Option<Memory>,
        versions: Option<Versions>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AgreementFileError> {
        let remembered = match &memory {
            Some(memory) => memory.read().map_err(|source| memory_error(memory, source))?,
            None => None,
        };
        let (in_force, agreement, told) = match remembered {
            None => {
                let text = read(path)?;
                let agreement = parse(path, &text)?;
                (Remembered { text, approved_by: Vec::new() }, agreement, None)
            }
            Some(remembered) => {
                // Rules that this version reads otherwise than the last one did cannot be compared by a program.
                let old = Agreement::parse(&remembered.text).map_err(|errors| {
                    let path = memory.as_ref().map(|memory| memory.path.clone()).unwrap_or_default();
                    AgreementFileError::Forgotten { path, errors }
                })?;
                match judge(path, &old, &remembered.text)? {
                    Judged::Same => (remembered, old, None),
                    Judged::Admitted { text, next, approved_by } => {
                        (Remembered { text, approved_by }, *next, None)
                    }
                    Judged::Refused { hash, admission } => {
                        refuse(&hash, &old, &admission);
                        (remembered, old, Some((hash, admission.missing)))
                    }
                }
            }
        };
        if let Some(memory) = &memory {
            memory.write(&in_force).map_err(|source| memory_error(memory, source))?;
        }
        let waiting = match &versions {
            Some(versions) => versions.waiting().map_err(|source| versions_error(versions, source))?,
            None => Waiting::default(),
        };
        AgreementLoaded { hash: digest(&agreement), chain: Configured::chain(agreement.chain()) }.log();
        let refused = AtomicBool::new(told.is_some());
        let source = Source { path: path.to_owned(), memory, versions, waiting, in_force, told };
        source.keep_version(&agreement, &source.in_force, clock.now())?;
        let (source, current) = (Some(Mutex::new(source)), Shared::new(agreement, Arc::clone(&clock)));
        Ok(Self(Arc::new(State { clock, current, source, refused })))
    }

    /// An agreement that is replaced by hand only: for tests, and for tools that hold one in memory.
    pub fn fixed(agreement: Agreement, clock: Arc<dyn Clock>) -> Self {
        let current = Shared::new(agreement, Arc::clone(&clock));
        Self(Arc::new(State { clock, current, source: None, refused: AtomicBool::new(false) }))
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

    /// Whether the file holds a wider agreement that lacks approvals.
    pub fn is_refused(&self) -> bool {
        self.0.refused.load(Ordering::SeqCst)
    }

    /// Which operators approved the agreement with this hash before it came into force; none for one that needed none, or
    /// that is not in force.
    pub fn approved_by(&self, hash: &str) -> Vec<String> {
        let Some(source) = &self.0.source else { return Vec::new() };
        let source = source.lock().unwrap_or_else(PoisonError::into_inner);
        if self.current().hash() == hash { source.in_force.approved_by.clone() } else { Vec::new() }
    }

    /// The text with this hash, if it came into force here.
    pub fn version(&self, hash: &str) -> Result<Option<KeptVersion>, AgreementFileError> {
        let Some(source) = &self.0.source else { return Ok(None) };
        let source = source.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(versions) = &source.versions else { return Ok(None) };
        versions.read(hash).map_err(|source| versions_error(versions, source))
    }

    /// What the file holds that is not in force, if it holds something else.
    pub fn proposal(&self) -> Result<Option<Proposal>, AgreementFileError> {
        let Some(source) = &self.0.source else { return Ok(None) };
        let source = source.lock().unwrap_or_else(PoisonError::into_inner);
        proposed(&source, &self.current())
    }

    /// Takes in an operator's approval of what the file holds, and puts that in force when nothing more is missing.
    pub fn hand_in(&self, approvals: Approvals) -> Result<HandIn, AgreementFileError> {
        let Some(source) = &self.0.source else { return Ok(HandIn::NothingWaits) };
        {
            // Held until it is written: of two that come at once, none is lost.
            let source = source.lock().unwrap_or_else(PoisonError::into_inner);
            let current = self.current();
            let Some(Proposal { next, admission, .. }) = proposed(&source, &current)? else {
                return Ok(HandIn::NothingWaits);
            };
            // What is there and cannot be read is not written over.
            let mut all = approvals_to_add_to(&source.path)?;
            let sound = current.admits(&next, &approvals).approved_by;
            if sound.is_empty() || sound.len() != approvals.len() {
                return Ok(HandIn::NotSound);
            }
            if sound.iter().any(|operator| admission.approved_by.contains(operator)) {
                return Ok(HandIn::ApprovedBefore);
            }
            all.merge(approvals);
            let path = approvals_file(&source.path);
            replace_file(&path, all.to_text().as_bytes())
                .map_err(|source| AgreementFileError::Memory { path, source })?;
        }
        self.reload()?;
        Ok(HandIn::Taken)
    }

    /// Puts another agreement in force, whatever it widens: for what is held by hand.
    pub fn replace(&self, agreement: Agreement) {
        self.0.current.replace(agreement);
    }

    /// Reads the file again; `true` if a new agreement is in force now. On an error, and when it is refused, the old one
    /// stays, and grows older. Blocks for the time of reading and checking one file.
    pub fn reload(&self) -> Result<bool, AgreementFileError> {
        let Some(source) = &self.0.source else { return Ok(false) };
        let mut source = source.lock().unwrap_or_else(PoisonError::into_inner);
        let current = self.current();
        match judge(&source.path, &current, &source.in_force.text)? {
            Judged::Same => {
                self.0.current.confirm();
                self.0.refused.store(false, Ordering::SeqCst);
                Ok(false)
            }
            Judged::Admitted { text, next, approved_by } => {
                let remembered = Remembered { text, approved_by };
                if let Some(memory) = &source.memory {
                    memory.write(&remembered).map_err(|source| memory_error(memory, source))?;
                }
                let now = self.0.clock.now();
                source.note_approvals(next.hash(), remembered.approved_by.iter(), now)?;
                source.keep_version(&next, &remembered, now)?;
                AgreementReplaced { hash: digest(&next), before: digest(&current) }.log();
                source.in_force = remembered;
                source.told = None;
                self.0.refused.store(false, Ordering::SeqCst);
                self.0.current.replace(*next);
                Ok(true)
            }
            Judged::Refused { hash, admission } => {
                source.note_approvals(&hash, admission.approved_by.iter(), self.0.clock.now())?;
                let telling = Some((hash, admission.missing));
                if source.told != telling {
                    if let Some((hash, _)) = &telling {
                        refuse(hash, &current, &admission);
                    }
                    source.told = telling;
                }
                self.0.refused.store(true, Ordering::SeqCst);
                Ok(false)
            }
        }
    }

    /// Shows generation, age and refusals in the metrics.
    pub fn observe(&self, metrics: &Metrics) {
        let this = self.clone();
        let help = "Seconds since the agreement was last found sound.";
        metrics.computed("ketenwijzer_agreement_age_seconds", help, &[], move || this.age().as_secs_f64());
        let this = self.clone();
        let help = "Agreements that were in force since the start.";
        metrics.computed("ketenwijzer_agreement_generation", help, &[], move || this.generation() as f64);
        let this = self.clone();
        let help = "1 while the file holds a wider agreement that lacks approvals.";
        metrics.computed("ketenwijzer_agreement_refused", help, &[], move || {
            f64::from(u8::from(this.is_refused()))
        });
    }
}

impl Source {
    /// Keeps a text that is or comes in force. One that is there already changes only when its approvals are those of now.
    fn keep_version(
        &self,
        agreement: &Agreement,
        in_force: &Remembered,
        now: Instant,
    ) -> Result<(), AgreementFileError> {
        let (hash, Some(versions)) = (agreement.hash(), &self.versions) else { return Ok(()) };
        if versions.has(hash) && self.waiting.hash != hash {
            return Ok(());
        }
        let approvals = self.waiting.with(hash, in_force.approved_by.iter(), now).approvals;
        let (version, text) = (agreement.version().to_owned(), in_force.text.clone());
        let kept = KeptVersion { version, approvals, text };
        versions.keep(&kept).map_err(|source| versions_error(versions, source))
    }

    /// Remembers when an approval was seen first.
    fn note_approvals<'a>(
        &mut self,
        hash: &str,
        approved_by: impl Iterator<Item = &'a String>,
        now: Instant,
    ) -> Result<(), AgreementFileError> {
        let seen = self.waiting.with(hash, approved_by, now);
        if seen == self.waiting {
            return Ok(());
        }
        if let Some(versions) = &self.versions {
            versions.keep_waiting(&seen).map_err(|source| versions_error(versions, source))?;
        }
        self.waiting = seen;
        Ok(())
    }
}

/// An agreement that waits for approval.
#[derive(Debug)]
pub struct Proposal {
    /// Its text.
    pub text: String,
    /// The approvals that count so far, with the moment at which each was seen; those of this moment are not noted yet.
    pub approvals: Vec<SeenApproval>,
    /// What it says.
    pub next: Agreement,
    /// What it changes, and who approved it.
    pub admission: Admission,
}

/// What became of an approval that was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandIn {
    /// It stands beside the agreement.
    Taken,
    /// The file holds what is in force.
    NothingWaits,
    /// It is not of this step, or not of an operator in force.
    NotSound,
    /// This operator approved before.
    ApprovedBefore,
}

/// What the file holds that is not in force.
fn proposed(source: &Source, current: &Agreement) -> Result<Option<Proposal>, AgreementFileError> {
    let text = read(&source.path)?;
    if text == source.in_force.text {
        return Ok(None);
    }
    let next = parse(&source.path, &text)?;
    let approvals = approvals_beside(&source.path);
    let admission = current.admits(&next, &approvals);
    let seen = source.waiting.approvals.iter();
    let seen = seen.filter(|_| source.waiting.hash == next.hash());
    let seen = seen.filter(|one| admission.approved_by.contains(&one.operator)).cloned().collect();
    Ok(Some(Proposal { text, approvals: seen, next, admission }))
}

fn approvals_to_add_to(path: &Path) -> Result<Approvals, AgreementFileError> {
    let path = approvals_file(path);
    let unreadable = |source| AgreementFileError::Unreadable { path: path.clone(), source };
    match fs::read_to_string(&path) {
        Ok(text) => Approvals::parse(&text).map_err(|error| unreadable(io::Error::other(error))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Approvals::default()),
        Err(error) => Err(unreadable(error)),
    }
}

/// Approvals that cannot be read are none: a narrowing needs none.
fn approvals_beside(path: &Path) -> Approvals {
    let text = fs::read_to_string(approvals_file(path)).ok();
    text.and_then(|text| Approvals::parse(&text).ok()).unwrap_or_default()
}

/// What the file says, beside what is in force.
enum Judged {
    Same,
    Admitted { text: String, next: Box<Agreement>, approved_by: Vec<String> },
    Refused { hash: String, admission: Admission },
}

fn judge(path: &Path, current: &Agreement, in_force: &str) -> Result<Judged, AgreementFileError> {
    let text = read(path)?;
    if text == in_force {
        return Ok(Judged::Same);
    }
    let next = parse(path, &text)?;
    let approvals = approvals_beside(path);
    let admission = current.admits(&next, &approvals);
    Ok(if admission.is_admitted() {
        Judged::Admitted {
            text,
            next: Box::new(next),
            approved_by: admission.approved_by.into_iter().collect(),
        }
    } else {
        Judged::Refused { hash: next.hash().to_owned(), admission }
    })
}

fn refuse(hash: &str, before: &Agreement, admission: &Admission) {
    AgreementRefused {
        hash: Digest::from_hex(hash),
        before: digest(before),
        widenings: admission.widenings().count(),
        missing: admission.missing,
    }
    .log();
}

fn versions_error(versions: &Versions, source: io::Error) -> AgreementFileError {
    AgreementFileError::Memory { path: versions.folder.clone(), source }
}

fn memory_error(memory: &Memory, source: io::Error) -> AgreementFileError {
    AgreementFileError::Memory { path: memory.path.clone(), source }
}

/// Why an agreement file cannot be used. Always for the operator.
#[derive(Debug, thiserror::Error)]
pub enum AgreementFileError {
    /// What was in force is no agreement to this version.
    #[error(
        "{path}: what was in force before is no agreement to this version: {errors}; compare it with the new one yourself, \
         then remove this file"
    )]
    Forgotten {
        /// The memory file.
        path: PathBuf,
        /// All mistakes.
        errors: AgreementErrors,
    },
    /// What the file says is wrong.
    #[error("{path}: {errors}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// All mistakes.
        errors: AgreementErrors,
    },
    /// What was in force cannot be read or written down.
    #[error(
        "cannot remember what is in force in {path}: {source}; check its folder, and who may write in it"
    )]
    Memory {
        /// The memory file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
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
            Self::Forgotten { path, errors } => reason
                .say("what was in force before is no agreement to this version")
                .with("file", &Configured::path(path))
                .with("mistakes", &errors.as_slice().len()),
            Self::Memory { path, source } => reason
                .say("what is in force cannot be remembered")
                .with("file", &Configured::path(path))
                .because(source),
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

//! Recovery: what to do with a database that is older than its log (docs/decisions/0013).
//!
//! The entries that are left go on under a new name, signed by a new key, and the first record that is appended cites the
//! newest checkpoint that is known of the old log. Nothing is ever signed again under the old name, and whoever has an old checkpoint
//! can prove which part of it was carried over: the same leaves have the same roots.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::join_all;
use kw_agreement::LogOwner;
use kw_client::{ClientError, Context, Entropy as ClientEntropy};
use kw_domain::{Clock, Oin};
use kw_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use kw_ledger::note::{Note, SignatureKind, VerifierKey};
use kw_ledger::tree::Hash;
use kw_ledger::{AccessRecord, CanonicalError, Event, LeafKind, PredecessorLog, canonical};
use kw_protocol::problem::ProblemCode;
use kw_runtime::key_file::{KeyFileError, KeyKind};
use kw_runtime::log_key::{LogKey, LogKeyError, LogKeys};
use kw_runtime::{Entropy, SharedAgreement};
use kw_store::{
    Act, DatabaseConfig, Leadership, OpenError, Publication, ReadError, StoreError, StoredLog, Succession,
};
use kw_transport::Tls;

use crate::books::blocking;
use crate::derived::extend_from;
use crate::doubt::{Contradiction, Doubt, Known};
use crate::growth::Growth;
use crate::logbook::default_memory;
use crate::memory::MemoryFile;
use crate::publisher::{hexadecimal, origin_sha256};
use crate::settings::LedgerSettings;
use crate::witnesses::{Witness, Witnesses};

/// What is needed to look at a log whose service does not start.
pub struct RecoveryParts {
    /// The agreement in force.
    pub agreement: SharedAgreement,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The service's database.
    pub database: DatabaseConfig,
    /// Randomness.
    pub entropy: Entropy,
    /// The folder with the service's keys, old and new.
    pub keys: PathBuf,
    /// `[ledger]` of its configuration.
    pub settings: LedgerSettings,
    /// Its certificate.
    pub tls: Tls,
}

/// A database beside what others know of its log.
#[derive(Debug)]
pub struct Survey {
    /// The name of the log in the database.
    pub origin: String,
    /// How many entries the database holds.
    pub stored: u64,
    /// The newest checkpoint that anybody knows, and who.
    pub newest: Option<(Publication, Known)>,
    /// What follows from that.
    pub finding: Finding,
    /// The witnesses that answered.
    pub answered: Vec<Oin>,
    /// The witnesses that did not, and why.
    pub silent: Vec<(Oin, String)>,
    /// How many of them must answer before anything is recovered.
    pub needed: usize,
    /// The name of this service's log in the agreement.
    pub agreed: String,
}

/// How a database stands to its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It holds everything that was signed, as far as anybody who answered knows.
    Whole,
    /// It lacks the newest entries.
    Older {
        /// How many.
        missing: u64,
    },
    /// It holds other entries than were signed.
    Other {
        /// The size of the checkpoint that it does not fit.
        size: u64,
        /// Who has that checkpoint.
        known_from: Known,
    },
}

/// A log that goes on.
#[derive(Debug)]
pub struct Recovered {
    /// Its name.
    pub origin: String,
    /// How many entries were carried over, which is the index of the record that says so.
    pub carried: u64,
    /// The log that it goes on after.
    pub predecessor: PredecessorLog,
}

/// Why nothing is recovered. For the operator.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The keys are not those of the agreement.
    #[error(transparent)]
    Keys(#[from] LogKeyError),
    /// A key file cannot be read.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// The database or the tree in it cannot be used.
    #[error(transparent)]
    Doubt(#[from] Doubt),
    /// The database cannot be opened or changed.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The memory file of the old log cannot be put aside.
    #[error("the log goes on, but its old memory file {path} must be moved away by hand: {source}")]
    Memory {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The new name was used before.
    #[error(
        "the witness {witness} has cosigned a log of that name: have the agreement give this log a name that was never used"
    )]
    NameUsed {
        /// Who knows it.
        witness: Oin,
    },
    /// Nobody knows a checkpoint of the log.
    #[error(
        "no checkpoint of this log is known, so it was never published: start the service with this database"
    )]
    NeverPublished,
    /// The agreement does not have the new name.
    #[error(
        "the agreement names this log {agreed:?}: have the chain agree on the new name and its new key first (`ketenwijzer \
         keys`), and give exactly that name"
    )]
    NotAgreed {
        /// The name in the agreement.
        agreed: String,
    },
    /// The database holds everything.
    #[error("the database holds everything that is known to be signed: start the service with it")]
    NothingToRecover,
    /// The party keeps no log.
    #[error("{oin} is no party of the agreement: use the certificate of a party")]
    NoParty {
        /// Who.
        oin: Oin,
    },
    /// The record cannot be written.
    #[error("the record cannot be written: {0}")]
    Record(#[from] CanonicalError),
    /// A service works with this database.
    #[error("a service works with this database: end it first")]
    Running,
    /// The key signed the old log.
    #[error(
        "the log key in the agreement is the one that signed the old log: make a new one, have the agreement take it, and keep \
         the old key file"
    )]
    SameKey,
    /// Too few witnesses answered.
    #[error(
        "{answered} of the {needed} witnesses that are needed answered about the {which} log: see that they run and have this agreement"
    )]
    Silent {
        /// About which log.
        which: &'static str,
        /// How many answered.
        answered: usize,
        /// How many are needed.
        needed: usize,
    },
}

/// Compares the database with what witnesses and this machine know of its log. Changes nothing.
pub async fn survey(parts: &RecoveryParts) -> Result<Survey, RecoveryError> {
    let (current, party) = (parts.agreement.current(), parts.tls.oin());
    let owner = current.log_owner(party).ok_or(RecoveryError::NoParty { oin: party })?;
    let agreed = current.log_of(owner).ok_or(RecoveryError::NoParty { oin: party })?;
    let database = parts.database.clone();
    let (origin, stored, published) = blocking(move || {
        let mut log = StoredLog::open(&database)?;
        let size = log.size().map_err(OpenError::from)?;
        Ok::<_, RecoveryError>((log.origin().to_owned(), size, log.publication().map_err(OpenError::from)?))
    })
    .await?;

    let mut keys = LogKey::all(&parts.keys, current.chain(), KeyKind::Log)?;
    keys.reverse();
    let named = (agreed.origin == origin).then_some(agreed.key);
    let keys: Vec<_> = named
        .into_iter()
        .chain(keys.iter().map(LogKey::public))
        .filter_map(|key| VerifierKey::new(&origin, SignatureKind::Ed25519, key).ok())
        .collect();

    let mut known: Vec<(Publication, Known)> =
        published.map(|own| (own, Known::Database)).into_iter().collect();
    let note = MemoryFile::at(memory_path(parts, &origin)).read().unwrap_or_default();
    known.extend(note.and_then(|note| believed(&note, &origin, &keys, None)).map(|own| (own, Known::Memory)));
    let witnesses = witnesses(parts, owner);
    let (mut answered, mut silent) = (Vec::new(), Vec::new());
    for (witness, answer) in ask(&witnesses, &origin).await {
        match answer {
            Ok(note) => {
                answered.push(witness.oin());
                let seen = note.and_then(|note| believed(&note, &origin, &keys, Some(&witness.verifier)));
                known.extend(seen.map(|seen| (seen, Known::Witness(witness.oin()))));
            }
            Err(error) => silent.push((witness.oin(), error.to_string())),
        }
    }
    known.sort_by_key(|(checkpoint, _)| checkpoint.size);
    let finding = compare(parts, stored, &known).await?;
    let needed = needed(witnesses.len(), current.quorum_for(owner));
    Ok(Survey {
        origin,
        stored,
        newest: known.pop(),
        finding,
        answered,
        silent,
        needed,
        agreed: agreed.origin,
    })
}

/// Lets the entries of a surveyed database go on under a new name.
pub async fn recover(
    parts: &RecoveryParts,
    survey: Survey,
    new_origin: &str,
) -> Result<Recovered, RecoveryError> {
    let (current, party) = (parts.agreement.current(), parts.tls.oin());
    let owner = current.log_owner(party).ok_or(RecoveryError::NoParty { oin: party })?;
    let Survey { origin, stored, newest, finding, answered, needed, agreed, .. } = survey;
    let (predecessor, _) = newest.ok_or(RecoveryError::NeverPublished)?;
    match finding {
        Finding::Whole => return Err(RecoveryError::NothingToRecover),
        // Not what was signed by its own account: no copy to go on with.
        Finding::Other { known_from: Known::Database, .. } => {
            return Err(Doubt::from(Contradiction::Damaged("log")).into());
        }
        Finding::Older { .. } | Finding::Other { .. } => {}
    }
    if agreed != new_origin || origin == new_origin {
        return Err(RecoveryError::NotAgreed { agreed });
    }
    if answered.len() < needed {
        return Err(RecoveryError::Silent { which: "old", answered: answered.len(), needed });
    }
    let key = LogKeys::agreed(&parts.keys, &current, party)?.log.public();
    let under_old_name = VerifierKey::new(&origin, SignatureKind::Ed25519, key);
    if under_old_name.is_ok_and(|key| SignedCheckpoint::parse(&predecessor.note, &key).is_ok()) {
        return Err(RecoveryError::SameKey);
    }
    unused(&witnesses(parts, owner), new_origin, needed).await?;

    let cited = PredecessorLog {
        origin: origin.clone(),
        root: hexadecimal(&predecessor.root),
        size: predecessor.size,
    };
    let chain = current.chain().clone();
    let now = parts.clock.now();
    let mut record = AccessRecord::new(Event::LogRecovered, now, chain, party, party, current.hash());
    record.predecessor = Some(cited.clone());
    let act = Act::new(now, LeafKind::Key, canonical(&record)?);
    let succession =
        Succession { from: origin.clone(), carried: stored, predecessor, to: new_origin.to_owned() };
    let (database, entropy) = (parts.database.clone(), parts.entropy.clone());
    let carried = blocking(move || {
        let mut lead = Leadership::new(database.clone());
        if !lead.is_leader().map_err(OpenError::from)? {
            return Err(RecoveryError::Running);
        }
        Ok(succession.carry_out(&database, act, move |bytes| entropy.fill(bytes))?)
    })
    .await?;
    put_aside(parts, &origin)?;
    Ok(Recovered { origin: new_origin.to_owned(), carried, predecessor: cited })
}

fn witnesses(parts: &RecoveryParts, owner: LogOwner) -> Vec<Arc<Witness>> {
    let drawn = parts.entropy.clone();
    let context = Context::new(Arc::clone(&parts.clock), ClientEntropy::new(move || Box::new(drawn.clone())));
    Witnesses::new(owner, parts.agreement.clone(), parts.tls.clone(), context).current()
}

/// One at least, where there is any; see [`crate::Logbook::hold`].
pub(crate) fn needed(witnesses: usize, quorum: usize) -> usize {
    quorum.max(1).min(witnesses)
}

/// What each witness has of a log. One that does not know the name has nothing of it.
async fn ask<'w>(
    witnesses: &'w [Arc<Witness>],
    origin: &str,
) -> Vec<(&'w Arc<Witness>, Result<Option<String>, ClientError>)> {
    let sha256 = origin_sha256(origin);
    let asking = witnesses.iter().map(async |witness| {
        let answer = match witness.client.newest(&sha256).await {
            Err(error) if error.code() == Some(ProblemCode::NotFound) => Ok(None),
            answer => answer,
        };
        (witness, answer)
    });
    join_all(asking).await
}

/// Makes sure that nothing was ever cosigned under a name. Whoever does not know the name yet cannot say so.
async fn unused(witnesses: &[Arc<Witness>], origin: &str, needed: usize) -> Result<(), RecoveryError> {
    let sha256 = origin_sha256(origin);
    let answers = join_all(witnesses.iter().map(|witness| witness.client.newest(&sha256))).await;
    let mut answered = 0;
    for (witness, answer) in witnesses.iter().zip(answers) {
        match answer {
            Ok(None) => answered += 1,
            Ok(Some(_)) => return Err(RecoveryError::NameUsed { witness: witness.oin() }),
            Err(_) => {}
        }
    }
    if answered < needed { Err(RecoveryError::Silent { which: "new", answered, needed }) } else { Ok(()) }
}

/// The checkpoint in a note, if the log signed it with a key that is at hand, or else the witness that gave it did.
fn believed(
    note: &str,
    origin: &str,
    keys: &[VerifierKey],
    witness: Option<&VerifierKey>,
) -> Option<Publication> {
    let parsed = Note::parse(note).ok()?;
    let checkpoint =
        Checkpoint::parse(parsed.text()).ok().filter(|checkpoint| checkpoint.origin == origin)?;
    let mut signers = keys.iter().chain(witness);
    signers.find(|key| matches!(parsed.verify(key), Ok(Some(_))))?;
    let published_at = kw_domain::Instant::from_millis(0);
    Some(Publication { size: checkpoint.size, root: checkpoint.root.0, note: note.to_owned(), published_at })
}

/// Derives the tree and holds it against every checkpoint that is known, the smallest first.
async fn compare(
    parts: &RecoveryParts,
    stored: u64,
    known: &[(Publication, Known)],
) -> Result<Finding, RecoveryError> {
    let (database, known) = (parts.database.clone(), known.to_vec());
    blocking(move || {
        let mut log = StoredLog::open(&database)?;
        let mut read = |from, limit| log.leaves(from, limit).map_err(ReadError::from);
        let (mut growth, mut completed) = (Growth::default(), Vec::new());
        for (checkpoint, known_from) in &known {
            if checkpoint.size > stored {
                return Ok(Finding::Older {
                    missing: known.iter().map(|(one, _)| one.size).max().unwrap_or(stored) - stored,
                });
            }
            extend_from(&mut growth, &mut read, checkpoint.size, &mut completed)?;
            completed.clear();
            if growth.root() != Hash(checkpoint.root) {
                return Ok(Finding::Other { size: checkpoint.size, known_from: *known_from });
            }
        }
        extend_from(&mut growth, &mut read, stored, &mut completed)?;
        Ok::<_, RecoveryError>(Finding::Whole)
    })
    .await
}

fn memory_path(parts: &RecoveryParts, origin: &str) -> PathBuf {
    parts.settings.memory.clone().unwrap_or_else(|| default_memory(&parts.keys, origin))
}

/// A memory file of one's own choice has the same path for both logs: the old one stays beside it.
fn put_aside(parts: &RecoveryParts, origin: &str) -> Result<(), RecoveryError> {
    let Some(path) = parts.settings.memory.clone().filter(|path| path.exists()) else { return Ok(()) };
    let aside = path.with_extension(format!("checkpoint-{}", &origin_sha256(origin)[..16]));
    std::fs::rename(&path, aside).map_err(|source| RecoveryError::Memory { path, source })
}

impl From<crate::books::Interrupted> for RecoveryError {
    fn from(interrupted: crate::books::Interrupted) -> Self {
        Doubt::from(interrupted).into()
    }
}

impl From<StoreError> for RecoveryError {
    fn from(error: StoreError) -> Self {
        OpenError::from(error).into()
    }
}

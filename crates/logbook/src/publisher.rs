//! Publishing: a signed checkpoint over what is committed, at most a second later, by one process at a time.
//!
//! Nothing is signed that does not extend what was signed before, as the database *and* the memory file know it: the tree
//! that is signed grows from the one that was published, leaf by leaf, as they are committed. The memory file is written before the
//! checkpoint can be seen by anybody, the database takes it by compare-and-swap; whoever loses reads again. Every process
//! follows what the leader signs, and checks it.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use kw_agreement::LogOwner;
use kw_domain::Clock;
use kw_ledger::checkpoint::Checkpoint;
use kw_ledger::note::{SigningKey, VerifierKey};
use kw_ledger::tree::Hash;
use kw_runtime::SharedAgreement;
use kw_store::{Leadership, Publication};
use tokio::time::timeout;

use crate::books::{Books, blocking};
use crate::derived::{self, Followed, extend};
use crate::doubt::{Contradiction, Doubt, Fault, Known};
use crate::events;
use crate::memory::MemoryFile;

/// How many entries one checkpoint adds at most, so that each is there within a moment.
const AT_ONCE: u64 = 1 << 18;
/// Longer than any commit takes that is going to succeed.
const COMMIT: Duration = Duration::from_secs(30);

/// Signs the checkpoints of one log.
pub(crate) struct Publisher {
    books: Arc<dyn Books>,
    owner: LogOwner,
    agreement: SharedAgreement,
    clock: Arc<dyn Clock>,
    key: Arc<SigningKey>,
    memory: MemoryFile,
    followed: tokio::sync::Mutex<Followed>,
    leadership: Arc<Mutex<Leadership>>,
    leads: AtomicBool,
}

impl Publisher {
    /// The publisher of a log that was checked as far as `followed`.
    pub(crate) fn new(
        books: Arc<dyn Books>,
        owner: LogOwner,
        agreement: SharedAgreement,
        clock: Arc<dyn Clock>,
        key: Arc<SigningKey>,
        memory: MemoryFile,
        followed: Followed,
    ) -> Self {
        let leadership = Arc::new(Mutex::new(books.leadership()));
        Self {
            books,
            owner,
            agreement,
            clock,
            key,
            memory,
            followed: tokio::sync::Mutex::new(followed),
            leadership,
            leads: AtomicBool::new(false),
        }
    }

    /// Whether this process led when that was last asked.
    pub(crate) fn leads(&self) -> bool {
        self.leads.load(Ordering::SeqCst)
    }

    /// Follows what was published, and publishes what was committed since if this process leads. `true` when it did. Only
    /// after `confirmed` may anything be signed.
    pub(crate) async fn publish(&self, confirmed: bool) -> Result<bool, Doubt> {
        let mut followed = self.followed.lock().await;
        let (books, key, known) = (Arc::clone(&self.books), Arc::clone(&self.key), followed.clone());
        *followed = blocking(move || known.follow(books.as_ref(), key.verifier())).await?;
        if !confirmed || !self.take_lead().await? {
            return Ok(false);
        }
        let Some((grown, next, roots)) = self.next(&followed).await? else { return Ok(false) };
        let previous = followed.publication.clone();
        let stored = timeout(COMMIT, self.books.publish(previous, next, roots)).await;
        let stored = stored.map_err(|_| Fault::Late)??;
        if stored {
            *followed = grown;
        } else {
            events::LostSwap {}.log();
        }
        Ok(stored)
    }

    /// The key that verifies this log's checkpoints, under the log's name.
    pub(crate) fn verifier(&self) -> &VerifierKey {
        self.key.verifier()
    }

    /// Under what a witness is asked for this log.
    pub(crate) fn origin_sha256(&self) -> String {
        origin_sha256(self.books.origin())
    }

    /// The root of the first `size` entries of this log; how many it has, when it has not so many.
    pub(crate) async fn root_at(&self, size: u64) -> Result<Result<Hash, u64>, Doubt> {
        let followed = self.followed.lock().await.clone();
        let books = Arc::clone(&self.books);
        blocking(move || {
            let stored = books.size()?;
            if size > stored {
                return Ok(Err(stored));
            }
            if followed.publication.as_ref().is_some_and(|published| size <= published.size) {
                return derived::published_root(books.as_ref(), size).map(Ok);
            }
            let mut growth = followed.growth;
            extend(&mut growth, books.as_ref(), size, &mut Vec::new())?;
            Ok(Ok(growth.root()))
        })
        .await
    }

    async fn take_lead(&self) -> Result<bool, Doubt> {
        let leadership = Arc::clone(&self.leadership);
        let asked = blocking(move || {
            let mut leadership = leadership.lock().unwrap_or_else(PoisonError::into_inner);
            leadership.is_leader().map_err(|error| Doubt::from(kw_store::ReadError::Store(error)))
        })
        .await;
        let leads = asked.as_ref().is_ok_and(|leads| *leads);
        if self.leads.swap(leads, Ordering::SeqCst) != leads {
            events::LeadChanged { leads }.log();
        }
        asked
    }

    /// The next checkpoint over what is committed, remembered outside the database; `None` when there is nothing new.
    async fn next(&self, followed: &Followed) -> Result<Option<Next>, Doubt> {
        let named = self.agreement.current().log_of(self.owner);
        let verifier = self.key.verifier();
        if named.is_none_or(|log| log.key != *verifier.key() || log.origin != verifier.name().as_str()) {
            return Err(Fault::Agreement.into());
        }
        let (books, key, memory) = (Arc::clone(&self.books), Arc::clone(&self.key), self.memory.clone());
        let (now, known) = (self.clock.now(), followed.clone());
        blocking(move || {
            let (stored, before) = (books.size()?, known.growth.size());
            if stored < before {
                let known_from = Known::Database;
                return Err(Contradiction::Older { stored, signed: before, known_from }.into());
            }
            if stored == before && known.publication.is_some() {
                return Ok(None);
            }
            let (mut growth, mut completed) = (known.growth, Vec::new());
            extend(&mut growth, books.as_ref(), stored.min(before + AT_ONCE), &mut completed)?;
            let origin = books.origin().to_owned();
            let checkpoint = Checkpoint { origin, size: growth.size(), root: growth.root() };
            let (size, root) = (checkpoint.size, checkpoint.root.0);
            let note = checkpoint.sign(&key).map_err(Fault::Signing)?.to_string();
            let path = memory.path().to_owned();
            memory.write(&note).map_err(|source| Fault::Memory { path, source })?;
            let publication = Publication { size, root, note, published_at: now };
            let roots = completed.into_iter().map(|one| (one.level, one.index, one.root.0)).collect();
            let grown = Followed { growth, publication: Some(publication.clone()) };
            Ok(Some((grown, publication, roots)))
        })
        .await
    }
}

/// SHA-256 of a log's name in lower-case hexadecimal: its name in a path.
pub(crate) fn origin_sha256(origin: &str) -> String {
    hexadecimal(digest(&SHA256, origin.as_bytes()).as_ref())
}

/// Lower-case hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The tree after the checkpoint, the checkpoint, and the subtrees that became complete with it.
type Next = (Followed, Publication, Vec<(u8, u64, [u8; 32])>);

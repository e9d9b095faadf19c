//! The ledger of one service as the rest of this crate sees it, whichever service's it is.

use async_trait::async_trait;
use kw_ledger::Leaf;
use kw_store::{
    BooksRead, KeepError, Leadership, LedgerRead, Publication, ReadError, Service, Store, StoreError,
    WitnessMemory,
};

/// Reads block, on PostgreSQL for as long as it takes: call them on a blocking thread.
#[async_trait]
pub(crate) trait Books: Send + Sync {
    fn origin(&self) -> &str;
    fn size(&self) -> Result<u64, ReadError>;
    fn leaves(&self, from: u64, limit: u32) -> Result<Vec<(u64, Leaf)>, ReadError>;
    fn subtree_roots(&self, level: u8, from: u64, limit: u32) -> Result<Vec<[u8; 32]>, ReadError>;
    fn publication(&self) -> Result<Option<Publication>, ReadError>;
    fn witnessed_publication(&self) -> Result<Option<Publication>, ReadError>;
    fn witness_memory(&self, origin: &str) -> Result<Option<WitnessMemory>, ReadError>;
    fn witnessed_origins(&self) -> Result<Vec<String>, ReadError>;

    /// Compare-and-swap; see [`kw_store::Bookkeeping::publish`].
    async fn publish(
        &self,
        previous: Option<Publication>,
        next: Publication,
        roots: Vec<(u8, u64, [u8; 32])>,
    ) -> Result<bool, KeepError>;
    async fn store_cosigned(&self, cosigned: Publication, quorum_met: bool) -> Result<(), KeepError>;
    /// Compare-and-swap; see [`kw_store::Bookkeeping::remember_checkpoint`].
    async fn remember(&self, previous_size: Option<u64>, memory: WitnessMemory) -> Result<bool, KeepError>;

    fn hold(&self, reason: &str);
    fn release(&self);
    fn held(&self) -> bool;
    fn leadership(&self) -> Leadership;
}

#[async_trait]
impl<S: Service> Books for Store<S> {
    fn origin(&self) -> &str {
        Store::origin(self)
    }

    fn size(&self) -> Result<u64, ReadError> {
        self.read_blocking(LedgerRead::ledger_size)
    }

    fn leaves(&self, from: u64, limit: u32) -> Result<Vec<(u64, Leaf)>, ReadError> {
        self.read_blocking(|ledger| ledger.ledger_leaves(from, limit))
    }

    fn subtree_roots(&self, level: u8, from: u64, limit: u32) -> Result<Vec<[u8; 32]>, ReadError> {
        self.read_blocking(|ledger| ledger.subtree_roots(level, from, limit))
    }

    fn publication(&self) -> Result<Option<Publication>, ReadError> {
        self.read_blocking(BooksRead::publication)
    }

    fn witnessed_publication(&self) -> Result<Option<Publication>, ReadError> {
        self.read_blocking(BooksRead::witnessed_publication)
    }

    fn witness_memory(&self, origin: &str) -> Result<Option<WitnessMemory>, ReadError> {
        self.read_blocking(|ledger| ledger.witness_memory(origin))
    }

    fn witnessed_origins(&self) -> Result<Vec<String>, ReadError> {
        self.read_blocking(BooksRead::witnessed_origins)
    }

    async fn publish(
        &self,
        previous: Option<Publication>,
        next: Publication,
        roots: Vec<(u8, u64, [u8; 32])>,
    ) -> Result<bool, KeepError> {
        self.keep("publish", move |books| books.publish(previous.as_ref(), &next, &roots)).await
    }

    async fn store_cosigned(&self, cosigned: Publication, quorum_met: bool) -> Result<(), KeepError> {
        self.keep("store_cosigned", move |books| books.store_cosigned(&cosigned, quorum_met)).await
    }

    async fn remember(&self, previous_size: Option<u64>, memory: WitnessMemory) -> Result<bool, KeepError> {
        self.keep("remember_checkpoint", move |books| books.remember_checkpoint(previous_size, &memory)).await
    }

    fn hold(&self, reason: &str) {
        Store::hold(self, reason);
    }

    fn release(&self) {
        Store::release(self);
    }

    fn held(&self) -> bool {
        Store::held(self).is_some()
    }

    fn leadership(&self) -> Leadership {
        Store::leadership(self)
    }
}

/// Runs what blocks where it may.
pub(crate) async fn blocking<T, E, F>(work: F) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Interrupted> + Send + 'static,
    F: FnOnce() -> Result<T, E> + Send + 'static,
{
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(Interrupted.into()))
}

/// The process is ending, or the work panicked.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the work was interrupted")]
pub(crate) struct Interrupted;

impl From<Interrupted> for ReadError {
    fn from(_: Interrupted) -> Self {
        Self::Store(StoreError::Database("the work was interrupted".to_owned()))
    }
}

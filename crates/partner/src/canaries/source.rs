//! A source with canaries among its records. What reads it, and what pulls from it, cannot tell them from the others.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use kw_adapter::{
    Change, ChangePage, Cursor, LocalId, Source, SourceDescription, SourceDocument, SourceError,
    SourceRecord, Vault,
};
use kw_domain::{Category, Clock, SourceName, Subject};
use kw_store::Store;
use kw_store::partner::{Partner, StoredCanary};

use super::{MOST, subject};

/// The source, and the canaries that go under its name.
pub(crate) struct WithCanaries {
    pub(crate) inner: Arc<dyn Source>,
    pub(crate) store: Arc<Store<Partner>>,
    pub(crate) vault: Vault,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) documents: BTreeMap<Category, serde_json::Value>,
}

impl fmt::Debug for WithCanaries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl WithCanaries {
    async fn canaries(&self) -> Result<Vec<StoredCanary>, SourceError> {
        let all = self.store.read(|tables| tables.canaries(MOST)).await;
        let all =
            all.map_err(|_| SourceError::Unavailable("the partner's database cannot be read".to_owned()))?;
        let name = self.inner.name();
        Ok(all.into_iter().filter(|canary| canary.source.as_ref() == Some(name)).collect())
    }

    async fn find(&self, category: &Category, record: &LocalId) -> Result<Option<StoredCanary>, SourceError> {
        if !record.as_str().starts_with('~') {
            return Ok(None);
        }
        let all = self.canaries().await?;
        let is_it = |canary: &StoredCanary| {
            canary.category == *category
                && !canary.is_retired
                && subject::record(canary).as_ref() == Some(record)
        };
        Ok(all.into_iter().find(is_it))
    }

    fn present(&self, canary: &StoredCanary) -> Option<Change> {
        let (subject, birth_date) = subject::open(&self.vault, canary).ok()?;
        let record = subject::record(canary)?;
        Some(Change::Present(SourceRecord { category: canary.category.clone(), record, subject, birth_date }))
    }
}

#[async_trait]
impl Source for WithCanaries {
    fn name(&self) -> &SourceName {
        self.inner.name()
    }

    fn categories(&self) -> BTreeSet<Category> {
        self.inner.categories()
    }

    /// They come on the last page of every read, so that no cursor of the source has to know of them.
    async fn changes(&self, after: Option<&Cursor>) -> Result<ChangePage, SourceError> {
        let mut page = self.inner.changes(after).await?;
        if !page.more {
            for canary in self.canaries().await? {
                if canary.is_retired {
                    let Some(record) = subject::record(&canary) else { continue };
                    page.changes.push(Change::Gone { category: canary.category, record });
                } else {
                    page.changes.extend(self.present(&canary));
                }
            }
        }
        Ok(page)
    }

    fn rereads(&self) -> bool {
        self.inner.rereads()
    }

    async fn fetch(
        &self,
        category: &Category,
        record: &LocalId,
    ) -> Result<Option<SourceDocument>, SourceError> {
        let Some(canary) = self.find(category, record).await? else {
            return self.inner.fetch(category, record).await;
        };
        let born = subject::open(&self.vault, &canary).ok().and_then(|(_, born)| born);
        let document = self.documents.get(category).cloned();
        Ok(Some(SourceDocument {
            document: document.unwrap_or_else(|| serde_json::json!({})),
            as_of: self.clock.now(),
            birth_date: born,
            under_investigation: Vec::new(),
        }))
    }

    async fn subject(&self, category: &Category, record: &LocalId) -> Result<Option<Subject>, SourceError> {
        match self.find(category, record).await? {
            Some(canary) => Ok(subject::open(&self.vault, &canary).ok().map(|(subject, _)| subject)),
            None => self.inner.subject(category, record).await,
        }
    }

    async fn describe(&self) -> Result<SourceDescription, SourceError> {
        self.inner.describe().await
    }
}

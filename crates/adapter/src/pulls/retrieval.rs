//! The document at the source, now, within the deadline.

use kw_store::partner::LocalRecord;
use kw_telemetry::{Configured, Reason};
use tokio::time::timeout;

use super::Pulls;
use super::refusal::PullRefusal;
use crate::events::{DocumentNotFetched, RecordChangedHands, SourceNotConfigured};
use crate::{SourceDocument, SourceError, feedback};

impl Pulls {
    /// The document of a record; `None` when the source has nothing about that subject any more.
    pub(crate) async fn retrieve(&self, record: &LocalRecord) -> Result<Option<SourceDocument>, PullRefusal> {
        let Some(source) = self.sources.get(&record.source) else {
            SourceNotConfigured { source: Configured::source(&record.source) }.log();
            return Err(PullRefusal::Source);
        };
        let id =
            self.vault.open_record(record.handle, &record.record_sealed).map_err(|_| PullRefusal::Sealed)?;
        let asking = async {
            let document = source.fetch(&record.category, &id).await?;
            // Asked after the document: a key that changes hands in between shows, the other way round it would not.
            let subject = source.subject(&record.category, &id).await?;
            Ok::<_, SourceError>((document, subject))
        };
        let (document, subject) = match timeout(self.source_deadline, asking).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                let (source, reason) = (Configured::source(&record.source), Reason::of(&error));
                DocumentNotFetched { source, reason }.log();
                return Err(PullRefusal::Source);
            }
            Err(_) => return Err(PullRefusal::SourceSlow),
        };
        if subject.is_some_and(|subject| self.vault.subject_key(&subject) != record.subject_key) {
            RecordChangedHands {
                source: Configured::source(&record.source),
                category: Configured::category(&record.category),
            }
            .log();
            return Ok(None);
        }
        match document {
            Some(document) => self.with_doubts(record, document).await.map(Some),
            None => Ok(None),
        }
    }

    /// Adds what open feedback reports doubt to what the source itself says is under investigation.
    async fn with_doubts(
        &self,
        record: &LocalRecord,
        mut document: SourceDocument,
    ) -> Result<SourceDocument, PullRefusal> {
        let handle = record.handle;
        let doubted = self.store.read(move |tables| feedback::read_doubted(tables, handle)).await;
        let doubted = doubted.map_err(|_| PullRefusal::Unavailable)?;
        let pointers = feedback::doubted_pointers(&self.vault, doubted).map_err(|_| PullRefusal::Sealed)?;
        for pointer in pointers {
            if !document.under_investigation.contains(&pointer) {
                document.under_investigation.push(pointer);
            }
        }
        Ok(document)
    }
}

//! The configured sources, put together.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use kw_adapter::mapping::RecordKey;
use kw_adapter::pulls::Sources;
use kw_adapter::{
    Change, ChangePage, Cursor, LocalId, RefusedRow, Source, SourceDescription, SourceDocument, SourceError,
    SourceRecord,
};
use kw_adapter_fhir::FhirSource;
use kw_adapter_files::FilesSource;
use kw_adapter_rest::RestSource;
use kw_adapter_sql::SqlSource;
use kw_domain::{Category, Clock, SourceName, Subject};
use kw_pseudonym::RowKey;
use kw_runtime::SharedAgreement;

use crate::config::{SourceSettings, SourceSystem};
use crate::error::StartError;
use crate::people::{Admission, ONLY_TEST_NUMBERS};

/// Opens every source.
pub(crate) fn open(
    settings: &[SourceSettings],
    key: &RecordKey,
    agreement: &SharedAgreement,
    admission: Admission,
    clock: &Arc<dyn Clock>,
) -> Result<Sources, StartError> {
    let mut sources = Sources::new();
    for settings in settings {
        let name = &settings.name;
        let failed = |source| StartError::Source { name: name.clone(), source };
        let inner = open_one(settings, key, clock).map_err(failed)?;
        let source = screened(inner, admission, agreement);
        if sources.insert(name.clone(), source).is_some() {
            return Err(StartError::SourceTwice { name: name.clone() });
        }
    }
    Ok(sources)
}

/// Opens one source, with everything it holds.
pub(crate) fn open_one(
    SourceSettings { name, system }: &SourceSettings,
    key: &RecordKey,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn Source>, SourceError> {
    let (name, key, clock) = (name.clone(), key.clone(), Arc::clone(clock));
    Ok(match system {
        SourceSystem::Files(config) => Arc::new(FilesSource::new(name, config.clone(), key, clock)),
        SourceSystem::Sql(config) => Arc::new(SqlSource::new(name, config.clone(), key, clock)?),
        SourceSystem::Rest(config) => Arc::new(RestSource::new(name, config.clone(), key, clock)?),
        SourceSystem::Fhir(config) => Arc::new(FhirSource::new(name, config.clone(), clock)?),
    })
}

/// The source, of which only those records are used whose subjects the agreement lets us handle.
pub(crate) fn screened(
    inner: Arc<dyn Source>,
    admission: Admission,
    agreement: &SharedAgreement,
) -> Arc<dyn Source> {
    Arc::new(Screened { inner, admission, agreement: agreement.clone() })
}

/// What records of ready-made sources get their keys with: made from the row key, so that there is one key to keep.
pub(crate) fn record_key(row: &RowKey) -> RecordKey {
    let mut secret = zeroize::Zeroizing::new([0; 32]);
    secret[..16].copy_from_slice(&row.digest(&[b"record keys of sources", b"1"]));
    secret[16..].copy_from_slice(&row.digest(&[b"record keys of sources", b"2"]));
    RecordKey::new(&secret)
}

/// A source of which only those records are used whose subjects the agreement lets us handle.
#[derive(Debug)]
struct Screened {
    inner: Arc<dyn Source>,
    admission: Admission,
    agreement: SharedAgreement,
}

#[async_trait]
impl Source for Screened {
    fn name(&self) -> &SourceName {
        self.inner.name()
    }

    fn categories(&self) -> BTreeSet<Category> {
        self.inner.categories()
    }

    async fn changes(&self, after: Option<&Cursor>) -> Result<ChangePage, SourceError> {
        let mut page = self.inner.changes(after).await?;
        let (agreement, admission) = (self.agreement.current(), self.admission);
        let refused = &mut page.refused;
        page.changes.retain(|change| match change {
            Change::Present(SourceRecord { category, subject, .. })
                if !admission.admits(&agreement, subject) =>
            {
                let reason = ONLY_TEST_NUMBERS.to_owned();
                refused.push(RefusedRow { origin: category.to_string(), row: None, reason, record: None });
                false
            }
            _ => true,
        });
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
        self.inner.fetch(category, record).await
    }

    async fn subject(&self, category: &Category, record: &LocalId) -> Result<Option<Subject>, SourceError> {
        self.inner.subject(category, record).await
    }

    async fn describe(&self) -> Result<SourceDescription, SourceError> {
        self.inner.describe().await
    }
}

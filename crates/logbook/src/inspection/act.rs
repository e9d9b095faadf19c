//! The record of a reading, or of what was decided about one.

use kw_agreement::Agreement;
use kw_ledger::search::Search;
use kw_ledger::{AccessRecord, Event, LeafKind, canonical};
use kw_runtime::{Refusal, Trace};
use kw_store::{Abort, Act, Meant, Service, StoreError};

use super::{Inspection, Reader, not_recorded};

impl<S: Service> Inspection<S> {
    /// A record of what a person did with this log.
    pub(super) fn record(
        &self,
        agreement: &Agreement,
        event: Event,
        reader: &Reader,
        trace: Option<&Trace>,
        search: &Search,
    ) -> Result<AccessRecord, Refusal> {
        let chain = agreement.chain().clone();
        let mut record =
            AccessRecord::new(event, self.clock.now(), chain, self.service, reader.party, agreement.hash());
        record.actor = Some(reader.recorded());
        record.search =
            Some(canonical(search).map_err(|_| Refusal::fault("a search cannot be written"))?.into_string());
        if let Some(trace) = trace {
            record.trace = Some(trace.trace_id());
            record.transaction = Some(trace.transaction);
        }
        Ok(record)
    }

    /// Makes a record durable. One that is about a subject is linked to it, so that the person can see later that their
    /// records were looked at.
    pub(super) async fn keep(
        &self,
        name: &'static str,
        record: AccessRecord,
        about: Option<Meant>,
    ) -> Result<(), Refusal> {
        let reference = self.entropy.id(record.at);
        let kept = self.store.write::<_, (), _>(name, move |_| {
            Ok(((), act(record.clone(), about.map(|meant| (meant, reference)))?))
        });
        kept.await.map(drop).map_err(not_recorded)
    }
}

/// The act that leaves this record, about this subject under this reference.
pub(super) fn act<E>(
    mut record: AccessRecord,
    about: Option<(Meant, kw_domain::SubjectReference)>,
) -> Result<Act, Abort<E>> {
    record.subject = about.map(|(_, reference)| reference);
    let text = canonical(&record).map_err(StoreError::from)?;
    let act = Act::new(record.at, LeafKind::Access, text);
    Ok(match about {
        None => act,
        Some((Meant::Asked(subject_key), reference)) => act.link_asked(subject_key, reference, None),
        Some((Meant::Record(handle), reference)) => act.link_record(handle, reference, None),
        Some((Meant::Subject(subject), reference)) => act.link(subject, reference),
    })
}

use std::sync::Arc;
use std::time::Duration;

use kw_agreement::Agreement;
use kw_domain::{ActorId, Clock as _, Instant, ManualClock, Oin, Role, SubjectId, SubjectReference};
use kw_ledger::{AccessRecord, Event, LeafKind, RecordField, RecordedActor, canonical};
use kw_protocol::access_log::{AccessLogPage, AccessLogSearch, RequestResolution};
use kw_protocol::problem::ProblemCode;
use kw_runtime::{Entropy, Refusal, SharedAgreement};
use kw_store::switchboard::Switchboard;
use kw_store::{Abort, Act, DatabaseConfig, Store, Tx};
use tempfile::TempDir;

use crate::inspection::{Inspection, Reader};

pub(super) const SWITCHBOARD: &str = "00000099000000001000";
pub(super) const AUDITOR: &str = "00000099000000003000";
pub(super) const SCHOOL: &str = "00000099000000012000";
pub(super) const ORIGIN: &str = "youth/switchboard";

/// A log and whoever reads it.
pub(super) struct Bed {
    pub(super) clock: Arc<ManualClock>,
    pub(super) inspection: Inspection<Switchboard>,
    pub(super) store: Arc<Store<Switchboard>>,
    agreement: SharedAgreement,
    _folder: TempDir,
}

impl Bed {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = DatabaseConfig::at(folder.path().join("s.db").to_string_lossy());
        let fill = |bytes: &mut [u8]| Entropy::os().fill(bytes);
        let store = Arc::new(Store::open(&config, ORIGIN, fill).unwrap());
        let clock = Arc::new(ManualClock::new(Instant::from_millis(1_795_000_000_000)));
        let youth = include_str!("../../../../../examples/chains/youth.toml");
        let agreement = SharedAgreement::fixed(Agreement::parse(youth).unwrap(), clock.clone());
        let inspection = Inspection::new(
            Arc::clone(&store),
            oin(SWITCHBOARD),
            agreement.clone(),
            clock.clone(),
            Entropy::os(),
        );
        Self { clock, inspection, store, agreement, _folder: folder }
    }

    /// A record of something that the school did, a minute after the one before.
    pub(super) fn record(&self, event: Event, person: &str) -> AccessRecord {
        self.clock.advance(Duration::from_mins(1));
        let agreement = self.agreement.current();
        let chain = agreement.chain().clone();
        let (service, party) = (oin(SWITCHBOARD), oin(SCHOOL));
        let mut record = AccessRecord::new(event, self.clock.now(), chain, service, party, agreement.hash());
        if event.fields().contains(&RecordField::Actor) {
            record.actor = Some(RecordedActor {
                assurance: "asserted".to_owned(),
                id: ActorId::parse(person).unwrap(),
                role: Role::parse("care-coordinator").unwrap(),
            });
        }
        record
    }

    /// Stores a record about these subjects, and gives what it calls them.
    pub(super) async fn happened(
        &self,
        mut record: AccessRecord,
        about: &[SubjectId],
    ) -> (u64, Vec<SubjectReference>) {
        let references: Vec<SubjectReference> = about.iter().map(|_| Entropy::os().id(record.at)).collect();
        match references[..] {
            [] => {}
            [alone] => record.subject = Some(alone),
            _ => record.count = Some(references.len() as u64),
        }
        let links: Vec<_> = about.iter().copied().zip(references.clone()).collect();
        let act = move |_: &mut Tx<'_, Switchboard>| {
            let act = Act::new(record.at, LeafKind::Access, canonical(&record).unwrap());
            Ok::<_, Abort<()>>(((), links.iter().fold(act, |act, (subject, name)| act.link(*subject, *name))))
        };
        let done = self.store.write("happen", act).await.unwrap();
        (done.receipts[0].index, references)
    }

    /// Stores so many records about nobody.
    pub(super) async fn busy(&self, count: usize) {
        for _ in 0..count {
            self.happened(self.record(Event::LeaseRenewed, "somebody"), &[]).await;
        }
    }

    pub(super) async fn search(
        &self,
        reader: &Reader,
        asked: &AccessLogSearch,
    ) -> Result<AccessLogPage, Refusal> {
        self.inspection.search(reader, None, asked).await
    }

    /// Every page of a search, to its end.
    pub(super) async fn all(&self, reader: &Reader, asked: &AccessLogSearch) -> Vec<AccessLogPage> {
        let mut asked = asked.clone();
        let mut pages = Vec::new();
        loop {
            let page = self.search(reader, &asked).await.unwrap();
            asked.cursor.clone_from(&page.next_cursor);
            pages.push(page);
            if asked.cursor.is_none() {
                return pages;
            }
        }
    }

    /// Every record in the log, oldest first; grants are left out.
    pub(super) async fn records(&self) -> Vec<AccessRecord> {
        let entries = self.store.read(|log| log.ledger_entries(0, 10_000)).await.unwrap();
        assert!(entries.iter().all(kw_store::StoredEntry::is_sound));
        let records = entries.iter().filter_map(|entry| entry.record.as_ref());
        records.filter_map(|record| serde_json::from_str(record.as_str()).ok()).collect()
    }

    pub(super) async fn last(&self) -> AccessRecord {
        self.records().await.pop().unwrap()
    }
}

pub(super) fn oin(text: &str) -> Oin {
    Oin::parse(text).unwrap()
}

pub(super) fn somebody() -> SubjectId {
    Entropy::os().id(Instant::from_millis(1_795_000_000_000))
}

pub(super) fn reader(person: &str, certificate: u8) -> Reader {
    Reader {
        party: oin(AUDITOR),
        person: ActorId::parse(person).unwrap(),
        role: Role::auditor(),
        certificate_sha256: [certificate; 32],
        proven: false,
    }
}

pub(super) fn search(filter: &str) -> AccessLogSearch {
    serde_json::from_str(&format!(r#"{{"auditor":"a.first","filter":{filter}}}"#)).unwrap()
}

pub(super) fn request(index: u64, reference: SubjectReference) -> RequestResolution {
    serde_json::from_value(serde_json::json!({
        "auditor": "a.first", "index": index, "reason": "complaint 7", "reference": reference,
    }))
    .unwrap()
}

pub(super) fn indices(pages: &[AccessLogPage]) -> Vec<u64> {
    pages.iter().flat_map(|page| page.entries.iter().map(|entry| entry.index)).collect()
}

pub(super) fn refused<T: std::fmt::Debug>(answer: Result<T, Refusal>, code: ProblemCode) -> Refusal {
    let refusal = answer.unwrap_err();
    assert_eq!(refusal.code(), code, "{refusal:?}");
    refusal
}

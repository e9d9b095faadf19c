use kw_domain::{ChainName, ManualClock};
use kw_ledger::audit::Audit;
use kw_ledger::note::SigningKey;
use kw_store::pseudonymiser::Pseudonymiser;
use kw_store::{DatabaseConfig, StoredEntry, StoredLog};

use super::*;
use crate::reader::{Trust, verify_stored};

const ORIGIN: &str = "chain/pseudonymiser";
const YOUTH: &str = include_str!("../../../../examples/chains/youth.toml");

struct Kept {
    _folder: tempfile::TempDir,
    config: DatabaseConfig,
    store: Arc<Store<Pseudonymiser>>,
    clock: Arc<ManualClock>,
    retention: Retention<Pseudonymiser>,
}

fn oin() -> Oin {
    Oin::parse("00000099000000002000").unwrap()
}

fn service() -> Kept {
    let folder = tempfile::tempdir().unwrap();
    let config = DatabaseConfig::at(folder.path().join("log.db").to_str().unwrap());
    let salts = |bytes: &mut [u8]| aws_lc_rs::rand::fill(bytes).unwrap();
    let store = Arc::new(Store::open(&config, ORIGIN, salts).unwrap());
    let clock = Arc::new(ManualClock::new(Instant::parse("2026-11-22T10:00:00Z").unwrap()));
    let agreement =
        SharedAgreement::fixed(Agreement::parse(YOUTH).unwrap(), Arc::clone(&clock) as Arc<dyn Clock>);
    let retention =
        Retention::new(Arc::clone(&store), agreement, oin(), Arc::clone(&clock) as Arc<dyn Clock>);
    Kept { _folder: folder, config, store, clock, retention }
}

impl Kept {
    async fn act(&self, kind: LeafKind, event: Event) {
        let chain = ChainName::parse("youth-demostad").unwrap();
        let record = AccessRecord::new(event, self.clock.now(), chain, oin(), oin(), "ab".repeat(32));
        let text = canonical(&record).unwrap();
        let act = move || Act::new(record.at, kind, text.clone());
        self.store.write::<_, (), _>("test", move |_| Ok(((), act()))).await.unwrap();
    }

    async fn entries(&self) -> Vec<StoredEntry> {
        self.store.read(|log| log.ledger_entries(0, 10_000)).await.unwrap()
    }

    async fn root(&self, size: u64) -> kw_ledger::tree::Hash {
        let mut audit = Audit::new();
        for (_, leaf) in self.store.read(move |log| log.ledger_leaves(0, size as u32)).await.unwrap() {
            audit.add_entry(&leaf.to_bytes());
        }
        audit.root()
    }

    fn until(&self, moment: &str) -> Duration {
        Instant::parse(moment).unwrap().since(self.clock.now())
    }

    fn verifies(&self) -> bool {
        let key = SigningKey::from_seed(ORIGIN, &[1; 32]).unwrap();
        let trust = Trust::of_key(key.verifier().clone()).unwrap();
        verify_stored(&mut StoredLog::open(&self.config).unwrap(), &trust, |_| {}).is_ok()
    }
}

#[tokio::test]
async fn records_are_erased_when_their_class_says_so_and_the_tree_stays() {
    let service = service();
    for _ in 0..1_200 {
        service.act(LeafKind::Access, Event::EvaluationBatch).await;
    }
    service.act(LeafKind::Key, Event::KeyChanged).await;
    assert_eq!(service.retention.erase_due().await.unwrap(), 0, "nothing is due on the first day");
    service.clock.advance(service.until("2031-11-21T10:00:00Z"));
    assert_eq!(service.retention.erase_due().await.unwrap(), 0, "nor a day before the five years are over");
    service.act(LeafKind::Access, Event::EvaluationBatch).await;
    let before = service.root(1_202).await;
    assert!(service.verifies());

    service.clock.advance(service.until("2031-11-23T10:00:00Z"));
    assert_eq!(service.retention.erase_due().await.unwrap(), 1_200);
    let entries = service.entries().await;
    assert!(entries[..1_200].iter().all(|entry| entry.record.is_none() && entry.salt.is_none()));
    assert!(entries[1_200].record.is_some(), "keys are kept longer");
    assert!(entries[1_201].record.is_some(), "what is younger stays");
    assert_eq!(service.root(1_202).await, before, "the leaves stay");
    assert!(service.verifies(), "a log with erased records verifies");
    let told: Vec<AccessRecord> = entries[1_202..]
        .iter()
        .map(|entry| serde_json::from_str(entry.record.as_ref().unwrap().as_str()).unwrap())
        .collect();
    let ranges: Vec<_> = told.iter().map(|told| told.erased.clone().unwrap()).collect();
    assert_eq!(told.iter().filter_map(|told| told.count).sum::<u64>(), 1_200);
    assert_eq!((ranges[0].first, ranges.last().unwrap().last), (0, 1_199));
    assert!(told.iter().all(|told| told.event == Event::RecordsErased));
    assert_eq!(service.retention.erase_due().await.unwrap(), 0, "and that was all");
}

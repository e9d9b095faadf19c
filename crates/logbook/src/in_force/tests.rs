use kw_agreement::draft::{AgreementDraft, key_text};
use kw_domain::{Instant, ManualClock};
use kw_runtime::Entropy;
use kw_store::DatabaseConfig;
use kw_store::pseudonymiser::Pseudonymiser;
use tempfile::TempDir;

use super::*;

const YOUTH: &str = include_str!("../../../../examples/chains/youth.toml");
const ORIGIN: &str = "pseudonymiser.demoland.example/youth-demostad";

/// One database.
struct Place {
    folder: TempDir,
    clock: Arc<ManualClock>,
}

/// One process on it.
struct Process {
    store: Arc<Store<Pseudonymiser>>,
    in_force: InForce<Pseudonymiser>,
}

impl Place {
    fn new() -> Self {
        let now = Instant::parse("2026-11-21T09:30:00Z").unwrap();
        Self { folder: tempfile::tempdir().unwrap(), clock: Arc::new(ManualClock::new(now)) }
    }

    fn process(&self) -> Process {
        let config = DatabaseConfig::at(self.folder.path().join("p.db").to_str().unwrap());
        let entropy = Entropy::os();
        let store = Arc::new(Store::open(&config, ORIGIN, move |bytes| entropy.fill(bytes)).unwrap());
        let service = agreed(|_| {}).pseudonymiser().oin;
        let in_force = InForce::new(Arc::clone(&store), service, self.clock.clone());
        Process { store, in_force }
    }
}

impl Process {
    async fn record(&self, agreement: &Agreement, keys: &[RecordedKey]) {
        self.in_force.record(agreement, keys).await.unwrap();
    }

    /// Every entry: its kind and its record.
    fn log(&self) -> Vec<(LeafKind, AccessRecord)> {
        let entries = self.store.read_blocking(|log| log.ledger_entries(0, 100)).unwrap();
        let record = |text: &str| serde_json::from_str(text).unwrap();
        entries.iter().map(|entry| (entry.kind, record(entry.record.as_ref().unwrap().as_str()))).collect()
    }

    fn events(&self) -> Vec<&'static str> {
        self.log().iter().map(|(_, record)| record.event.code()).collect()
    }
}

fn agreed(change: impl FnOnce(&mut AgreementDraft)) -> Agreement {
    let mut draft = AgreementDraft::parse(YOUTH).unwrap();
    change(&mut draft);
    Agreement::parse(&draft.to_toml().unwrap()).unwrap()
}

fn version(text: &str) -> Agreement {
    agreed(|draft| draft.chain.version = text.to_owned())
}

fn key(epoch: &str) -> RecordedKey {
    RecordedKey::new("pseudonymiser-index", epoch, epoch.as_bytes())
}

#[tokio::test]
async fn a_first_start_records_agreement_and_keys_and_a_second_start_nothing() {
    let place = Place::new();
    let (agreement, keys) = (version("1"), [key("2"), key("1")]);
    place.process().record(&agreement, &keys).await;
    let process = place.process();
    process.record(&agreement, &keys).await;
    // The same keys in another order are the same keys.
    process.record(&agreement, &[key("1"), key("2")]).await;
    let log = process.log();
    let [(LeafKind::Agreement, of_agreement), (LeafKind::Key, of_keys)] = &log[..] else { panic!("{log:?}") };
    assert_eq!(of_agreement.event, Event::AgreementChanged);
    assert_eq!(of_agreement.decision.policy, agreement.hash());
    assert!(of_agreement.keys.is_empty());
    assert_eq!(of_keys.event, Event::KeyChanged);
    let named: Vec<_> = of_keys.keys.iter().map(|key| (key.kind.as_str(), key.id.as_str())).collect();
    assert_eq!(named, [("pseudonymiser-index", "1"), ("pseudonymiser-index", "2"), ("log", ORIGIN)]);
    let service = agreement.pseudonymiser().oin;
    assert!(log.iter().all(|(_, record)| (record.service, record.party) == (service, service)));
}

#[tokio::test]
async fn processes_on_one_database_record_a_change_once() {
    let place = Place::new();
    let (one, other) = (place.process(), place.process());
    let keys = [key("1")];
    for agreement in [version("1"), version("2")] {
        tokio::join!(one.record(&agreement, &keys), other.record(&agreement, &keys));
        one.record(&agreement, &keys).await;
    }
    assert_eq!(one.events(), ["agreement-changed", "key-changed", "agreement-changed"]);
    // Back to the text before is a change as well.
    other.record(&version("1"), &keys).await;
    assert_eq!(other.events().len(), 4);
}

#[tokio::test]
async fn a_key_that_comes_or_goes_is_recorded_with_all_that_are_left() {
    let place = Place::new();
    let process = place.process();
    let agreement = version("1");
    for keys in [&[key("1")][..], &[key("1"), key("2")], &[key("2")]] {
        process.record(&agreement, keys).await;
    }
    let recorded: Vec<Vec<String>> = process
        .log()
        .into_iter()
        .filter(|(kind, _)| *kind == LeafKind::Key)
        .map(|(_, record)| record.keys.into_iter().map(|key| key.id).filter(|id| id != ORIGIN).collect())
        .collect();
    assert_eq!(recorded, [vec!["1"], vec!["1", "2"], vec!["2"]]);
}

#[tokio::test]
async fn a_new_log_key_in_the_agreement_is_a_change_of_keys() {
    let place = Place::new();
    let process = place.process();
    process.record(&version("1"), &[]).await;
    process.record(&agreed(|draft| draft.pseudonymiser.log_key = key_text(&[7; 32])), &[]).await;
    assert_eq!(process.events(), ["agreement-changed", "key-changed", "agreement-changed", "key-changed"]);
}

#[tokio::test]
async fn records_that_name_no_keys_say_nothing_about_them() {
    let place = Place::new();
    let (process, agreement) = (place.process(), version("1"));
    process.record(&agreement, &[key("1")]).await;
    let service = agreement.pseudonymiser().oin;
    let (chain, now) = (agreement.chain().clone(), place.clock.now());
    for _ in 0..=AT_ONCE {
        let step = AccessRecord::new(Event::KeyChanged, now, chain.clone(), service, service, "");
        let text = canonical(&step).unwrap();
        let step = move |_: &mut kw_store::Tx<'_, _>| Ok(((), Act::new(now, LeafKind::Key, text.clone())));
        process.store.write::<_, (), _>("step", step).await.unwrap();
    }
    let before = process.events().len();
    place.process().record(&agreement, &[key("1")]).await;
    assert_eq!(process.events().len(), before);
}

#[tokio::test]
async fn what_was_erased_is_recorded_again() {
    let place = Place::new();
    let (process, agreement) = (place.process(), version("1"));
    process.record(&agreement, &[key("1")]).await;
    let (now, record) = (place.clock.now(), process.log().remove(0).1);
    let text = canonical(&record).unwrap();
    let erase = move |tx: &mut kw_store::Tx<'_, _>| {
        tx.erase_records(LeafKind::Agreement, now.plus(Duration::from_secs(1)), 10)?;
        Ok(((), Act::new(now, LeafKind::Access, text.clone())))
    };
    process.store.write::<_, (), _>("erase", erase).await.unwrap();
    place.process().record(&agreement, &[key("1")]).await;
    let newest = process.store.read_blocking(|log| log.ledger_entries_before(None, 1)).unwrap().remove(0);
    assert_eq!((newest.index, newest.kind), (3, LeafKind::Agreement));
}

#[tokio::test]
async fn what_cannot_be_recorded_yet_is_recorded_later() {
    let place = Place::new();
    let (process, agreement) = (place.process(), version("1"));
    process.store.hold("waiting for witnesses");
    assert_eq!(process.in_force.record(&agreement, &[]).await, Err(NotRecorded));
    assert!(process.log().is_empty());
    process.store.release();
    process.record(&agreement, &[]).await;
    assert_eq!(process.events(), ["agreement-changed", "key-changed"]);
}

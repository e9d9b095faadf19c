//! Rotating the keys of a filled index while it is used.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use kw_agreement::draft::KeyDraft;
use kw_domain::{BatchId, ChainName, Clock as _, Epoch, KeyUse, SystemClock, TransactionId};
use kw_protocol::SecretBytes32;
use kw_protocol::pointer::SubjectElement;
use kw_protocol::problem::ProblemCode;
use kw_pseudonym::{Delta, IndexKey, SecretKey, TagKey};
use kw_runtime::key_file::{KeyFile, KeyKind};
use kw_store::DatabaseConfig;
use kw_store::switchboard::{GenerationPhase, LiveTags};
use kw_switchboard::rotation::{Rotate, Rotation, RotationError};
use kw_testbed::{Member, PostgresServer, RunningChain, element_of, subject_element};
use zeroize::Zeroizing;

use crate::child::chain;
use crate::log;

/// More than two batches of the rotation.
const FILLED: u64 = 1_200;

/// How elements are made at the moment: by the epoch that is asked for.
type Elements = Arc<dyn Fn(u64) -> SubjectElement + Send + Sync>;

async fn fill(chain: &RunningChain) -> Member {
    let school = chain.member("school").unwrap();
    let lines: Vec<_> = (0..FILLED).map(|number| school.registration(number).unwrap()).collect();
    let upload = BatchId::new(SystemClock.now(), [3; 10]);
    let client = school.switchboard().unwrap();
    let results = client.register_bulk(upload, 0, stream::iter(lines)).await.unwrap();
    assert_eq!(results.filter(|result| std::future::ready(result.is_ok())).count().await as u64, FILLED);
    school
}

async fn open(chain: &RunningChain) -> Rotation {
    let mut database = DatabaseConfig::at(chain.database_url());
    database.root_certificates = chain.database_roots();
    Rotation::open(chain.agreement().unwrap(), database, &chain.keys_folder(), Arc::new(SystemClock))
        .await
        .unwrap()
}

/// Look-ups and registrations that go on until told to stop.
struct Use {
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicU64>,
    tasks: tokio::task::JoinSet<u64>,
}

impl Use {
    fn begin(chain: &RunningChain, elements: &Elements) -> Self {
        let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (school, care) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..4 {
            let (stop, asked, elements, care) =
                (Arc::clone(&stop), Arc::clone(&asked), Arc::clone(elements), care.clone());
            tasks.spawn(async move {
                let mut number = task * 300;
                while !stop.load(Ordering::SeqCst) {
                    number = (number + 7) % FILLED;
                    let question = care.question_about(elements(number)).unwrap();
                    let transaction = TransactionId::new(SystemClock.now(), [1; 10]);
                    match care.switchboard().unwrap().query(&question, transaction).await {
                        Ok(answer) => {
                            assert_eq!(answer.holders.len(), 1, "subject {number} was missed");
                            asked.fetch_add(1, Ordering::SeqCst);
                        }
                        // Unreachable while it is killed, unavailable while the steps are being taken in.
                        Err(error) => assert!(error.retryable(), "{error:?}"),
                    }
                }
                0
            });
        }
        for task in 0..2_u64 {
            let (stop, elements, school) = (Arc::clone(&stop), Arc::clone(elements), school.clone());
            tasks.spawn(async move {
                let mut new = 0;
                let mut step = 0;
                while !stop.load(Ordering::SeqCst) {
                    step += 1;
                    // By turns somebody new and somebody who is there.
                    let fresh = step % 2 == 0;
                    let number =
                        if fresh { FILLED + task * 1_000_000 + new } else { (step * 13 + task) % FILLED };
                    let registration = school.registration_of(elements(number)).unwrap();
                    match school.switchboard().unwrap().register(&registration, &school.key()).await {
                        Ok(registered) if fresh => {
                            // When an answer got lost in a kill, it was there already.
                            let _ = registered.created;
                            new += 1;
                        }
                        Ok(registered) => {
                            assert!(!registered.created, "subject {number} was registered a second time");
                        }
                        Err(error) => assert!(error.retryable(), "{error:?}"),
                    }
                }
                new
            });
        }
        Self { stop, asked, tasks }
    }

    /// How many subjects came to be, at the least.
    async fn end(self) -> u64 {
        self.stop.store(true, Ordering::SeqCst);
        let new = self.tasks.join_all().await.into_iter().sum();
        let asked = self.asked.load(Ordering::SeqCst);
        assert!(asked > 20 && new > 0, "hardly used: {asked} look-ups, {new} registrations");
        new
    }
}

/// Converts until the first batch is done, and then is gone, as a killed process is.
async fn convert_and_die(rotation: Rotation) {
    let (first, seen) = tokio::sync::oneshot::channel();
    let mut first = Some(first);
    let converting = async {
        rotation
            .convert(|_| {
                if let Some(first) = first.take() {
                    first.send(()).unwrap();
                }
            })
            .await
            .unwrap();
    };
    tokio::select! {
        _ = seen => {}
        () = converting => {}
    }
}

async fn rotate(mut chain: RunningChain, what: Rotate, elements: Elements) -> RunningChain {
    let mut rotation = open(&chain).await;
    let used = Use::begin(&chain, &elements);
    match rotation.begin(what).await {
        // Where a database may be shared, the operator copies the new key to the other hosts, of which there are none here.
        Err(RotationError::KeyMade(path)) => {
            assert!(path.exists());
            rotation.begin(what).await.unwrap();
        }
        begun => begun.unwrap(),
    }
    convert_and_die(rotation).await;
    chain.kill_switchboard().unwrap();
    chain = tokio::task::spawn_blocking(move || {
        chain.start_switchboard().unwrap();
        chain
    })
    .await
    .unwrap();

    let mut again = open(&chain).await;
    again.begin(what).await.unwrap();
    let done = again.convert(|_| {}).await.unwrap();
    assert!(done.converted > 0);
    again.close().await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let new = used.end().await;

    let index = log::index(&chain).await;
    let subjects = index.read(|index| index.count_subjects()).await.unwrap();
    let pointers = index.read(|index| index.count_all_active()).await.unwrap();
    assert_eq!(subjects, pointers, "a subject twice");
    assert!((FILLED + new..=FILLED + new + 2).contains(&subjects), "{subjects} for {FILLED} and {new}");
    let generations = index.read(|index| index.generations()).await.unwrap();
    let phases: Vec<_> = generations.iter().map(|generation| generation.phase).collect();
    assert_eq!(phases[phases.len() - 2..], [GenerationPhase::Retired, GenerationPhase::Live]);
    let old = generations[generations.len() - 2].generation;
    assert_eq!(
        index.read(move |index| index.count_unconverted(old)).await.unwrap(),
        subjects,
        "no old tag is left"
    );
    let _ = log::entries(&index).await;

    let care = chain.member("youth-care").unwrap();
    for number in (0..FILLED).step_by(97) {
        let question = care.question_about(elements(number)).unwrap();
        let transaction = TransactionId::new(SystemClock.now(), [1; 10]);
        let answer = care.switchboard().unwrap().query(&question, transaction).await.unwrap();
        assert_eq!(answer.holders.len(), 1, "subject {number} is missed after the rotation");
    }
    chain
}

fn keys(folder: &Path, chain: &RunningChain) -> BTreeMap<(KeyKind, u32), Zeroizing<[u8; 32]>> {
    let name = ChainName::parse(&chain.draft().chain.name).unwrap();
    let files = KeyFile::read_all(folder, &name).unwrap();
    files.iter().filter_map(|file| Some(((file.kind, file.epoch.0), file.secret32()?))).collect()
}

async fn the_index_key(chain: RunningChain) {
    fill(&chain).await;
    let before = keys(&chain.keys_folder(), &chain);
    let chain = rotate(chain, Rotate::Index, Arc::new(|number| subject_element(number).unwrap())).await;
    let after = keys(&chain.keys_folder(), &chain);
    assert!(!after.contains_key(&(KeyKind::SwitchboardIndex, 1)), "the old key is destroyed");
    assert!(after.contains_key(&(KeyKind::SwitchboardIndex, 2)));

    // A copy of the old key with everything else finds nobody, in either generation.
    let old = IndexKey::from_bytes(&before[&(KeyKind::SwitchboardIndex, 1)]).unwrap();
    let new = IndexKey::from_bytes(&after[&(KeyKind::SwitchboardIndex, 2)]).unwrap();
    let tag = TagKey::from_bytes(&after[&(KeyKind::SwitchboardTag, 1)]);
    let index = log::index(&chain).await;
    let found = async |key: &IndexKey, number| {
        let element = key.index_element(&element_of(number).unwrap());
        let tags = LiveTags { even: Some(tag.tag(2, &element).0), odd: Some(tag.tag(1, &element).0) };
        index.read(move |index| index.find_subject(&tags)).await.unwrap().is_some()
    };
    for number in (0..FILLED).step_by(101) {
        assert!(!found(&old, number).await, "the old key still finds subject {number}");
        assert!(found(&new, number).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_switchboards_key_is_rotated_in_use_killed_resumed_and_the_old_one_finds_nobody_on_sqlite() {
    Box::pin(the_index_key(chain().start().unwrap())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_switchboards_key_is_rotated_in_use_killed_resumed_and_the_old_one_finds_nobody_on_postgresql() {
    let server = PostgresServer::shared().unwrap();
    Box::pin(the_index_key(chain().postgres(&server).unwrap().start().unwrap())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pseudonymisers_key_is_rotated_in_use_without_a_single_bsn() {
    let chain = chain().start().unwrap();
    fill(&chain).await;
    let name = ChainName::parse(&chain.draft().chain.name).unwrap();
    let old = chain.known_keys().of(KeyUse::Index);
    let new = SecretKey::generate(&mut kw_runtime::Entropy::os());
    let delta = Delta::between_keys(old, &new);

    assert!(open(&chain).await.begin(Rotate::Pseudonymiser).await.is_err(), "the chain has not agreed on it");
    chain
        .change_agreement(|draft| {
            draft.pseudonymiser.keys.push(KeyDraft::new(KeyUse::Index, Epoch(2), &new.public().to_bytes()));
        })
        .unwrap();
    assert!(open(&chain).await.begin(Rotate::Pseudonymiser).await.is_err(), "there is no delta");
    let file = KeyFile {
        kind: KeyKind::IndexDelta,
        chain: name,
        epoch: Epoch(2),
        secret: Zeroizing::new(delta.to_bytes().to_vec()),
        use_from: None,
    };
    let path = file.create_in(&chain.keys_folder()).unwrap();
    // Partners go over one by one: while it runs, elements of both epochs come in.
    let live = Arc::new(AtomicBool::new(false));
    let both: Elements = {
        let (live, delta) = (Arc::clone(&live), delta.clone());
        Arc::new(move |number| {
            if number % 2 == 0 && !live.load(Ordering::SeqCst) {
                return subject_element(number).unwrap();
            }
            let element = delta.apply(&element_of(number).unwrap());
            SubjectElement { element: SecretBytes32(element.to_bytes()), epoch: Epoch(2) }
        })
    };
    let over = Arc::clone(&live);
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(7)).await;
        over.store(true, Ordering::SeqCst);
    });
    let chain = rotate(chain, Rotate::Pseudonymiser, both).await;
    assert!(!path.exists(), "delta is destroyed");
    let care = chain.member("youth-care").unwrap();
    let transaction = TransactionId::new(SystemClock.now(), [1; 10]);
    let question = care.question(1).unwrap();
    let refused = care.switchboard().unwrap().query(&question, transaction).await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::EpochUnknown), "the old epoch is over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_rotation_at_a_time() {
    let chain = chain().start().unwrap();
    let mut rotation = open(&chain).await;
    rotation.begin(Rotate::Index).await.unwrap();
    assert!(open(&chain).await.begin(Rotate::Pseudonymiser).await.is_err());
    assert_eq!(rotation.convert(|_| {}).await.unwrap().total, 0, "an empty index is soon done");
    rotation.close().await.unwrap();
    rotation.close().await.unwrap();
}

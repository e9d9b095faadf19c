//! Two switchboards on one database: one signs, and when it is killed the other goes on with the same history.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kw_ledger::checkpoint::SignedCheckpoint;
use kw_ledger::note::VerifierKey;
use kw_ledger::tree::{Frontier, Hash, leaf_hash};
use kw_testbed::{Member, PostgresServer, Process};

use crate::child::chain;
use crate::log;
use crate::publication::log_key;

/// Long for a machine with other work; it takes a second or two.
const PATIENCE: Duration = Duration::from_mins(1);

/// Every checkpoint that anybody saw, by size.
type Seen = Arc<Mutex<BTreeMap<u64, Hash>>>;

/// One of the two processes, as a partner sees it.
struct Door {
    url: String,
}

fn leads(process: &Process) -> bool {
    process.metric("ketenwijzer_log_leader").unwrap() == Some(1.0)
}

impl Door {
    fn of(process: &Process) -> Self {
        Self { url: format!("https://{}", process.address("service").unwrap()) }
    }

    /// The size of the newest checkpoint it serves, which is noted.
    async fn checkpoint(&self, member: &Member, key: &VerifierKey, seen: &Seen) -> Option<u64> {
        let asked = member.http().get(format!("{}/log/checkpoint", self.url)).send().await.ok()?;
        let text = asked.text().await.ok()?;
        let signed = SignedCheckpoint::parse(&text, key).ok()?;
        let checkpoint = signed.checkpoint();
        let before = seen.lock().unwrap().insert(checkpoint.size, checkpoint.root);
        assert!(before.is_none_or(|root| root == checkpoint.root), "two roots of {}", checkpoint.size);
        Some(checkpoint.size)
    }

    async fn register(&self, member: &Member, number: u64) -> bool {
        let pointer = member.registration(number).unwrap();
        let request = member
            .http()
            .post(format!("{}/v1/pointers", self.url))
            .header("idempotency-key", format!("takeover-{number}"))
            .json(&pointer);
        request.send().await.is_ok_and(|response| response.status().is_success())
    }
}

async fn until(what: &str, done: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !done().await {
        assert!(began.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_one_that_signs_is_killed_the_other_goes_on_without_a_fork_or_a_gap() {
    let server = PostgresServer::shared().unwrap();
    let mut chain = chain().postgres(&server).unwrap().start().unwrap();
    let school = chain.member("school").unwrap();
    let key = log_key(&chain);
    let seen = Seen::default();
    let first = Door::of(chain.switchboard().unwrap());
    until("the first leads", async || leads(chain.switchboard().unwrap())).await;
    let mut process = chain.start_second_switchboard().unwrap();
    let second = Door::of(&process);

    for number in 0..40 {
        let door = if number % 2 == 0 { &first } else { &second };
        assert!(door.register(&school, number).await);
        first.checkpoint(&school, &key, &seen).await;
        second.checkpoint(&school, &key, &seen).await;
    }
    assert!(leads(chain.switchboard().unwrap()) && !leads(&process), "one process signs");

    chain.kill_switchboard().unwrap();
    let mut number = 40;
    while number < 80 {
        assert!(second.register(&school, number).await, "the survivor does what it is asked");
        second.checkpoint(&school, &key, &seen).await;
        number += 1;
    }
    until("the second leads", async || leads(&process)).await;
    let store = log::index(&chain).await;
    let entries = store.read(|log| log.ledger_size()).await.unwrap();
    until("everything is published", async || {
        second.checkpoint(&school, &key, &seen).await.is_some_and(|size| size >= entries)
    })
    .await;

    // And back: the first one returns, and the second is killed.
    chain.start_switchboard().unwrap();
    let first = Door::of(chain.switchboard().unwrap());
    process.kill().unwrap();
    assert!(first.register(&school, number).await);
    until("the first leads again", async || leads(chain.switchboard().unwrap())).await;
    until("that is published too", async || {
        first.checkpoint(&school, &key, &seen).await.is_some_and(|size| size > entries)
    })
    .await;

    let leaves = log::entries(&store).await;
    let seen = seen.lock().unwrap();
    let mut tree = Frontier::new();
    let mut compared = 0;
    for entry in &leaves {
        if let Some(root) = seen.get(&tree.size()) {
            assert_eq!(*root, tree.root(), "the checkpoint of {} is not of this log", tree.size());
            compared += 1;
        }
        let leaf = kw_ledger::Leaf { kind: entry.kind, hash: entry.leaf };
        tree.push(leaf_hash(&leaf.to_bytes()));
    }
    if let Some(root) = seen.get(&tree.size()) {
        assert_eq!(*root, tree.root());
        compared += 1;
    }
    assert_eq!(compared, seen.len(), "a checkpoint covers more than the log holds");
    assert!(compared > 3, "{compared} checkpoints were seen");
}

//! What must hold whatever happens to the process: nothing acknowledged is lost, no answer is without its record, and
//! nobody ever saw two histories.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_agreement::LogOwner;
use kw_domain::{Oin, PointerId};
use kw_ledger::canonical;
use kw_ledger::checkpoint::SignedCheckpoint;
use kw_ledger::note::{SignatureKind, VerifierKey};
use kw_ledger::tree::{Frontier, Hash, leaf_hash};
use kw_protocol::grant::GrantClaims;
use kw_protocol::query::QueryAnswer;
use kw_testbed::{Member, RunningChain};

use crate::log;

/// What a caller was told.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) pointers: Vec<(u64, PointerId)>,
    pub(crate) answers: Vec<QueryAnswer>,
}

/// How much was promised.
#[derive(Debug)]
pub(crate) struct Promised {
    pub(crate) registrations: usize,
    pub(crate) grants: usize,
    pub(crate) checkpoints: usize,
    pub(crate) entries: usize,
}

impl std::fmt::Display for Promised {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { registrations, grants, checkpoints, entries } = self;
        write!(
            f,
            "{registrations} registrations and {grants} grants acknowledged, {checkpoints} checkpoints seen, {entries} entries"
        )
    }
}

/// Compares what was told and seen with what is stored. Nothing may be running.
pub(crate) async fn check(chain: &RunningChain, holder: Oin, told: &[Told], seen: &Seen) -> Promised {
    let index = log::index(chain).await;
    let entries = log::entries(&index).await;
    let records: BTreeSet<&str> =
        entries.iter().map(|entry| entry.record.as_ref().unwrap().as_str()).collect();
    let mut pointers: BTreeMap<u64, PointerId> = BTreeMap::new();
    let (mut registrations, mut grants) = (0, 0);
    for told in told {
        for (number, id) in &told.pointers {
            registrations += 1;
            assert_eq!(*pointers.entry(*number).or_insert(*id), *id, "one reference, two pointers");
            let id = *id;
            let stored = index.read(move |index| index.pointer(holder, id)).await.unwrap();
            assert!(stored.is_some(), "an acknowledged pointer is lost");
        }
        for answer in &told.answers {
            let entry = &entries[answer.receipt.index as usize];
            assert_eq!(entry.record.as_ref().unwrap().as_str(), answer.receipt.record.as_deref().unwrap());
            assert_eq!(entry.salt.unwrap().0, answer.receipt.salt.0, "the receipt no longer opens its leaf");
            for holder in &answer.holders {
                grants += 1;
                let claims = holder.grant.split('.').nth(1).unwrap();
                let mut claims: GrantClaims =
                    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
                let place = claims.log.take().unwrap();
                let text = canonical(&claims).unwrap();
                assert!(records.contains(text.as_str()), "a grant without its record");
                let leaf = &entries[place.i as usize];
                assert_eq!(
                    (leaf.record.as_ref().unwrap().as_str(), leaf.salt.unwrap().0),
                    (text.as_str(), place.s.0)
                );
            }
        }
    }
    let subjects = index.read(|index| index.count_subjects()).await.unwrap();
    let active = index.read(|index| index.count_all_active()).await.unwrap();
    assert_eq!(subjects, active, "a subject without its pointer, or twice");

    let mut tree = Frontier::new();
    let mut roots = BTreeMap::from([(0, tree.root())]);
    for entry in &entries {
        tree.push(leaf_hash(&kw_ledger::Leaf { kind: entry.kind, hash: entry.leaf }.to_bytes()));
        if seen.sizes.contains_key(&tree.size()) {
            roots.insert(tree.size(), tree.root());
        }
    }
    for (size, root) in &seen.sizes {
        assert_eq!(roots.get(size), Some(root), "a checkpoint of {size} entries is of another history");
    }
    Promised { registrations, grants, checkpoints: seen.sizes.len(), entries: entries.len() }
}

/// Every checkpoint that was served, by size.
#[derive(Default)]
pub(crate) struct Seen {
    sizes: BTreeMap<u64, Hash>,
}

impl Seen {
    fn add(&mut self, key: &VerifierKey, text: &str) {
        let signed =
            SignedCheckpoint::parse(text, key).expect("a checkpoint that is served is signed by the log");
        let checkpoint = signed.checkpoint();
        let before = self.sizes.insert(checkpoint.size, checkpoint.root);
        assert!(before.is_none_or(|before| before == checkpoint.root), "two roots of one size: a fork");
    }

    pub(crate) fn join(mut self, other: Self) -> Self {
        for (size, root) in other.sizes {
            let before = self.sizes.insert(size, root);
            assert!(before.is_none_or(|before| before == root), "two roots of one size: a fork");
        }
        self
    }
}

/// The key of the switchboard's log, from the agreement.
pub(crate) fn log_key(chain: &RunningChain) -> VerifierKey {
    let agreement = chain.agreement().unwrap();
    let log = agreement.log_of(LogOwner::Switchboard).unwrap();
    VerifierKey::new(&log.origin, SignatureKind::Ed25519, log.key).unwrap()
}

/// Looks at the checkpoint all the time, as a witness would, until told to stop.
pub(crate) async fn watch(member: Arc<Member>, key: VerifierKey, stop: Arc<AtomicBool>) -> Seen {
    let mut seen = Seen::default();
    while !stop.load(Ordering::SeqCst) {
        // A new client each time: the process behind the address may be another one.
        if let Ok(answer) = member.http().get(member.url("/log/checkpoint")).send().await
            && answer.status().is_success()
            && let Ok(text) = answer.text().await
        {
            seen.add(&key, &text);
        }
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    seen
}

//! The log as those see it who check it: published, under paths that do not change, and derived from the database alone.

use std::time::Duration;

use futures_util::future::join_all;
use kw_agreement::LogOwner;
use kw_agreement::draft::AuditorDraft;
use kw_ledger::checkpoint::SignedCheckpoint;
use kw_ledger::note::{SignatureKind, VerifierKey};
use kw_ledger::tile::{Resource, TileId, Tiles, all_bundles, all_tiles, decode_bundle};
use kw_ledger::tree::leaf_hash;
use kw_testbed::{Member, RunningChain};
use kw_transport::ClientOptions;

use crate::child::chain;
use crate::log;

/// Long for a machine with other work; published is after half a second.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn log_key(chain: &RunningChain) -> VerifierKey {
    let log = chain.agreement().unwrap().log_of(LogOwner::Switchboard).unwrap();
    VerifierKey::new(&log.origin, SignatureKind::Ed25519, log.key).unwrap()
}

pub(crate) async fn get(member: &Member, path: &str) -> reqwest::Response {
    member.http().get(member.url(path)).send().await.unwrap()
}

/// The checkpoint once it covers so many entries; signed by the key of the agreement, or the test has failed.
pub(crate) async fn published(
    chain: &RunningChain,
    member: &Member,
    path: &str,
    entries: u64,
) -> SignedCheckpoint {
    let asking = async {
        loop {
            let response = get(member, path).await;
            if response.status() == 200 {
                let signed =
                    SignedCheckpoint::parse(&response.text().await.unwrap(), &log_key(chain)).unwrap();
                if signed.checkpoint().size >= entries {
                    return signed;
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.expect("published in time")
}

pub(crate) async fn register(member: &Member, count: u64) {
    let client = member.switchboard().unwrap();
    let calls = (0..count).map(|number| {
        let (client, pointer, key) = (&client, member.registration(number).unwrap(), member.key());
        async move { client.register(&pointer, &key).await.unwrap() }
    });
    join_all(calls).await;
}

#[tokio::test]
async fn what_is_committed_is_published_and_every_tile_is_the_one_that_follows_from_the_database() {
    let chain = chain().start().unwrap();
    let school = chain.member("school").unwrap();
    register(&school, 300).await;
    let store = log::index(&chain).await;
    let entries = store.read(|log| log.ledger_size()).await.unwrap();
    assert!(entries > 300);
    let signed = published(&chain, &school, "/log/checkpoint", entries).await;

    let mut tiles = Tiles::new();
    let size = signed.checkpoint().size;
    for id in all_tiles(size) {
        let response = get(&school, &format!("/log/{}", Resource::Tile(id).path())).await;
        assert_eq!(response.status(), 200, "{id:?}");
        assert_eq!(response.headers()["content-type"], "application/octet-stream");
        assert!(response.headers()["cache-control"].to_str().unwrap().contains("immutable"));
        tiles.insert(id, &response.bytes().await.unwrap()).unwrap();
    }
    tiles.verify(size, &signed.checkpoint().root).unwrap();

    let stored = store.read(move |log| log.ledger_leaves(0, 10_000)).await.unwrap();
    let mut leaves = stored.iter().map(|(_, leaf)| leaf.to_bytes());
    for (bundle, index) in all_bundles(size).zip((0..).step_by(256)) {
        let response = get(&school, &format!("/log/{}", Resource::Entries(bundle).path())).await;
        let body = response.bytes().await.unwrap();
        for (entry, number) in decode_bundle(&body, bundle.width).unwrap().into_iter().zip(index..) {
            assert_eq!(Some(entry), leaves.next().as_ref().map(<[u8; 41]>::as_slice), "{number}");
            assert_eq!(tiles.leaf(number).unwrap(), leaf_hash(entry), "{number}");
        }
    }
    assert!(leaves.next().is_none());
}

#[tokio::test]
async fn a_partial_tile_of_an_earlier_checkpoint_stays_and_what_no_checkpoint_covers_is_not_there() {
    let chain = chain().start().unwrap();
    let school = chain.member("school").unwrap();
    register(&school, 5).await;
    let earlier = published(&chain, &school, "/log/checkpoint", 6).await.checkpoint().size;
    let path = |size| format!("/log/{}", Resource::Tile(TileId::in_tree(0, 0, size).unwrap()).path());
    let before = get(&school, &path(earlier)).await.bytes().await.unwrap();
    assert_eq!(before.len() as u64, 32 * earlier);
    register(&school, 9).await;
    let later = published(&chain, &school, "/log/checkpoint", earlier + 1).await.checkpoint().size;
    assert_eq!(get(&school, &path(earlier)).await.bytes().await.unwrap(), before);
    assert_eq!(get(&school, &path(later)).await.bytes().await.unwrap()[..before.len()], before[..]);
    for path in [
        path(later + 100),
        "/log/tile/0/000".to_owned(),
        "/log/tile/0/0".to_owned(),
        "/log/tile/9/000.p/1".to_owned(),
        "/log/tile/entries/001.p/1".to_owned(),
        "/log/tile/0/x000/000.p/1".to_owned(),
        "/log/tile".to_owned(),
        "/log/tile/".to_owned(),
    ] {
        let response = get(&school, &path).await;
        assert_eq!(response.status(), 404, "{path}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{path}");
    }
}

#[tokio::test]
async fn the_chain_its_operators_and_its_auditors_read_the_log_and_nobody_else() {
    let auditor = AuditorDraft {
        oin: "00000099000000777000".to_owned(),
        name: "Court of Audit".to_owned(),
        contact: "audit@example.test".to_owned(),
        role: None,
    };
    let chain = chain().agreed(|draft| draft.auditors.push(auditor.clone())).start().unwrap();
    let agreement = chain.agreement().unwrap();
    let pseudonymiser = agreement.pseudonymiser().oin;
    for (name, oin, status) in [
        ("auditor", auditor.oin.as_str(), 200),
        ("operator", pseudonymiser.as_str(), 200),
        ("school", chain.member("school").unwrap().oin.as_str(), 200),
        ("stranger", "00000099000000999000", 403),
    ] {
        let member = chain.party(name, oin).unwrap();
        if status == 200 {
            published(&chain, &member, "/log/checkpoint", 1).await;
        }
        for path in ["/log/checkpoint", "/log/witnessed-checkpoint", "/log/tile/0/000.p/1"] {
            assert_eq!(get(&member, path).await.status(), status, "{name} {path}");
        }
    }
    let school = chain.member("school").unwrap();
    chain
        .change_agreement(|draft| {
            draft.partners.iter_mut().find(|partner| partner.kind == "school").unwrap().suspended = true;
        })
        .unwrap();
    let refused = async {
        while get(&school, "/log/checkpoint").await.status() != 403 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, refused).await.expect("a suspended partner is refused");
}

#[tokio::test]
async fn everybody_reads_the_log_on_the_public_listener_where_the_agreement_says_so() {
    for (access, status) in [("chain", 404), ("anyone", 200)] {
        let chain =
            chain().agreed(|draft| draft.ledger.log_access = Some(access.to_owned())).start().unwrap();
        let school = chain.member("school").unwrap();
        published(&chain, &school, "/log/checkpoint", 1).await;
        let agreement = chain.agreement().unwrap();
        let anybody = school.tls.client(agreement.switchboard().oin, ClientOptions::default());
        for path in [
            "/log/checkpoint",
            "/log/witnessed-checkpoint",
            "/log/tile/0/000.p/1",
            "/log/tile/entries/000.p/1",
        ] {
            let url = format!("{}{path}", agreement.switchboard().public_endpoint);
            assert_eq!(anybody.get(url).send().await.unwrap().status(), status, "{access} {path}");
        }
    }
}

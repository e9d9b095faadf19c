//! Many matches at once, and matches over a change of keys.

use std::sync::Arc;
use std::time::Instant;

use futures_util::{StreamExt as _, stream};
use kw_domain::{BatchId, Clock as _, SystemClock};
use kw_protocol::signal::{SignalType, SignalsAsked};
use kw_store::DatabaseConfig;
use kw_switchboard::rotation::{Rotate, Rotation, RotationError};
use kw_testbed::{Member, PostgresServer, RunningChain};

use super::{live, member, register, withdraw};
use crate::child::chain;
use crate::log;
use crate::signals::feed;

const LINES: u64 = 3_000;

async fn upload(member: &Member, number: u8) {
    let lines: Vec<_> = (0..LINES).map(|number| member.registration(number).unwrap()).collect();
    let upload = BatchId::new(SystemClock.now(), [number; 10]);
    let client = member.switchboard().unwrap();
    let results = client.register_bulk(upload, 0, stream::iter(lines)).await.unwrap();
    let good = results.filter(|result| std::future::ready(result.as_ref().is_ok_and(|one| one.id.is_some())));
    assert_eq!(good.count().await as u64, LINES);
}

async fn every_line_matches(chain: RunningChain, database: &str) {
    let [care, school, health] = ["youth-care", "school", "youth-health"].map(|kind| member(&chain, kind));
    for (at, (holder, what)) in
        (1..).zip([(&care, "no matches"), (&school, "a match each"), (&health, "one more in each")])
    {
        let began = Instant::now();
        upload(holder, at).await;
        eprintln!("{database}: {LINES} lines with {what} took {:?}", began.elapsed());
    }
    let matches = live(&chain).await;
    assert_eq!(matches.len() as u64, LINES);
    assert!(matches.iter().all(|one| one.present().count() == 3));
    let (client, mut after, mut told) = (feed(&chain, &care), None, 0);
    loop {
        let page = client.read(&SignalsAsked { after, limit: Some(500), wait: None }).await.unwrap();
        told += page.signals.iter().filter(|one| one.known() == Some(SignalType::MatchArisen)).count();
        if page.signals.is_empty() {
            break;
        }
        after = Some(page.cursor);
    }
    assert_eq!(told as u64, LINES, "once of each");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_of_which_every_line_matches_tells_of_each_once_on_sqlite() {
    every_line_matches(chain().start().unwrap(), "sqlite").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_of_which_every_line_matches_tells_of_each_once_on_postgresql() {
    let server = PostgresServer::shared().unwrap();
    every_line_matches(chain().postgres(&server).unwrap().start().unwrap(), "postgresql").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_match_survives_a_change_of_keys_and_grows_and_ends_after_it() {
    let chain = chain().start().unwrap();
    let [care, school, health] = ["youth-care", "school", "youth-health"].map(|kind| member(&chain, kind));
    let pointers = [register(&care, 1).await, register(&school, 1).await];
    let before = live(&chain).await;
    let database = DatabaseConfig::at(chain.database_url());
    let agreement = chain.agreement().unwrap();
    let rotation = Rotation::open(agreement, database, &chain.keys_folder(), Arc::new(SystemClock)).await;
    let mut rotation = rotation.unwrap();
    match rotation.begin(Rotate::Index).await {
        Err(RotationError::KeyMade(_)) => rotation.begin(Rotate::Index).await.unwrap(),
        begun => begun.unwrap(),
    }
    rotation.convert(|_| {}).await.unwrap();
    rotation.close().await.unwrap();
    assert!(live(&chain).await == before, "nothing moved");
    register(&health, 1).await;
    let grown = live(&chain).await;
    assert_eq!((grown.len(), grown[0].id, grown[0].present().count()), (1, before[0].id, 3));
    withdraw(&care, pointers[0]).await;
    withdraw(&school, pointers[1]).await;
    assert!(live(&chain).await.is_empty());
    assert_eq!(log::index(&chain).await.read(|index| index.count_subjects()).await.unwrap(), 1);
}

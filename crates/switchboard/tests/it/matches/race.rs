//! Concurrent registrations never miss a match and never make it double: many callers, two processes, one PostgreSQL.

use std::collections::BTreeMap;

use kw_client::SwitchboardClient;
use kw_protocol::signal::{SignalType, SignalsAsked};
use kw_testbed::{Member, PostgresServer, RunningChain};

use super::{HOLDERS, TOWN, live, member};
use crate::child::chain;
use crate::signals::feed;

const CALLERS: usize = 12;
const SUBJECTS: u64 = 60;

/// Everything a party was told, page by page: how often, about which match.
async fn arisen(chain: &RunningChain, member: &Member) -> BTreeMap<String, usize> {
    let (client, mut after) = (feed(chain, member), None);
    let mut all = BTreeMap::new();
    loop {
        let page = client.read(&SignalsAsked { after, limit: Some(500), wait: None }).await.unwrap();
        for signal in page.signals.iter().filter(|one| one.known() == Some(SignalType::MatchArisen)) {
            *all.entry(signal.about.clone()).or_default() += 1;
        }
        if page.signals.is_empty() {
            return all;
        }
        after = Some(page.cursor);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twelve_callers_at_two_processes_never_miss_and_never_double() {
    let server = PostgresServer::shared().unwrap();
    let chain = chain().postgres(&server).unwrap().start().unwrap();
    let second = chain.start_second_switchboard().unwrap();
    let elsewhere = second.address("service").unwrap();
    let holders: Vec<Member> = HOLDERS.iter().map(|kind| member(&chain, kind)).collect();
    let mut callers = Vec::new();
    for caller in 0..CALLERS {
        let member = holders[caller % holders.len()].clone();
        let client: SwitchboardClient = if caller % 2 == 0 {
            member.switchboard().unwrap()
        } else {
            member.switchboard_at(&chain.draft(), elsewhere).unwrap()
        };
        callers.push(tokio::spawn(async move {
            // All go through the same persons in the same order, so that they meet.
            for number in 0..SUBJECTS {
                let registration = member.registration(number).unwrap();
                client.register(&registration, &member.key()).await.unwrap();
            }
        }));
    }
    for caller in callers {
        caller.await.unwrap();
    }
    let matches = live(&chain).await;
    assert_eq!(matches.len() as u64, SUBJECTS, "one match for each person");
    for one in &matches {
        assert_eq!(one.present().count(), HOLDERS.len(), "with everybody in it");
    }
    for holder in &holders {
        let told = arisen(&chain, holder).await;
        assert_eq!(told.len() as u64, SUBJECTS, "told of each");
        let most = if holder.oin == member(&chain, TOWN).oin { 2 } else { 1 };
        assert!(
            told.values().all(|times| *times <= most),
            "the coordinator hears that it is there, and that it joins"
        );
    }

    // And they all go at once: nothing is left.
    let mut callers = Vec::new();
    for (at, holder) in holders.into_iter().enumerate() {
        let client = if at % 2 == 0 {
            holder.switchboard().unwrap()
        } else {
            holder.switchboard_at(&chain.draft(), elsewhere).unwrap()
        };
        callers.push(tokio::spawn(async move {
            let page = client.list(None, 200).await.unwrap();
            assert_eq!(page.pointers.len() as u64, SUBJECTS);
            for pointer in page.pointers {
                let reason = kw_protocol::pointer::WithdrawalReason::NoLongerPresent;
                let withdrawal = kw_protocol::pointer::WithdrawPointer { reason };
                client.withdraw(pointer.id, &withdrawal).await.unwrap();
            }
        }));
    }
    for caller in callers {
        caller.await.unwrap();
    }
    assert!(live(&chain).await.is_empty());
}

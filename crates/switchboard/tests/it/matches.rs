//! Matches: who is told of whom, what they may see, how a match lives and dissolves.

mod ending;
mod family;
mod large;
mod latency;
mod model;
mod race;
mod telling;

use std::time::{Duration, Instant};

use kw_domain::{ActorId, MatchId, PointerId, Role};
use kw_protocol::matching::{FollowUp, Match, MatchesAsked};
use kw_protocol::pointer::{WithdrawPointer, WithdrawalReason};
use kw_protocol::query::{Actor, Assurance};
use kw_protocol::signal::{SignalType, SignalsAsked};
use kw_store::switchboard::matches::StoredMatch;
use kw_testbed::{Member, RunningChain};

use crate::log;
use crate::signals::feed;

const PATIENCE: Duration = Duration::from_secs(30);
/// The holders of the youth chain. The municipality coordinates as well.
const HOLDERS: [&str; 5] = ["youth-care", "school", "youth-health", "addiction-care", "municipality"];
const TOWN: &str = "municipality";

fn member(chain: &RunningChain, kind: &str) -> Member {
    chain.member(kind).unwrap()
}

async fn register(member: &Member, number: u64) -> PointerId {
    let registration = member.registration(number).unwrap();
    member.switchboard().unwrap().register(&registration, &member.key()).await.unwrap().pointer.id
}

async fn withdraw(member: &Member, pointer: PointerId) {
    let reason = WithdrawalReason::NoLongerPresent;
    member.switchboard().unwrap().withdraw(pointer, &WithdrawPointer { reason }).await.unwrap();
}

/// A party's whole feed, as far as it is about matches: what happened, to which.
async fn told(chain: &RunningChain, member: &Member) -> Vec<(SignalType, String)> {
    let page = feed(chain, member).read(&SignalsAsked::default()).await.unwrap();
    crate::signals::kinds(&page);
    let all = page.signals.into_iter().map(|signal| (signal.known().unwrap(), signal.about));
    all.filter(|(kind, _)| kind.collection() == "matches").collect()
}

async fn kinds(chain: &RunningChain, member: &Member) -> Vec<SignalType> {
    told(chain, member).await.into_iter().map(|(kind, _)| kind).collect()
}

async fn listed(member: &Member) -> Vec<Match> {
    member.switchboard().unwrap().matches(&MatchesAsked::default()).await.unwrap().matches
}

async fn seen(member: &Member, id: MatchId) -> Match {
    member.switchboard().unwrap().found_match(id).await.unwrap()
}

pub(crate) fn by(role: &str) -> FollowUp {
    FollowUp { actor: actor(role) }
}

fn actor(role: &str) -> Actor {
    Actor {
        id: ActorId::parse("j.jansen").unwrap(),
        role: Role::parse(role).unwrap(),
        assurance: Assurance::Asserted,
        proof: None,
    }
}

/// The live matches in the database.
async fn live(chain: &RunningChain) -> Vec<StoredMatch> {
    log::index(chain).await.read(|index| index.live_matches_after(None, 100_000)).await.unwrap()
}

async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < end, "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

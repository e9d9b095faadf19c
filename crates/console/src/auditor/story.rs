//! One access as a story: what requester, switchboard and holders recorded of it, each record verified.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use kw_agreement::{Agreement, LogIdentity, LogOwner};
use kw_client::AccessLogClient;
use kw_domain::{ActorId, Instant, Oin, TransactionId};
use kw_ledger::search::AccessFilter;
use kw_ledger::{AccessRecord, Event};
use kw_protocol::access_log::{AccessLogSearch, LARGEST_PAGE};
use kw_web::Failure;

use super::kept::Kept;
use super::proof::{Check, verify};
use crate::app::{Console, in_time, not_asked};

/// The story of one access.
#[derive(Debug)]
pub(crate) struct Story {
    /// In the order of time.
    pub(crate) steps: Vec<Step>,
    /// Whose log could not be read.
    pub(crate) silent: Vec<Oin>,
}

/// What one log says of it.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) log: LogIdentity,
    pub(crate) entry: Kept,
    pub(crate) record: AccessRecord,
    pub(crate) checks: Vec<Check>,
}

/// Reads the logs of everybody who took part. Each of them records the reading.
pub(crate) async fn tell(
    console: &Console,
    auditor: &ActorId,
    access: TransactionId,
) -> Result<Story, Failure> {
    in_time(tell_all(console, auditor, access)).await
}

async fn tell_all(console: &Console, auditor: &ActorId, access: TransactionId) -> Result<Story, Failure> {
    let agreement = console.agreement();
    let switchboard = agreement.log_of(LogOwner::Switchboard).ok_or_else(Failure::fault)?;
    let at_switchboard = find(console, &switchboard, auditor, &[access], None).await?;
    let wanted = Wanted::of(&agreement, access, &at_switchboard);
    let period = at_switchboard
        .iter()
        .filter_map(|entry| entry.record.as_ref())
        .map(|record| record.at)
        .min()
        .map(|at| (at.minus(BEFORE), at.plus(AFTER)));
    let others = wanted.transactions.iter().filter_map(|(oin, transactions)| {
        let log = agreement.log_of(LogOwner::Partner(*oin))?;
        let transactions: Vec<TransactionId> = transactions.iter().copied().take(MOST_PULLS).collect();
        Some((log, transactions))
    });
    let asked = others.map(|(log, transactions)| async move {
        let found = find(console, &log, auditor, &transactions, period).await;
        (log, found)
    });
    let mut parts = vec![(switchboard, Ok(at_switchboard))];
    parts.extend(join_all(asked).await);
    let mut silent = Vec::new();
    let mut found = Vec::new();
    for (log, part) in parts {
        match part {
            Ok(entries) => found.extend(entries.into_iter().map(|entry| (log.clone(), entry))),
            Err(_) => silent.push(log.oin),
        }
    }
    found.truncate(MOST_ENTRIES);
    let agreement = &agreement;
    let checked = found.into_iter().filter_map(|(log, entry)| {
        let record = entry.record.clone()?;
        Some(async move {
            let checks = verify(console, agreement, &log, &entry).await.unwrap_or_default();
            Step { log, entry, record, checks }
        })
    });
    let mut steps = join_all(checked).await;
    steps.sort_by_key(|step| (step.record.at, order(step.record.event)));
    Ok(Story { steps, silent })
}

/// Within one moment, in the order of the acts.
fn order(event: Event) -> u8 {
    match event {
        Event::QueryAsked => 0,
        Event::QueryAnswered => 1,
        Event::AnswerReceived => 2,
        Event::PullAnswered => 3,
        Event::DossierAssembled => 4,
        _ => 5,
    }
}

/// Who is asked about which exchange.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    transactions: BTreeMap<Oin, BTreeSet<TransactionId>>,
}

impl Wanted {
    /// By what the switchboard recorded: its requester is asked about the question, each holder about its own pulls. When the
    /// switchboard knows nothing of it, every partner is asked.
    fn of(agreement: &Agreement, access: TransactionId, at_switchboard: &[Kept]) -> Self {
        let mut wanted = Self::default();
        let answers = at_switchboard.iter().filter_map(|entry| entry.record.as_ref());
        for record in answers.filter(|record| record.event == Event::QueryAnswered) {
            let question = record.transaction.unwrap_or(access);
            for party in [Some(record.party), record.on_behalf_of].into_iter().flatten() {
                wanted.add(party, question);
            }
            for grant in &record.grants {
                wanted.add(grant.holder, grant.transaction);
            }
        }
        if wanted.transactions.is_empty() {
            for partner in agreement.partners() {
                wanted.add(partner.oin, access);
            }
        }
        wanted
    }

    fn add(&mut self, party: Oin, transaction: TransactionId) {
        self.transactions.entry(party).or_default().insert(transaction);
    }
}

/// The entries of a log that are of these exchanges.
async fn find(
    console: &Console,
    log: &LogIdentity,
    auditor: &ActorId,
    transactions: &[TransactionId],
    period: Option<(Instant, Instant)>,
) -> Result<Vec<Kept>, Failure> {
    let client = console.access_log(log)?;
    let mut found: BTreeMap<u64, Kept> = BTreeMap::new();
    // One after the other: a service answers few auditors at once.
    for transaction in transactions {
        let filter = AccessFilter {
            transaction: Some(*transaction),
            from: period.map(|(from, _)| from),
            until: period.map(|(_, until)| until),
            ..AccessFilter::default()
        };
        for entry in pages(&client, log, auditor, filter).await? {
            found.insert(entry.index, entry);
        }
    }
    Ok(found.into_values().collect())
}

async fn pages(
    client: &AccessLogClient,
    log: &LogIdentity,
    auditor: &ActorId,
    filter: AccessFilter,
) -> Result<Vec<Kept>, Failure> {
    let mut search = AccessLogSearch {
        auditor: auditor.clone(),
        cursor: None,
        filter,
        limit: Some(LARGEST_PAGE),
        resolution: None,
    };
    let mut found = Vec::new();
    for _ in 0..MOST_PAGES {
        let page = client.search(&search).await.map_err(|error| not_asked(&error))?;
        if page.origin != log.origin {
            return Err(Failure::unavailable());
        }
        found.extend(page.entries.into_iter().map(|entry| Kept::of(log.owner, entry)));
        search.cursor = page.next_cursor;
        if search.cursor.is_none() || found.len() >= MOST_ENTRIES {
            break;
        }
    }
    Ok(found)
}

/// A question is over within seconds, and a grant within minutes; the rest is for clocks.
const BEFORE: Duration = Duration::from_mins(15);
const AFTER: Duration = Duration::from_hours(1);
/// A page looks at 20,000 entries.
const MOST_PAGES: usize = 50;
const MOST_PULLS: usize = 10;
const MOST_ENTRIES: usize = 30;

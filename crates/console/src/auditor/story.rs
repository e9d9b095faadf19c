//! One access as a story: what requester, switchboard and holders recorded of it, each record verified.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use kw_agreement::{Agreement, LogIdentity, LogOwner};
use kw_audit::{Walk, place};
use kw_client::AccessLogClient;
use kw_domain::{ActorId, Instant, Oin, TransactionId};
use kw_ledger::reconcile::{Discrepancy, Place, Reconciler, Scope};
use kw_ledger::search::AccessFilter;
use kw_ledger::{Event, Logged};
use kw_protocol::access_log::{AccessLogSearch, LARGEST_PAGE};
use kw_web::Failure;

use super::kept::Kept;
use super::proof::{Check, unchecked, verify};
use crate::app::{Console, in_time, not_asked};

/// The story of one access.
#[derive(Debug)]
pub(crate) struct Story {
    /// In the order of time; what cannot be read comes last.
    pub(crate) steps: Vec<Step>,
    /// Whose log could not be read.
    pub(crate) silent: Vec<Oin>,
    /// Who took part, by what the switchboard says, and has nothing of it in a log that was read.
    pub(crate) absent: Vec<Oin>,
    /// Whether there is more than is told.
    pub(crate) is_cut: bool,
    /// What does not fit together; nothing while it may still be under way.
    pub(crate) differences: Option<Vec<Discrepancy>>,
}

/// What one log says of it.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) log: LogIdentity,
    pub(crate) entry: Kept,
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
    // When the switchboard is out of reach, the others are asked all the same.
    let at_switchboard = find(console, &switchboard, auditor, &[access], None).await;
    let known = at_switchboard.as_deref().unwrap_or_default();
    let wanted = Wanted::of(&agreement, access, known);
    let began = known.iter().filter_map(|entry| entry.record.as_ref()).map(|record| record.at).min();
    let period = began.map(|at| (at.minus(BEFORE), at.plus(AFTER)));
    let mut is_cut = known.len() >= MOST_ENTRIES;
    let mut others = Vec::new();
    for (oin, transactions) in &wanted.transactions {
        let Some(log) = agreement.log_of(LogOwner::Partner(*oin)) else { continue };
        is_cut |= transactions.len() > MOST_PULLS;
        others.push((log, transactions.iter().copied().take(MOST_PULLS).collect::<Vec<_>>()));
    }
    let asked = others.into_iter().map(|(log, transactions)| async move {
        let found = find(console, &log, auditor, &transactions, period).await;
        (log, found)
    });
    let mut parts = join_all(asked).await;
    parts.insert(0, (switchboard, at_switchboard));
    let (mut silent, mut found, mut read) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (log, part) in parts {
        match part {
            Ok(entries) => {
                read.extend(place(log.owner));
                found.extend(entries.into_iter().map(|entry| (log.clone(), entry)));
            }
            Err(_) => silent.push(log.oin),
        }
    }
    // By whom the switchboard did not know, nothing can be expected.
    let has = |oin: Oin| found.iter().any(|(log, _): &(LogIdentity, Kept)| log.oin == oin);
    let expected = wanted.transactions.keys().filter(|_| began.is_some());
    let absent = expected.copied().filter(|oin| !silent.contains(oin) && !has(*oin)).collect();
    is_cut |= found.len() > MOST_ENTRIES;
    found.sort_by_key(|(_, entry)| match &entry.record {
        Some(record) => (true, record.at),
        // What cannot be read is what has to be seen first.
        None => (false, Instant::from_millis(0)),
    });
    found.truncate(MOST_ENTRIES);
    let mut of_logs: BTreeMap<LogOwner, (LogIdentity, Vec<Kept>)> = BTreeMap::new();
    for (log, entry) in found {
        of_logs.entry(log.owner).or_insert_with(|| (log, Vec::new())).1.push(entry);
    }
    let agreement = &agreement;
    let checked = of_logs.into_values().map(|(log, entries)| async move {
        let checks = match verify(console, agreement, &log, &entries).await {
            Ok(checks) => checks,
            Err(_) => {
                vec![vec![unchecked("opens"), unchecked("included"), unchecked("signed")]; entries.len()]
            }
        };
        let steps = entries.into_iter().zip(checks);
        steps.map(|(entry, checks)| Step { log: log.clone(), entry, checks }).collect::<Vec<_>>()
    });
    let mut steps: Vec<Step> = join_all(checked).await.into_iter().flatten().collect();
    steps.sort_by_key(|step| match &step.entry.record {
        Some(record) => (false, record.at, order(record.event)),
        None => (true, Instant::from_millis(0), 0),
    });
    let differences = (!is_cut).then(|| differences(&steps, read, console.clock.now())).flatten();
    Ok(Story { steps, silent, absent, is_cut, differences })
}

/// What the records say differently, of an exchange that is over.
fn differences(steps: &[Step], logs: BTreeSet<Place>, now: Instant) -> Option<Vec<Discrepancy>> {
    let until = now.minus(UNDER_WAY);
    let mut reconciler = Reconciler::new(Scope { logs, from: None, until, grace: UNDER_WAY });
    for step in steps {
        if let (Some(record), Some(place)) = (&step.entry.record, place(step.log.owner)) {
            let logged = Logged { origin: &step.log.origin, index: step.entry.index, record };
            reconciler.add(place, logged);
        }
    }
    let verdict = reconciler.finish();
    (verdict.outside == 0).then_some(verdict.discrepancies)
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
    let client = console.service(log)?.records;
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
        index: None,
        limit: Some(LARGEST_PAGE),
        proof: None,
        resolution: None,
    };
    let (mut found, mut walk) = (Vec::new(), Walk::default());
    for _ in 0..MOST_PAGES {
        let page = client.search(&search).await.map_err(|error| not_asked(&error))?;
        if page.origin != log.origin || !walk.goes_on(&page) {
            return Err(Failure::unavailable());
        }
        found.extend(page.entries.into_iter().map(|entry| Kept::of(log.owner, entry)));
        search.cursor = page.next_cursor;
        if search.cursor.is_none() || found.len() >= MOST_ENTRIES {
            return Ok(found);
        }
    }
    // It was not read to its end: nothing can be said about what it has.
    Err(Failure::unavailable())
}

/// A question is over within seconds, and a grant within minutes; the rest is for clocks.
const BEFORE: Duration = Duration::from_mins(15);
const AFTER: Duration = Duration::from_hours(1);
/// As long as a grant can be used, it is not over.
const UNDER_WAY: Duration = Duration::from_mins(6);
/// A page looks at 20,000 entries.
const MOST_PAGES: usize = 50;
const MOST_PULLS: usize = 10;
const MOST_ENTRIES: usize = 30;

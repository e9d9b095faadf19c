//! What parties are told: each its own, at once, and never anything about a person.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kw_client::{Context, Entropy, SignalClient};
use kw_domain::{Clock as _, SystemClock, TransactionId};
use kw_ledger::Event;
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::{QueryAnswer, RelationBasis};
use kw_protocol::signal::{Signal, SignalPage, SignalType, SignalsAsked};
use kw_testbed::{Member, PostgresServer, RunningChain};

use crate::child::chain;
use crate::log;

pub(crate) const AUDITOR: &str = "00000099000000003000";
pub(crate) const OFFICER: &str = "00000099000000004000";

pub(crate) fn feed(chain: &RunningChain, member: &Member) -> SignalClient {
    let context = Context::new(Arc::new(SystemClock), Entropy::system());
    SignalClient::new(&member.tls, &chain.agreement().unwrap(), context).unwrap()
}

pub(crate) async fn ask(member: &Member, number: u64, basis: RelationBasis) -> QueryAnswer {
    let mut query = member.question(number).unwrap();
    query.relation.basis = basis;
    let transaction = TransactionId::new(SystemClock.now(), Entropy::system().bytes());
    member.switchboard().unwrap().query(&query, transaction).await.unwrap()
}

pub(crate) async fn register(member: &Member, number: u64) {
    let registration = member.registration(number).unwrap();
    member.switchboard().unwrap().register(&registration, &member.key()).await.unwrap();
}

/// What a page tells of. No signal, of whatever kind, has anything but the attributes of an event without data.
pub(crate) fn kinds(page: &SignalPage) -> Vec<SignalType> {
    page.signals.iter().for_each(is_bare);
    page.signals.iter().map(|signal| signal.known().unwrap()).collect()
}

fn is_bare(signal: &Signal) {
    let json = serde_json::to_value(signal).unwrap();
    let fields: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let expected =
        ["dataref", "id", "sequence", "sequencetype", "source", "specversion", "subject", "time", "type"];
    assert_eq!(fields, expected);
    let is_uuid =
        |text: &str| text.len() == 36 && text.chars().all(|one| one == '-' || one.is_ascii_hexdigit());
    assert!(is_uuid(&signal.about), "{signal:?}");
    let link = signal.link.strip_suffix(&signal.about).and_then(|link| link.strip_prefix("/v1/"));
    let collection = link.and_then(|link| link.strip_suffix('/')).unwrap();
    assert!(SignalType::ALL.iter().any(|kind| kind.collection() == collection), "{signal:?}");
}

fn waiting(after: &str) -> SignalsAsked {
    SignalsAsked { after: Some(after.to_owned()), limit: None, wait: Some(20) }
}

/// The officer is one of the chain's auditors.
pub(crate) fn with_officer(chain: kw_testbed::Chain) -> kw_testbed::Chain {
    chain.agreed(|draft| {
        let officer = draft.auditors.iter_mut().find(|auditor| auditor.oin == OFFICER).unwrap();
        officer.role = Some("data-protection-officer".to_owned());
        draft.review.reviewers = vec!["care-coordinator".to_owned()];
    })
}

async fn a_question_in_need_is_told_at_once(chain: RunningChain) {
    let (school, care) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    let health = chain.member("youth-health").unwrap();
    let (officer, auditor) =
        (chain.party("officer", OFFICER).unwrap(), chain.party("auditor", AUDITOR).unwrap());
    register(&care, 1).await;
    register(&health, 2).await;

    let readers = [&care, &officer, &school].map(|member| {
        let client = feed(&chain, member);
        tokio::spawn(async move {
            let page = client.read(&waiting("now")).await.unwrap();
            (page, Instant::now())
        })
    });
    // They wait by now.
    tokio::time::sleep(Duration::from_millis(700)).await;
    let asked = Instant::now();
    assert_eq!(ask(&school, 1, RelationBasis::Emergency).await.holders.len(), 1);
    let mut about = Vec::new();
    let expected = [SignalType::EmergencyUsed, SignalType::EmergencyUsed, SignalType::ReviewDue];
    for (reader, kind) in readers.into_iter().zip(expected) {
        let (page, heard) = reader.await.unwrap();
        let took = heard - asked;
        eprintln!("{} heard after {took:?}", kind.code());
        assert!(took < Duration::from_secs(2), "{took:?}");
        assert_eq!(kinds(&page), [kind]);
        about.push(page.signals[0].about.clone());
    }
    assert!(about.iter().all(|one| *one == about[0]), "all about the same review");

    // Whoever holds nothing about that person hears nothing; nor does an auditor who is no data protection officer.
    for member in [&health, &auditor] {
        let page = feed(&chain, member).read(&SignalsAsked::default()).await.unwrap();
        assert!(page.signals.is_empty(), "{:?}", page.signals);
    }
    // A motivated question alarms nobody, but waits for its review.
    ask(&school, 2, RelationBasis::Motivated).await;
    let own = feed(&chain, &school).read(&SignalsAsked::default()).await.unwrap();
    assert_eq!(kinds(&own), [SignalType::ReviewDue, SignalType::ReviewDue]);
    assert!(feed(&chain, &health).read(&SignalsAsked::default()).await.unwrap().signals.is_empty());

    // A page, then the next one; the cursor of an empty page still is one.
    let client = feed(&chain, &school);
    let one = SignalsAsked { limit: Some(1), ..SignalsAsked::default() };
    let first = client.read(&one).await.unwrap();
    let second = client.read(&SignalsAsked { after: Some(first.cursor), ..one.clone() }).await.unwrap();
    assert_eq!([&first.signals[..], &second.signals[..]].concat(), own.signals);
    let none = client.read(&SignalsAsked { after: Some(second.cursor.clone()), ..one }).await.unwrap();
    assert_eq!((none.signals.len(), none.cursor), (0, second.cursor));

    // That they were told is on record; that nothing was told is not.
    let records = log::records(&log::index(&chain).await).await;
    let read: Vec<_> = records
        .iter()
        .filter(|record| record.event == Event::SignalsRead)
        .map(|record| (record.party, record.count.unwrap()))
        .collect();
    assert!(read.contains(&(care.oin, 1)) && read.contains(&(officer.oin, 1)), "{read:?}");
    assert!(read.iter().all(|(_, count)| *count > 0), "{read:?}");
}

#[tokio::test]
async fn a_question_in_need_is_told_at_once_to_whom_it_concerns_on_sqlite() {
    a_question_in_need_is_told_at_once(with_officer(chain()).start().unwrap()).await;
}

#[tokio::test]
async fn a_question_in_need_is_told_at_once_to_whom_it_concerns_on_postgresql() {
    let server = PostgresServer::shared().unwrap();
    a_question_in_need_is_told_at_once(with_officer(chain()).postgres(&server).unwrap().start().unwrap())
        .await;
}

#[tokio::test]
async fn a_signal_says_nothing_about_a_person() {
    let chain = with_officer(chain()).start().unwrap();
    let (school, care) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    register(&care, 1).await;
    let query = school.question(1).unwrap();
    ask(&school, 1, RelationBasis::Emergency).await;
    let officer = chain.party("officer", OFFICER).unwrap();
    let index = log::index(&chain).await;
    let records = log::records(&index).await;
    let subject = records.iter().find_map(|record| record.subject).unwrap().to_string();
    for member in [&school, &care, &officer] {
        let page = feed(&chain, member).read(&SignalsAsked::default()).await.unwrap();
        assert_eq!(page.signals.len(), 1);
        let text = serde_json::to_string(&page.signals).unwrap();
        let said = [
            query.actor.id.as_str(),
            query.actor.role.as_str(),
            query.case.as_str(),
            query.purpose.as_str(),
            query.relation.reason.as_deref().unwrap(),
            care.category().unwrap().as_str(),
            school.oin.as_str(),
            care.oin.as_str(),
            &subject,
        ]
        .map(|said| text.contains(said));
        assert_eq!(said, [false; 9], "{text}");
        is_bare(&page.signals[0]);
    }
}

#[tokio::test]
async fn whoever_waits_is_answered_when_the_switchboard_ends() {
    let mut chain = with_officer(chain()).start().unwrap();
    let client = feed(&chain, &chain.member("school").unwrap());
    let reader = tokio::spawn(async move { client.read(&waiting("now")).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let began = Instant::now();
    chain.stop_switchboard().unwrap();
    let took = began.elapsed();
    assert!(took < Duration::from_secs(4), "it was held up for {took:?}");
    assert!(reader.await.unwrap().unwrap().signals.is_empty());
}

#[tokio::test]
async fn only_so_many_readers_of_one_party_wait() {
    let chain = with_officer(chain()).start().unwrap();
    let school = chain.member("school").unwrap();
    let readers: Vec<_> = (0..8)
        .map(|_| {
            let client = feed(&chain, &school);
            tokio::spawn(async move { client.read(&waiting("now")).await.unwrap() })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let refused = feed(&chain, &school).read(&waiting("now")).await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::TooMany));
    let wrong = SignalsAsked { after: Some("!".to_owned()), limit: Some(0), wait: Some(26) };
    let refused = feed(&chain, &school).read(&wrong).await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::Invalid));
    ask(&school, 1, RelationBasis::Motivated).await;
    for reader in readers {
        assert_eq!(reader.await.unwrap().signals.len(), 1);
    }
}

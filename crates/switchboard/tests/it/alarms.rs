//! A partner with a good certificate that sweeps numbers: stopped at its quota, and told of.

use std::time::{Duration, Instant};

use kw_agreement::draft::BudgetDraft;
use kw_client::Entropy;
use kw_domain::{Clock as _, SystemClock, TransactionId};
use kw_ledger::Event;
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::RelationBasis;
use kw_protocol::signal::{SignalType, SignalsAsked};

use crate::child::chain;
use crate::log;
use crate::signals::{AUDITOR, ask, feed, kinds, register, with_officer};

fn transaction() -> TransactionId {
    TransactionId::new(SystemClock.now(), Entropy::system().bytes())
}

#[tokio::test]
async fn a_sweep_is_stopped_at_its_quota_and_alarmed_while_others_go_on() {
    let small = BudgetDraft { burst: 60, hour: 1_500, day: 10_000 };
    let mut chain =
        with_officer(chain()).agreed(|draft| draft.budgets.switchboard_query = Some(small)).start().unwrap();
    let (rogue, honest) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    let health = chain.member("youth-health").unwrap();
    for number in 1..=20 {
        register(&health, number).await;
    }
    let auditor = feed(&chain, &chain.party("auditor", AUDITOR).unwrap());
    let told = {
        let auditor = auditor.clone();
        let waiting = SignalsAsked { wait: Some(25), ..SignalsAsked::default() };
        tokio::spawn(async move {
            loop {
                let page = auditor.read(&waiting).await.unwrap();
                if !page.signals.is_empty() {
                    return (page, Instant::now());
                }
            }
        })
    };

    let began = Instant::now();
    let client = rogue.switchboard().unwrap();
    let mut answered = 0;
    let stopped = loop {
        // Numbers that nobody knows, each under a case of its own.
        let mut query = rogue.question(10_000 + answered).unwrap();
        query.case = kw_domain::CaseReference::parse(&format!("Z-{answered}")).unwrap();
        match client.query(&query, transaction()).await {
            Ok(answer) => assert!(answer.holders.is_empty()),
            Err(error) => break error,
        }
        answered += 1;
        if answered % 5 == 0 {
            // Meanwhile another partner works as ever.
            let found = ask(&honest, 1 + answered / 5, RelationBasis::Motivated).await;
            assert_eq!(found.holders.len(), 1);
        }
    };
    assert_eq!((answered, stopped.code()), (60, Some(ProblemCode::BudgetExhausted)));
    let (page, heard) = told.await.unwrap();
    let took = heard - began;
    eprintln!("60 questions, stopped by the quota; the auditor heard {took:?} after the first");
    assert!(took < Duration::from_mins(1), "{took:?}");
    assert_eq!(kinds(&page), [SignalType::AlarmRaised]);

    let reader = chain.party("auditor", AUDITOR).unwrap();
    let alarm = reader.http().get(reader.url(&page.signals[0].link)).send().await.unwrap();
    let alarm: serde_json::Value = serde_json::from_str(&alarm.text().await.unwrap()).unwrap();
    assert_eq!(alarm["party"], rogue.oin.as_str());
    assert_eq!(alarm["reason"], "misses");
    assert!(alarm["misses"].as_u64() >= Some(20), "{alarm}");
    let own = feed(&chain, &rogue).read(&SignalsAsked::default()).await.unwrap();
    assert!(kinds(&own).contains(&SignalType::AlarmRaised));
    let others = feed(&chain, &honest).read(&SignalsAsked::default()).await.unwrap();
    assert!(!kinds(&others).contains(&SignalType::AlarmRaised), "nothing is said of or to the honest one");
    let list = honest.http().get(honest.url("/v1/alarms")).send().await.unwrap().text().await.unwrap();
    assert_eq!(list, r#"{"alarms":[]}"#);

    // After a crash nothing is forgotten, and the same alarm is not raised again in its window.
    chain.kill_switchboard().unwrap();
    chain.start_switchboard().unwrap();
    tokio::time::sleep(Duration::from_secs(8)).await;
    let again = SignalsAsked { after: Some(page.cursor), ..SignalsAsked::default() };
    assert!(auditor.read(&again).await.unwrap().signals.is_empty());
    let records = log::records(&log::index(&chain).await).await;
    let raised: Vec<_> = records.iter().filter(|record| record.event == Event::AlarmRaised).collect();
    assert_eq!(raised.len(), 1);
    assert_eq!(
        (raised[0].decision.reason.as_deref(), &raised[0].holders[..]),
        (Some("misses"), &[rogue.oin][..])
    );
    let text = std::fs::read_to_string(chain.folder().join("switchboard.log")).unwrap();
    assert_eq!(text.matches("search-suspected").count(), 1, "in the security log, once");
}

#[tokio::test]
async fn a_sweep_that_is_denied_or_under_one_case_is_alarmed_too_after_a_crash_in_between() {
    let mut chain = with_officer(chain()).start().unwrap();
    let (denied, caseless) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    let health = chain.member("youth-health").unwrap();
    for number in 1..=30 {
        register(&health, number).await;
    }
    let denied_questions = async |from: u64| {
        let client = denied.switchboard().unwrap();
        for number in from..from + 12 {
            let mut query = denied.question(20_000 + number).unwrap();
            query.relation.basis = RelationBasis::Listed;
            let refused = client.query(&query, transaction()).await.unwrap_err();
            assert_eq!(refused.code(), Some(ProblemCode::Denied));
        }
    };
    denied_questions(0).await;
    chain.kill_switchboard().unwrap();
    chain.start_switchboard().unwrap();
    denied_questions(12).await;
    for number in 1..=30 {
        // All of them are found; but one case is not about thirty people.
        assert_eq!(ask(&caseless, number, RelationBasis::Motivated).await.holders.len(), 1);
    }
    let auditor = chain.party("auditor", AUDITOR).unwrap();
    let until = Instant::now() + Duration::from_secs(40);
    let mut found = Vec::new();
    while found.len() < 2 && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let list = auditor.http().get(auditor.url("/v1/alarms")).send().await.unwrap();
        let list: serde_json::Value = serde_json::from_str(&list.text().await.unwrap()).unwrap();
        found = list["alarms"]
            .as_array()
            .unwrap()
            .iter()
            .map(|alarm| {
                (alarm["party"].as_str().unwrap().to_owned(), alarm["reason"].as_str().unwrap().to_owned())
            })
            .collect();
    }
    found.sort();
    let mut expected =
        vec![(denied.oin.to_string(), "misses".to_owned()), (caseless.oin.to_string(), "no-case".to_owned())];
    expected.sort();
    assert_eq!(found, expected);
}

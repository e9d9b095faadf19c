//! Signals at a subscriber's own address: asked first, filtered, in order, and nothing about a person in them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use kw_client::SignalClient;
use kw_domain::{BatchId, Clock as _, SystemClock};
use kw_ledger::Event;
use kw_protocol::pointer::{
    PointerSelector, RegistrationReason, WithdrawMany, WithdrawPointer, WithdrawalReason,
};
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::RelationBasis;
use kw_protocol::signal::{SignalType, SignalsAsked};
use kw_protocol::subscription::{
    CreateSubscription, DeliveryFailure, Filter, MOST_LIVE, Subscription, SubscriptionStatus,
};
use kw_testbed::{Chain, PostgresServer, RunningChain};

use crate::child::chain;
use crate::log;
use crate::signals::{OFFICER, ask, feed, kinds, register, with_officer};
use crate::sink::Sink;

/// Long for a machine with other work; it takes a moment.
const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// Waits until a subscription is as it should be.
pub(crate) async fn until_is(
    client: &SignalClient,
    one: &Subscription,
    what: &str,
    done: impl Fn(&Subscription) -> bool,
) -> Subscription {
    let began = Instant::now();
    loop {
        let now = client.subscription(one.id).await.unwrap();
        if done(&now) {
            return now;
        }
        assert!(began.elapsed() < PATIENCE, "{what}: {now:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(crate) fn impatient(chain: Chain) -> RunningChain {
    let mut chain = chain.prepare().unwrap();
    let file = chain.config_file();
    let text = std::fs::read_to_string(&file).unwrap();
    let signals = "\n[signals]\nattempts = 3\nfirst-wait-ms = 50\nlongest-wait = 1\ntimeout-ms = 2000\n";
    std::fs::write(file, text + signals).unwrap();
    chain.start_switchboard().unwrap();
    chain
}

/// A chain whose switchboard gives up soon.
pub(crate) fn impatient_chain() -> RunningChain {
    impatient(with_officer(chain()))
}

async fn signals_reach_the_address(chain: RunningChain) {
    let (school, care) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    let officer = chain.party("officer", OFFICER).unwrap();
    let sinks = [("school", &school), ("youth-care", &care), ("officer", &officer)]
        .map(|(name, member)| (Sink::of(&chain, name), feed(&chain, member)));
    for (sink, client) in &sinks {
        let made = client.subscribe(&sink.subscription(&[])).await.unwrap();
        assert_eq!((made.status, made.failure), (SubscriptionStatus::Active, None));
    }
    register(&care, 1).await;
    let asked = Instant::now();
    ask(&school, 1, RelationBasis::Emergency).await;
    let expected = [SignalType::ReviewDue, SignalType::EmergencyUsed, SignalType::EmergencyUsed];
    for ((sink, client), kind) in sinks.iter().zip(expected) {
        until("a signal is delivered", || !sink.taken().is_empty()).await;
        let taken = sink.taken();
        let told = client.read(&SignalsAsked::default()).await.unwrap();
        assert_eq!(taken, told.signals, "the feed and the address tell the same");
        assert_eq!(taken[0].known(), Some(kind));
    }
    eprintln!("all three heard within {:?}", asked.elapsed());
    let records = log::records(&log::index(&chain).await).await;
    let delivered: Vec<_> = records.iter().filter(|one| one.event == Event::SignalsDelivered).collect();
    assert!(delivered.iter().any(|one| one.holders == [care.oin] && one.count == Some(1)), "{delivered:?}");
    assert!(records.iter().any(|one| one.event == Event::SubscriptionChanged && one.party == school.oin));
}

#[tokio::test]
async fn signals_reach_the_address_of_whom_they_concern_on_sqlite() {
    signals_reach_the_address(with_officer(chain()).start().unwrap()).await;
}

#[tokio::test]
async fn signals_reach_the_address_of_whom_they_concern_on_postgresql() {
    let server = PostgresServer::shared().unwrap();
    let chain = with_officer(chain()).postgres(&server).unwrap().start().unwrap();
    signals_reach_the_address(chain).await;
}

#[tokio::test]
async fn nothing_is_delivered_at_an_address_that_does_not_agree_or_is_another_s() {
    let chain = impatient_chain();
    let (school, care) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    let client = feed(&chain, &school);
    let (own, other) = (Sink::of(&chain, "school"), Sink::of(&chain, "youth-care"));
    drop(care);
    for (behaviour, failure) in [
        ("denies", DeliveryFailure::NotAllowed),
        ("silent", DeliveryFailure::NotAllowed),
        ("moves", DeliveryFailure::Redirected),
    ] {
        own.behaves(behaviour);
        let made = client.subscribe(&own.subscription(&[])).await.unwrap();
        assert_eq!((made.status, made.failure), (SubscriptionStatus::Unverified, Some(failure)));
        client.end_subscription(made.id).await.unwrap();
    }
    // Another partner of the chain answers there, and would agree.
    let foreign = client.subscribe(&other.subscription(&[])).await.unwrap();
    assert_eq!(foreign.failure, Some(DeliveryFailure::OtherParty));
    let nobody = CreateSubscription {
        sink: Some(format!("https://127.0.0.1:{}/events", kw_testbed::free_port().unwrap())),
        ..CreateSubscription::default()
    };
    let nobody = client.subscribe(&nobody).await.unwrap();
    assert_eq!(nobody.failure, Some(DeliveryFailure::Unreachable));

    own.behaves("denies");
    let made = client.subscribe(&own.subscription(&[])).await.unwrap();
    ask(&school, 1, RelationBasis::Motivated).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(own.taken().is_empty() && other.taken().is_empty());
    // What it was told meanwhile waited.
    own.behaves("");
    let verified = client.verify_subscription(made.id).await.unwrap();
    assert_eq!(verified.status, SubscriptionStatus::Active);
    until("what waited is delivered", || own.taken().len() == 1).await;
    // And it may say no again.
    own.behaves("denies");
    let denied = client.verify_subscription(made.id).await.unwrap();
    assert_eq!(denied.status, SubscriptionStatus::Unverified);
    ask(&school, 2, RelationBasis::Motivated).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((own.taken().len(), other.taken().len()), (1, 0));
}

#[tokio::test]
async fn only_what_is_named_and_passes_the_filters_is_delivered_and_in_order() {
    let chain = with_officer(chain()).start().unwrap();
    let care = chain.member("youth-care").unwrap();
    let client = feed(&chain, &care);
    let (all, some) = (Sink::of(&chain, "youth-care"), Sink::of(&chain, "youth-care"));
    let pointers = ["pointer-registered", "pointer-withdrawn"];
    client.subscribe(&all.subscription(&pointers)).await.unwrap();
    let mut filtered = some.subscription(&pointers);
    let json = r#"{"not":{"prefix":{"type":"nl.ketenwijzer.pointer-reg"}}}"#;
    filtered.filters = vec![serde_json::from_str::<Filter>(json).unwrap()];
    client.subscribe(&filtered).await.unwrap();
    let unnamed = Sink::of(&chain, "youth-care");
    client.subscribe(&unnamed.subscription(&[])).await.unwrap();

    let switchboard = care.switchboard().unwrap();
    let mut registered = Vec::new();
    for number in 0..30 {
        let registration = care.registration(number).unwrap();
        registered.push(switchboard.register(&registration, &care.key()).await.unwrap().pointer.id);
    }
    let withdrawal = WithdrawPointer { reason: WithdrawalReason::NoLongerPresent };
    for id in &registered[..5] {
        switchboard.withdraw(*id, &withdrawal).await.unwrap();
    }
    until("all are delivered", || all.taken().len() == 35 && some.taken().len() == 5).await;
    let taken = all.taken();
    let told: Vec<_> = taken.iter().map(|signal| signal.about.clone()).collect();
    let done: Vec<_> = registered.iter().chain(&registered[..5]).map(ToString::to_string).collect();
    assert_eq!(told, done, "in the order in which it was done");
    let numbers: Vec<_> = taken.iter().map(|signal| signal.number().unwrap()).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    assert!(some.taken().iter().all(|signal| signal.known() == Some(SignalType::PointerWithdrawn)));
    assert!(unnamed.taken().is_empty(), "what is told on request has to be named");
}

#[tokio::test]
async fn pointers_are_told_only_to_who_asked_and_not_when_they_only_moved() {
    let chain = with_officer(chain()).start().unwrap();
    let (care, health) = (chain.member("youth-care").unwrap(), chain.member("youth-health").unwrap());
    for number in 0..3 {
        register(&care, number).await;
        // Others than the first one's: people known to both are a match, which is told.
        register(&health, 100 + number).await;
    }
    let client = feed(&chain, &care);
    let named = CreateSubscription {
        types: vec!["nl.ketenwijzer.pointer-registered.v1".to_owned()],
        ..CreateSubscription::default()
    };
    let made = client.subscribe(&named).await.unwrap();
    assert_eq!((made.status, made.sink), (SubscriptionStatus::Active, None));
    let mut moved = care.registration(3).unwrap();
    moved.reason = RegistrationReason::Administrative;
    care.switchboard().unwrap().register(&moved, &care.key()).await.unwrap();
    let switchboard = care.switchboard().unwrap();
    let regular = switchboard.register(&care.registration(4).unwrap(), &care.key()).await.unwrap();
    // Again, which changes nothing.
    switchboard.register(&care.registration(4).unwrap(), &care.key()).await.unwrap();
    register(&health, 104).await;
    // Not named.
    let withdrawal = WithdrawPointer { reason: WithdrawalReason::NoLongerPresent };
    switchboard.withdraw(regular.pointer.id, &withdrawal).await.unwrap();
    let page = client.read(&SignalsAsked::default()).await.unwrap();
    assert_eq!(kinds(&page), [SignalType::PointerRegistered]);
    assert_eq!(page.signals[0].about, regular.pointer.id.to_string());
    assert!(feed(&chain, &health).read(&SignalsAsked::default()).await.unwrap().signals.is_empty());
    // A batch too.
    let many: Vec<_> = (10..20).map(|number| care.registration(number).unwrap()).collect();
    let upload = BatchId::new(SystemClock.now(), [3; 10]);
    let results = switchboard.register_bulk(upload, 0, futures_util::stream::iter(many)).await.unwrap();
    let results: Vec<_> = futures_util::StreamExt::collect(results).await;
    let made_now: Vec<_> = results.into_iter().map(|one| one.unwrap().id.unwrap().to_string()).collect();
    let page = client.read(&SignalsAsked::default()).await.unwrap();
    let about: Vec<_> = page.signals[1..].iter().map(|signal| signal.about.clone()).collect();
    assert_eq!(about, made_now);
    let count = made_now.len();
    client.end_subscription(made.id).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    register(&care, 30).await;
    assert_eq!(client.read(&SignalsAsked::default()).await.unwrap().signals.len(), 1 + count);
}

#[tokio::test]
async fn a_subscription_is_bounded_and_its_subscriber_s_own() {
    let chain = with_officer(chain()).start().unwrap();
    let (school, care) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    let (client, other) = (feed(&chain, &school), feed(&chain, &care));
    let wrong = CreateSubscription {
        sink: Some("http://school.example/".to_owned()),
        types: vec!["nl.ketenwijzer.unknown.v1".to_owned()],
        ..CreateSubscription::default()
    };
    let refused = client.subscribe(&wrong).await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::Invalid));
    let named = CreateSubscription {
        types: vec!["nl.ketenwijzer.review-due.v1".to_owned()],
        ..CreateSubscription::default()
    };
    let mut made = Vec::new();
    for _ in 0..MOST_LIVE {
        made.push(client.subscribe(&named).await.unwrap());
    }
    assert_eq!(client.subscribe(&named).await.unwrap_err().code(), Some(ProblemCode::Conflict));
    let one = &made[0];
    for refused in [
        other.subscription(one.id).await.unwrap_err(),
        other.end_subscription(one.id).await.unwrap_err(),
        other.verify_subscription(one.id).await.unwrap_err(),
        other.replay(one.id, &kw_protocol::subscription::ReplayDeadLetters::default()).await.unwrap_err(),
    ] {
        assert_eq!(refused.code(), Some(ProblemCode::NotFound));
    }
    assert!(other.subscriptions().await.unwrap().subscriptions.is_empty());
    let ended = client.end_subscription(one.id).await.unwrap();
    assert_eq!(ended.status, SubscriptionStatus::Ended);
    assert_eq!(client.end_subscription(one.id).await.unwrap_err().code(), Some(ProblemCode::Conflict));
    client.subscribe(&named).await.unwrap();
    assert_eq!(client.subscriptions().await.unwrap().subscriptions.len(), MOST_LIVE as usize + 1);
}

#[tokio::test]
async fn many_pointers_that_go_at_once_are_told_but_not_when_their_holder_leaves() {
    let chain = with_officer(chain()).start().unwrap();
    let care = chain.member("youth-care").unwrap();
    let client = feed(&chain, &care);
    let named = CreateSubscription {
        types: vec!["nl.ketenwijzer.pointer-withdrawn.v1".to_owned()],
        ..CreateSubscription::default()
    };
    client.subscribe(&named).await.unwrap();
    let mut told = 0;
    for (reason, adds) in [(WithdrawalReason::EnteredInError, 3), (WithdrawalReason::HolderStopped, 0)] {
        for number in 0..3 {
            register(&care, number).await;
        }
        let selector = PointerSelector { all: true, ..PointerSelector::default() };
        let all = WithdrawMany { selector, expected_count: 3, reason };
        care.switchboard().unwrap().withdraw_many(&all).await.unwrap();
        told += adds;
        let page = client.read(&SignalsAsked::default()).await.unwrap();
        assert_eq!(kinds(&page), vec![SignalType::PointerWithdrawn; told]);
    }
}

/// Says what it costs; nothing is asserted, since other work runs beside it.
#[tokio::test]
async fn registering_costs_no_more_where_nobody_wants_to_hear_of_it() {
    let chain = with_officer(chain()).start().unwrap();
    let (care, health) = (chain.member("youth-care").unwrap(), chain.member("youth-health").unwrap());
    let switchboard = care.switchboard().unwrap();
    let named = CreateSubscription {
        types: vec!["nl.ketenwijzer.pointer-registered.v1".to_owned()],
        ..CreateSubscription::default()
    };
    let mut said = String::new();
    for (round, what) in ["warming up", "nobody", "another party", "the holder"].into_iter().enumerate() {
        match what {
            "another party" => drop(feed(&chain, &health).subscribe(&named).await.unwrap()),
            "the holder" => drop(feed(&chain, &care).subscribe(&named).await.unwrap()),
            _ => {}
        }
        let from = round as u64 * 10_000;
        let many: Vec<_> = (from..from + 1_000).map(|number| care.registration(number).unwrap()).collect();
        let upload = BatchId::new(SystemClock.now(), [round as u8; 10]);
        let began = Instant::now();
        let results = switchboard.register_bulk(upload, 0, futures_util::stream::iter(many)).await.unwrap();
        assert_eq!(futures_util::StreamExt::collect::<Vec<_>>(results).await.len(), 1_000);
        let bulk = began.elapsed();
        let single: Vec<_> = (from + 5_000..from + 5_100).map(|at| care.registration(at).unwrap()).collect();
        let began = Instant::now();
        for one in &single {
            switchboard.register(one, &care.key()).await.unwrap();
        }
        said = format!("{said}{what}: 1,000 in bulk {bulk:.0?}, 100 one by one {:.0?}; ", began.elapsed());
    }
    eprintln!("subscribed to registrations: {said}");
    let page = feed(&chain, &care).read(&SignalsAsked { limit: Some(500), ..SignalsAsked::default() }).await;
    assert_eq!(page.unwrap().signals.len(), 500);
}

/// What arrives is read by PyPI's `cloudevents` and by the published JSON Schema's rules.
#[tokio::test]
async fn another_implementation_of_cloudevents_reads_what_arrives_and_nothing_is_about_a_person() {
    let chain = with_officer(chain()).start().unwrap();
    let (school, care) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    let (sink, client) = (Sink::of(&chain, "youth-care"), feed(&chain, &care));
    let every: Vec<_> = SignalType::ALL.iter().map(|kind| kind.code()).collect();
    client.subscribe(&sink.subscription(&every)).await.unwrap();
    register(&care, 1).await;
    let query = school.question(1).unwrap();
    ask(&school, 1, RelationBasis::Emergency).await;
    until("both are delivered", || sink.taken().len() == 2).await;
    let records = log::records(&log::index(&chain).await).await;
    let subjects: Vec<_> = records.iter().filter_map(|record| record.subject).collect();
    let raw = sink.raw();
    let text = serde_json::to_string(&raw).unwrap();
    for said in [
        query.actor.id.as_str(),
        query.actor.role.as_str(),
        query.case.as_str(),
        query.purpose.as_str(),
        query.relation.reason.as_deref().unwrap(),
        care.category().unwrap().as_str(),
        school.oin.as_str(),
        care.oin.as_str(),
    ] {
        assert!(!text.contains(said), "{said} is in {text}");
    }
    assert!(subjects.iter().all(|subject| !text.contains(&subject.to_string())));

    let environment = match python_with_cloudevents() {
        Ok(environment) => environment,
        Err(missing) => {
            kw_testbed::not_checked(format_args!("against PyPI cloudevents: {missing}"));
            return;
        }
    };
    let script = "import json, sys\n\
        from cloudevents.v1.http import from_http\n\
        for line in sys.stdin:\n    \
            event = from_http({'content-type': 'application/cloudevents+json'}, line)\n    \
            attributes = event.get_attributes()\n    \
            assert event.data is None, event.data\n    \
            assert attributes['specversion'] == '1.0'\n    \
            print(attributes['id'], attributes['type'], attributes['subject'], attributes['dataref'], attributes['sequence'])\n";
    let mut python = Command::new(environment.join("bin/python"))
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: String = raw.iter().map(|event| format!("{event}\n")).collect();
    std::io::Write::write_all(&mut python.stdin.take().unwrap(), lines.as_bytes()).unwrap();
    let ended = python.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{said} {}", String::from_utf8_lossy(&ended.stderr));
    let expected: Vec<String> = sink
        .taken()
        .iter()
        .map(|one| format!("{} {} {} {} {}", one.id, one.kind, one.about, one.link, one.sequence))
        .collect();
    assert_eq!(said.lines().collect::<Vec<_>>(), expected);
    eprintln!("PyPI cloudevents read {} events", expected.len());
}

/// An environment with the package, made once for all runs.
fn python_with_cloudevents() -> Result<PathBuf, String> {
    let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside-cloudevents");
    let check = "import cloudevents.v1.http";
    if succeeds(Command::new(environment.join("bin/python")).args(["-c", check])).is_ok() {
        return Ok(environment);
    }
    succeeds(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
    succeeds(Command::new(environment.join("bin/pip")).args(["install", "-q", "cloudevents==2.2.0"]))?;
    Ok(environment)
}

fn succeeds(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).chars().take(300).collect())
}

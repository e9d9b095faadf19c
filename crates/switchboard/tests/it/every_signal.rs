//! Every kind of signal that an act makes at once arrives at whom it is for, leads to where they may look, and tells about nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use kw_domain::{Clock as _, FeedbackId, SystemClock, TransactionId};
use kw_protocol::consent::ConsentChoice;
use kw_protocol::delegation::{ApproveDelegation, DelegationScope, RequestDelegation};
use kw_protocol::feedback::{CorrectionReport, FeedbackStatus, FeedbackStatusReport, ReceivedBy};
use kw_protocol::mandate::{MandateKind, Side};
use kw_protocol::matching::MatchesAsked;
use kw_protocol::objection::{DecideObjection, ObjectionReason, ObjectionVerdict, SubmitObjection};
use kw_protocol::pointer::{WithdrawPointer, WithdrawalReason};
use kw_protocol::query::{Query, QueryAct, QueryAnswer, RelationBasis};
use kw_protocol::signal::{Signal, SignalType as T, SignalsAsked};
use kw_protocol::subscription::CreateSubscription;
use kw_testbed::{Member, RunningChain, subject_element};
use serde_json::Value;

use crate::consents::{Town, by_the_person, chain};
use crate::delegations::{self, SUPPLIER, person};
use crate::mandates::{PARENT, mandate, with_mandates, withdrawal};
use crate::signals::{AUDITOR, OFFICER, ask, feed, register, with_officer};
use crate::{log, matches};

/// Known to three holders.
const KNOWN: u64 = 11;
/// What takes time or trouble to come about is looked for where that is made: alarms.rs, matches/ending.rs, objections.rs,
/// departures.rs, reviews.rs, undelivered.rs. Its form is the same: `kinds` looks at it wherever a test reads a feed.
const ELSEWHERE: [T; 6] = [
    T::AlarmRaised,
    T::MatchEscalated,
    T::ObjectionDue,
    T::PartnerDeparted,
    T::ReviewEscalated,
    T::SubscriptionFailing,
];
const SECRETS: [&str; 9] = [
    "form-2026-17",
    "m.bakker",
    "a.administrator",
    "b.director",
    "weighed against",
    "personal-situation",
    "given",
    "upheld",
    "parental",
];

/// Does everything that tells somebody of something.
async fn everything_happens(town: &Town, supplier: &Member) {
    let chain = &town.chain;
    let (school, care, registrar) = (&town.school, &town.care, &town.registrar);
    let health = chain.member("youth-health").unwrap();
    let all = [T::PointerLapsed, T::PointerRegistered, T::PointerWithdrawn];
    let types = all.iter().map(|kind| kind.event_type()).collect();
    feed(chain, care)
        .subscribe(&CreateSubscription { types, ..CreateSubscription::default() })
        .await
        .unwrap();

    // Pointers, a match that is followed up and ends, and a question in need.
    let (client, own) = (care.switchboard().unwrap(), school.switchboard().unwrap());
    let pointer = town.register(KNOWN).await;
    register(&health, KNOWN).await;
    let registration = school.registration(KNOWN).unwrap();
    let of_school = own.register(&registration, &school.key()).await.unwrap().pointer.id;
    let found = own.matches(&MatchesAsked::default()).await.unwrap().matches;
    own.say_contact(found[0].id, &matches::by("care-coordinator")).await.unwrap();
    let asked_in_need = ask(school, KNOWN, RelationBasis::Emergency).await;
    let mut short = care.registration(KNOWN + 1).unwrap();
    short.valid_until = Some(SystemClock.now().plus(Duration::from_secs(2)));
    client.register(&short, &care.key()).await.unwrap();

    // A choice, a mandate, a supplier's mandate.
    town.choose(KNOWN, ConsentChoice::Given, |_| ()).await.unwrap();
    let asked = mandate(MandateKind::ParentalAuthority, "under-12");
    let (town_hall, id) = (registrar.switchboard().unwrap(), asked);
    let id = town_hall.register_mandate(&id).await.unwrap().id;
    town_hall.withdraw_mandate(id, &withdrawal(Side::Representative, PARENT)).await.unwrap();
    let asked = RequestDelegation {
        supplier: supplier.oin,
        scopes: vec![DelegationScope::Query],
        valid_until: SystemClock.now().plus(Duration::from_hours(1)),
        actor: person("a.administrator"),
    };
    let id = own.request_delegation(&asked).await.unwrap().id;
    own.approve_delegation(id, &ApproveDelegation { actor: person("b.director") }).await.unwrap();

    // A doubt that is settled, and a pull that had the wrong value.
    let since = SystemClock.now();
    let id = FeedbackId::new(since, [7; 10]);
    let at_care = |answer: QueryAnswer| {
        let held = answer.holders.into_iter().find(|one| one.holder == care.oin);
        held.unwrap().transaction
    };
    let doubt = Query { act: QueryAct::Feedback, ..school.question(KNOWN).unwrap() };
    let doubted = own.query(&doubt, TransactionId::new(since, [2; 10])).await.unwrap();
    let mut told = FeedbackStatusReport {
        id,
        reporter: school.oin,
        status: FeedbackStatus::Reported,
        since,
        overdue: false,
        annotated_at: None,
        transaction: Some(at_care(doubted)),
    };
    for status in [FeedbackStatus::Reported, FeedbackStatus::InProgress, FeedbackStatus::Settled] {
        told.status = status;
        client.tell_feedback_status(&told).await.unwrap();
        told.since = told.since.plus(Duration::from_millis(1));
    }
    let received = vec![ReceivedBy { recipient: school.oin, transaction: at_care(asked_in_need) }];
    let correction = CorrectionReport { report: id, category: care.category().unwrap(), received };
    client.tell_correction(&correction).await.unwrap();

    // An objection to a registration that rests on the law.
    let objection = SubmitObjection {
        subject: subject_element(KNOWN).unwrap(),
        holder: health.oin,
        category: health.category().unwrap(),
        declared: by_the_person(),
        reason: ObjectionReason::PersonalSituation,
    };
    let objection = town_hall.submit_objection(&objection).await.unwrap();
    let decision = DecideObjection {
        verdict: ObjectionVerdict::Rejected,
        reasons: "Your situation was weighed against the task.".to_owned(),
        actor: serde_json::from_value(serde_json::json!({ "id": "m.bakker", "role": "youth-doctor" }))
            .unwrap(),
    };
    health.switchboard().unwrap().decide_objection(objection.id, &decision).await.unwrap();

    let reason = WithdrawalReason::NoLongerPresent;
    client.withdraw(pointer, &WithdrawPointer { reason }).await.unwrap();
    own.withdraw(of_school, &WithdrawPointer { reason }).await.unwrap();
}

/// What a member was told, once the pointer that runs out did.
async fn feeds(chain: &RunningChain, members: &[Member]) -> Vec<Vec<Signal>> {
    let began = Instant::now();
    loop {
        let mut all = Vec::new();
        for member in members {
            all.push(feed(chain, member).read(&SignalsAsked::default()).await.unwrap().signals);
        }
        if all.iter().flatten().any(|signal| signal.known() == Some(T::PointerLapsed)) {
            return all;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{all:?}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

#[tokio::test]
async fn every_signal_arrives_leads_somewhere_and_tells_about_nobody() {
    let chain = with_officer(chain("opt-out").agreed(with_mandates).agreed(delegations::agreed));
    let town = Town::new(chain);
    let party = |name, oin| town.chain.party(name, oin).unwrap();
    let (supplier, officer, auditor) =
        (party("supplier", SUPPLIER), party("officer", OFFICER), party("auditor", AUDITOR));
    everything_happens(&town, &supplier).await;
    let member = |kind| town.chain.member(kind).unwrap();
    let members = [
        member("school"),
        member("youth-care"),
        member("youth-health"),
        member("municipality"),
        supplier,
        officer,
        auditor,
    ];
    let told = feeds(&town.chain, &members).await;

    let mut heard: BTreeMap<T, BTreeSet<_>> = BTreeMap::new();
    for (signals, member) in told.iter().zip(&members) {
        for signal in signals {
            heard.entry(signal.known().unwrap()).or_default().insert(member.oin);
            let answer = member.http().get(member.url(&signal.link)).send().await.unwrap();
            let status = answer.status();
            assert!(status.is_success(), "{} at {}: {status}", signal.link, member.oin);
        }
    }
    let missing: Vec<_> = T::ALL.iter().filter(|kind| !heard.contains_key(kind)).copied().collect();
    assert_eq!(missing, ELSEWHERE, "heard: {heard:?}");
    let [school, care, health, town_hall, supplier, officer, _] =
        members.each_ref().map(|member: &Member| member.oin);
    for (kind, who) in [
        (T::ConsentChanged, &[school, care, health][..]),
        (T::DelegationChanged, &[school, supplier]),
        (T::EmergencyUsed, &[care, health, officer]),
        (T::FeedbackChanged, &[school, care]),
        (T::MandateChanged, &[town_hall]),
        (T::MatchArisen, &[school, health, town_hall]),
        (T::MatchEnded, &[school, health, town_hall]),
        (T::ObjectionDecided, &[town_hall]),
        (T::ObjectionReceived, &[health]),
        (T::PointerLapsed, &[care]),
        (T::PointerRegistered, &[care]),
        (T::PointerWithdrawn, &[care]),
        (T::ReviewDue, &[school]),
        (T::ValueCorrected, &[school]),
    ] {
        assert_eq!(heard[&kind], who.iter().copied().collect(), "{kind:?}");
    }

    // About nobody: nothing that was said, nobody's name, no subject under any of its names.
    let query = member("school").question(KNOWN).unwrap();
    let records = log::records(&log::index(&town.chain).await).await;
    let references =
        records.iter().flat_map(|record| record.subject.into_iter().chain(record.representative));
    let mut secrets: Vec<String> = references.map(|reference| reference.to_string()).collect();
    assert!(secrets.len() > 5, "{secrets:?}");
    secrets.extend(SECRETS.map(str::to_owned));
    secrets.extend([query.actor.id.to_string(), query.case.to_string(), query.purpose.to_string()]);
    secrets.extend(query.relation.reason);
    for number in [KNOWN, KNOWN + 1, 1, 2] {
        let element = serde_json::to_value(subject_element(number).unwrap()).unwrap();
        secrets.extend(strings(&element));
    }
    for member in &members[..4] {
        secrets.push(member.category().unwrap().to_string());
        secrets.push(member.oin.to_string());
    }
    let text = serde_json::to_string(&told).unwrap();
    for secret in secrets {
        assert!(!text.contains(&secret), "{secret}");
    }
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(all) => all.iter().flat_map(strings).collect(),
        Value::Object(all) => all.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

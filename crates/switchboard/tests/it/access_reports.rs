//! What the switchboard tells for a person: who registered, who looked, and whom else to ask.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_client::ClientError;
use kw_domain::{Handle, Instant, Purpose, TransactionId};
use kw_ledger::{AccessRecord, Event, Leaf, LeafKind, Outcome, Salt, Verdict, canonical};
use kw_protocol::access_report::{SubjectReport, SubjectReportRequest};
use kw_protocol::grant::{ACCESS_LOG_GRANT_TYPE, AccessLogClaims, GrantHeader};
use kw_protocol::pointer::{WithdrawPointer, WithdrawalReason};
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::RelationBasis;
use kw_testbed::{Member, RunningChain, subject_element};

use crate::child::chain;
use crate::log;

fn transaction() -> TransactionId {
    let mut random = [0; 10];
    aws_lc_rs::rand::fill(&mut random).unwrap();
    TransactionId::new(Instant::from_millis(1_795_000_000_000), random)
}

fn request(member: &Member, number: u64) -> SubjectReportRequest {
    SubjectReportRequest {
        subject: subject_element(number).unwrap(),
        actor: member.question(number).unwrap().actor,
        case: "INZAGE-1".parse().unwrap(),
        from: None,
        until: None,
    }
}

async fn report(member: &Member, number: u64) -> Result<SubjectReport, ClientError> {
    member.switchboard().unwrap().access_report(&request(member, number), transaction()).await
}

async fn register(member: &Member, number: u64) -> Handle {
    let registration = member.registration(number).unwrap();
    member.switchboard().unwrap().register(&registration, &member.key()).await.unwrap();
    registration.handle
}

async fn ask(member: &Member, number: u64, basis: RelationBasis) -> TransactionId {
    let mut query = member.question(number).unwrap();
    query.relation.basis = basis;
    let exchange = transaction();
    member.switchboard().unwrap().query(&query, exchange).await.unwrap();
    exchange
}

/// The municipality is the one that the youth chain lists.
fn members(chain: &RunningChain) -> [Member; 3] {
    ["municipality", "school", "youth-care"].map(|kind| chain.member(kind).unwrap())
}

#[tokio::test]
async fn the_person_is_told_who_registered_who_asked_and_who_asked_in_vain() {
    let chain = chain().start().unwrap();
    let [municipality, school, care] = members(&chain);
    let handle = register(&care, 1).await;
    register(&care, 2).await;
    let motivated = ask(&school, 1, RelationBasis::Motivated).await;
    let emergency = ask(&municipality, 1, RelationBasis::Emergency).await;
    let mut query = school.question(1).unwrap();
    query.purpose = Purpose::parse("curiosity").unwrap();
    let denied = transaction();
    school.switchboard().unwrap().query(&query, denied).await.unwrap_err();

    let report = report(&municipality, 1).await.unwrap();
    let told: Vec<_> =
        report.lines.iter().map(|line| (line.event, line.party.oin, line.result, line.relation)).collect();
    let (motivation, need) = (Some(RelationBasis::Motivated), Some(RelationBasis::Emergency));
    assert_eq!(
        told,
        [
            (Event::PointerRegistered, care.oin, Outcome::Success, None),
            (Event::QueryAnswered, school.oin, Outcome::Success, motivation),
            (Event::QueryAnswered, municipality.oin, Outcome::Success, need),
            (Event::QueryAnswered, school.oin, Outcome::Refused, motivation),
        ]
    );
    assert!(report.lines.iter().all(|line| line.actor.is_none()));
    let text = serde_json::to_string(&report.lines).unwrap();
    assert!(!text.contains("j.jansen") && !text.contains("signals from school"), "{text}");

    let scope = |member: &Member| {
        let named = report.parties.iter().find(|named| named.party.oin == member.oin).unwrap();
        named.log.as_ref().unwrap().scope.clone()
    };
    let sorted = |mut transactions: Vec<TransactionId>| {
        transactions.sort_unstable();
        transactions
    };
    assert_eq!(report.parties.len(), 3);
    assert_eq!(scope(&school).asked, sorted(vec![motivated, denied]));
    assert_eq!(scope(&municipality).asked, [emergency]);
    assert_eq!((scope(&care).handles, scope(&care).granted.len()), (vec![handle], 2));
    assert!(scope(&school).handles.is_empty() && scope(&care).asked.is_empty());
}

#[tokio::test]
async fn each_grant_is_of_its_own_kind_and_commits_to_what_may_be_read() {
    let chain = chain().start().unwrap();
    let [municipality, _, care] = members(&chain);
    register(&care, 1).await;
    let report = report(&municipality, 1).await.unwrap();
    let [named] = &report.parties[..] else { panic!("{report:?}") };
    let log = named.log.clone().unwrap();
    let (signed, signature) = log.grant.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let header: GrantHeader = serde_json::from_slice(&decode(header)).unwrap();
    assert_eq!(header.typ, ACCESS_LOG_GRANT_TYPE);
    let keys = municipality.switchboard().unwrap().grant_keys().await.unwrap();
    let key = keys.keys.iter().find(|key| key.kid == header.kid).unwrap();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.es256_point().unwrap());
    key.verify(signed.as_bytes(), &decode(signature)).unwrap();

    let mut claims: AccessLogClaims = serde_json::from_slice(&decode(claims)).unwrap();
    assert_eq!((claims.aud, claims.sub, claims.txn), (care.oin, municipality.oin, log.transaction));
    assert_eq!(claims.cnf.x5t_s256.0, municipality.tls.certificate_sha256());
    assert!(claims.prp.purpose.is_subject_access() && claims.prp.cat[0].is_access_log());
    let scope = canonical(&log.scope).unwrap();
    assert_eq!(claims.prp.scope.0, digest(&SHA256, scope.as_str().as_bytes()).as_ref());

    // The report and its grant are in the log before they are told.
    let place = claims.log.take().unwrap();
    let entries = log::entries(&log::index(&chain).await).await;
    let leaf = Leaf::commit(LeafKind::Access, &Salt(place.s.0), &canonical(&claims).unwrap());
    assert_eq!(entries[place.i as usize].leaf, leaf.hash);
    let record: AccessRecord = serde_json::from_str(&report.receipt.record.clone().unwrap()).unwrap();
    assert_eq!((record.event, record.party), (Event::AccessReportMade, municipality.oin));
    assert_eq!((record.grants[0].transaction, record.count), (log.transaction, Some(1)));
    assert_eq!(
        entries[report.receipt.index as usize].record.as_ref().unwrap().as_str(),
        report.receipt.record.unwrap()
    );
}

#[tokio::test]
async fn only_a_listed_partner_asks_for_people_and_the_person_sees_who_tried() {
    let chain = chain().start().unwrap();
    let [municipality, school, care] = members(&chain);
    register(&care, 1).await;
    for number in [1, 404] {
        let error = report(&school, number).await.unwrap_err();
        assert_eq!(error.code(), Some(ProblemCode::Denied));
    }
    let records = log::records(&log::index(&chain).await).await;
    let denied: Vec<_> = records.iter().filter(|record| record.decision.verdict == Verdict::Denied).collect();
    assert_eq!(denied.len(), 2);
    assert!(denied[0].subject.is_some() && denied[1].subject.is_none());

    let earlier = report(&municipality, 1).await.unwrap();
    let told: Vec<_> = earlier.lines.iter().map(|line| (line.event, line.party.oin, line.result)).collect();
    let registered = (Event::PointerRegistered, care.oin, Outcome::Success);
    let tried = (Event::AccessReportMade, school.oin, Outcome::Refused);
    assert_eq!(told, [registered, tried], "a report does not tell of itself");
    let later = report(&municipality, 1).await.unwrap();
    let made = (Event::AccessReportMade, municipality.oin, Outcome::Success);
    let told: Vec<_> = later.lines.iter().map(|line| (line.event, line.party.oin, line.result)).collect();
    assert_eq!(told, [registered, tried, made]);
}

#[tokio::test]
async fn of_somebody_nobody_knew_there_is_nothing_but_who_asked() {
    let chain = chain().start().unwrap();
    let [municipality, school, _] = members(&chain);
    let first = report(&municipality, 7).await.unwrap();
    assert!(first.lines.is_empty() && first.parties.is_empty());
    ask(&school, 7, RelationBasis::Motivated).await;
    let second = report(&municipality, 7).await.unwrap();
    let events: Vec<_> = second.lines.iter().map(|line| line.event).collect();
    assert_eq!(events, [Event::AccessReportMade, Event::QueryAnswered]);
}

#[tokio::test]
async fn what_the_agreement_withholds_is_in_no_line_and_leads_to_no_party() {
    let chain = chain()
        .agreed(|draft| {
            draft.categories.get_mut("youth-care-plan").unwrap().withheld_from_subject = true;
            draft.purposes.get_mut("enforce-attendance").unwrap().withheld_from_subject = true;
        })
        .start()
        .unwrap();
    let [municipality, school, care] = members(&chain);
    register(&care, 1).await;
    register(&school, 1).await;
    let mut attendance = municipality.question(1).unwrap();
    attendance.purpose = Purpose::parse("enforce-attendance").unwrap();
    attendance.actor.role = "attendance-officer".parse().unwrap();
    municipality.switchboard().unwrap().query(&attendance, transaction()).await.unwrap();
    ask(&municipality, 1, RelationBasis::Motivated).await;

    let report = report(&municipality, 1).await.unwrap();
    let told: Vec<_> = report.lines.iter().map(|line| (line.event, line.party.oin)).collect();
    assert_eq!(told, [(Event::PointerRegistered, school.oin), (Event::QueryAnswered, municipality.oin)]);
    let named: Vec<_> = report.parties.iter().map(|named| named.party.oin).collect();
    assert_eq!(named, [school.oin, municipality.oin]);
    let text = serde_json::to_string(&report).unwrap();
    let record = report.receipt.record.unwrap();
    for hidden in ["youth-care-plan", "enforce-attendance", care.oin.as_str()] {
        assert!(!text.contains(hidden) && !record.contains(hidden), "{hidden}");
    }
}

#[tokio::test]
async fn withdrawals_are_told_and_what_was_pulled_before_is_still_asked_after() {
    let chain = chain().start().unwrap();
    let [municipality, school, care] = members(&chain);
    let registration = care.registration(1).unwrap();
    let client = care.switchboard().unwrap();
    let pointer = client.register(&registration, &care.key()).await.unwrap().pointer;
    ask(&school, 1, RelationBasis::Motivated).await;
    client.withdraw(pointer.id, &WithdrawPointer { reason: WithdrawalReason::EnteredInError }).await.unwrap();
    let report = report(&municipality, 1).await.unwrap();
    let events: Vec<_> = report.lines.iter().map(|line| line.event).collect();
    assert_eq!(events, [Event::PointerRegistered, Event::QueryAnswered, Event::PointerWithdrawn]);
    let named = report.parties.iter().find(|named| named.party.oin == care.oin).unwrap();
    let scope = &named.log.as_ref().unwrap().scope;
    assert_eq!((scope.handles.len(), scope.granted.len()), (0, 1), "only a tombstone is left");
}

#[tokio::test]
async fn a_suspended_party_is_named_without_a_grant() {
    let chain = chain().start().unwrap();
    let [municipality, _, care] = members(&chain);
    register(&care, 1).await;
    chain.change_agreement(|draft| draft.partner_mut(care.oin.as_str()).unwrap().suspended = true).unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(15);
    loop {
        let report = report(&municipality, 1).await.unwrap();
        let named = report.parties.iter().find(|named| named.party.oin == care.oin).unwrap();
        if named.log.is_none() {
            return;
        }
        assert!(std::time::Instant::now() < until, "a suspended party still gets a grant");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn somebody_with_ten_thousand_records_gets_an_answer_and_a_period_makes_it_shorter() {
    let chain = chain().start().unwrap();
    let [municipality, school, care] = members(&chain);
    let client = care.switchboard().unwrap();
    let pointer = client.register(&care.registration(1).unwrap(), &care.key()).await.unwrap().pointer.id;
    let renewals = (0..10_000).map(|_| {
        let client = client.clone();
        async move { client.renew(pointer, &kw_protocol::pointer::RenewPointer { valid_until: None }).await }
    });
    let mut renewals = futures_util::StreamExt::buffer_unordered(futures_util::stream::iter(renewals), 64);
    while let Some(renewed) = futures_util::StreamExt::next(&mut renewals).await {
        renewed.unwrap();
    }
    let whole = report(&municipality, 1).await.unwrap();
    assert_eq!(whole.lines.len(), 10_001);
    let from = whole.made_at;
    ask(&school, 1, RelationBasis::Motivated).await;
    let mut request = request(&municipality, 1);
    request.from = Some(from);
    let recent = municipality.switchboard().unwrap().access_report(&request, transaction()).await.unwrap();
    let events: Vec<_> = recent.lines.iter().map(|line| line.event).collect();
    assert_eq!(events, [Event::AccessReportMade, Event::QueryAnswered]);
    request.until = Some(from);
    let error = municipality.switchboard().unwrap().access_report(&request, transaction()).await;
    assert_eq!(error.unwrap_err().code(), Some(ProblemCode::Invalid));
}

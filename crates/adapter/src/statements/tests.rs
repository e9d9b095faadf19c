use std::sync::atomic::Ordering;

use kw_agreement::draft::AgreementDraft;
use kw_domain::{ActorId, BirthDate, Clock as _, Handle, Purpose, Role, TransactionId};
use kw_ledger::{Outcome, RecordedActor};
use kw_protocol::access_report::LogScope;
use kw_protocol::grant::{AccessLogProperties, GrantClaims};
use kw_protocol::problem::ProblemCode;
use kw_protocol::pull::{EpochBirthDateProof, EpochProof};
use kw_protocol::{Bytes32, SecretBytes32};
use kw_pseudonym::Binding;
use kw_store::partner::LocalState;

use super::*;
use crate::pulls::tests::{BINDING, Town, caller};
use crate::testing::{self, SALT, actor, holder, requester};

/// Of somebody else.
const OTHER: [u8; 32] = [9; 32];

/// A holder whose agreement lists the requester among those that ask for people.
async fn town() -> Town {
    agreed(|_| ()).await
}

async fn agreed(change: impl FnOnce(&mut AgreementDraft)) -> Town {
    let agreement = testing::agreement_with(|draft| {
        draft.subject_access.partners = vec![requester().to_string()];
        change(draft);
    });
    Town::with(agreement).await
}

fn exchange(number: u8) -> TransactionId {
    TransactionId::new(testing::clock().now(), [number; 10])
}

fn about(town: &Town) -> LogScope {
    LogScope { handles: vec![town.handle], ..LogScope::default() }
}

fn claims(town: &Town, scope: &LogScope) -> AccessLogClaims {
    let GrantClaims { aud, cnf, exp, gid, iat, iss, jti, log, nbf, prp, sub, txn } = town.claims();
    let scope = Bytes32(canonical(scope).unwrap().sha256());
    let opens = AccessLogProperties {
        actor_hash: prp.actor_hash,
        cat: vec![Category::access_log()],
        legal_basis: LEGAL_BASIS.to_owned(),
        policy: prp.policy,
        purpose: Purpose::subject_access(),
        scope,
    };
    GrantClaims { aud, cnf, exp, gid, iat, iss, jti, log, nbf, prp: opens, sub, txn }
}

/// A good request under these claims, by somebody who knows whom this binding is of, and perhaps their birth date.
fn request_by(
    town: &Town,
    claims: &AccessLogClaims,
    scope: LogScope,
    binding: [u8; 32],
    born: Option<&str>,
) -> StatementRequest {
    let (grant, binding) = (town.signer.sign(claims), Binding::from_bytes(&binding));
    let secret = |proof: Option<[u8; 32]>| proof.map(SecretBytes32);
    let birth_date_proofs = born.map(|born| {
        let proofs = binding.birth_date_proofs(&grant, &BirthDate::parse(born).unwrap());
        let (day, month, year) = (secret(proofs.day), secret(proofs.month), secret(proofs.year));
        EpochBirthDateProof { epoch: 3, day, month, year }
    });
    StatementRequest {
        actor: actor(),
        actor_salt: SALT,
        scope,
        subject_proofs: vec![EpochProof { epoch: 3, proof: SecretBytes32(binding.subject_proof(&grant)) }],
        birth_date_proofs: birth_date_proofs.into_iter().collect(),
        grant,
    }
}

fn request(town: &Town, scope: LogScope) -> StatementRequest {
    request_by(town, &claims(town, &scope), scope, BINDING, None)
}

async fn told(town: &Town, request: &StatementRequest) -> Result<Statement, ProblemCode> {
    answer(&town.pulls, &caller(), request).await.map_err(|refusal| refusal.code())
}

async fn events(town: &Town, scope: LogScope) -> Vec<(Event, Outcome)> {
    let statement = told(town, &request(town, scope)).await.unwrap();
    statement.lines.iter().map(|line| (line.event, line.result)).collect()
}

/// This party asked the switchboard about whoever has this key.
async fn asked(town: &Town, key: [u8; 16], exchange: TransactionId, purpose: &str) {
    let agreement = town.agreement.current();
    let (now, chain) = (town.clock.now(), agreement.chain().clone());
    let mut record = AccessRecord::new(Event::QueryAsked, now, chain, holder(), holder(), agreement.hash());
    record.actor = Some(RecordedActor {
        assurance: "asserted".to_owned(),
        id: ActorId::parse("p.pieters").unwrap(),
        role: Role::parse("care-coordinator").unwrap(),
    });
    record.purpose = Some(Purpose::parse(purpose).unwrap());
    record.transaction = Some(exchange);
    let reference = town.pulls.vault.entropy().id(now);
    record.subject = Some(reference);
    town.pulls
        .store
        .write("test", move |_| {
            let act: Result<Act, Abort<()>> = into_act(&record);
            Ok(((), act?.link_asked(key, reference, Some(exchange))))
        })
        .await
        .unwrap();
}

const PULLED: (Event, Outcome) = (Event::PullAnswered, Outcome::Success);
const REFUSED: (Event, Outcome) = (Event::PullAnswered, Outcome::Refused);
const REPORTED: (Event, Outcome) = (Event::AccessReportMade, Outcome::Success);

#[tokio::test]
async fn who_pulled_and_who_was_refused_is_told_and_the_next_time_who_reported() {
    let town = town().await;
    let pulled = town.claims();
    town.answer(&town.pull(&pulled, None)).await.unwrap();
    town.answer_to(Some("2012-05-21")).await.unwrap_err();
    let statement = told(&town, &request(&town, about(&town))).await.unwrap();
    assert!(!statement.has_gaps);
    assert_eq!(statement.party, holder());
    let line = &statement.lines[0];
    assert_eq!((line.party.oin, line.transaction), (requester(), Some(pulled.txn)));
    assert_eq!(line.role.as_ref().map(Role::as_str), Some("youth-care-worker"));
    assert!(line.actor.is_none() && line.legal_basis.as_ref().unwrap().contains("Jeugdwet"));
    assert_eq!(statement.lines[1].reason.as_deref(), Some("birth-date-mismatch"));
    assert_eq!(events(&town, about(&town)).await, [PULLED, REFUSED, REPORTED]);

    let records = town.records();
    let made = &records[2];
    assert_eq!((made.event, made.party, made.count), (Event::AccessReportMade, requester(), Some(2)));
    assert_eq!(made.transaction, Some(statement.transaction));
    assert!(made.subject.is_some() && made.purpose.as_ref().unwrap().is_subject_access());
}

#[tokio::test]
async fn whoever_means_another_person_is_told_nothing_and_has_used_the_grant() {
    let town = town().await;
    town.answer_to(None).await.unwrap();
    let scope = about(&town);
    let claims = claims(&town, &scope);
    let wrong = request_by(&town, &claims, scope.clone(), OTHER, None);
    assert_eq!(told(&town, &wrong).await.unwrap_err(), ProblemCode::SubjectMismatch);
    let right = StatementRequest { grant: wrong.grant, ..request_by(&town, &claims, scope, BINDING, None) };
    assert_eq!(told(&town, &right).await.unwrap_err(), ProblemCode::GrantReused);
    assert_eq!(town.reasons()[1..], [Some("subject-mismatch".into()), Some("grant-reused".into())]);
}

#[tokio::test]
async fn whoever_proves_nothing_is_told_nothing() {
    let town = town().await;
    let mut request = request(&town, about(&town));
    request.subject_proofs.clear();
    assert_eq!(told(&town, &request).await.unwrap_err(), ProblemCode::SubjectMismatch);
}

#[tokio::test]
async fn a_birth_date_is_compared_with_the_source_when_it_is_given() {
    let town = town().await;
    town.answer_to(None).await.unwrap();
    for (born, expected) in [
        ("2012-05-20", Ok(1)),
        ("2012-05-21", Err(ProblemCode::BirthDateMismatch)),
        ("2012", Err(ProblemCode::BirthDateUnknown)),
    ] {
        let scope = LogScope { until: Some(town.clock.now().plus(Duration::from_secs(1))), ..about(&town) };
        let request = request_by(&town, &claims(&town, &scope), scope, BINDING, Some(born));
        let lines = told(&town, &request).await.map(|statement| statement.lines.len());
        assert_eq!(lines, expected, "{born}");
    }
}

#[tokio::test]
async fn grants_of_one_kind_do_not_pass_for_the_other() {
    let town = town().await;
    let mut statement = request(&town, about(&town));
    let mut pull = town.pull(&town.claims(), None);
    std::mem::swap(&mut statement.grant, &mut pull.grant);
    assert_eq!(told(&town, &statement).await.unwrap_err(), ProblemCode::GrantRefused);
    assert_eq!(town.answer(&pull).await.unwrap_err(), ProblemCode::GrantRefused);
    assert_eq!(town.reasons(), [Some("grant-type".into())], "one a second for each caller and reason");
}

#[tokio::test]
async fn only_what_the_grant_commits_to_is_looked_up() {
    let town = town().await;
    let scope = about(&town);
    let other = LogScope { granted: vec![exchange(1)], ..scope.clone() };
    let request = request_by(&town, &claims(&town, &scope), other, BINDING, None);
    assert_eq!(told(&town, &request).await.unwrap_err(), ProblemCode::GrantRefused);
    let mut for_something_else = claims(&town, &scope);
    for_something_else.prp.purpose = Purpose::parse("coordinate-help").unwrap();
    let request = request_by(&town, &for_something_else, scope, BINDING, None);
    assert_eq!(told(&town, &request).await.unwrap_err(), ProblemCode::GrantRefused);
}

#[tokio::test]
async fn a_partner_that_this_partys_own_agreement_does_not_list_is_refused() {
    let town = agreed(|draft| draft.subject_access.partners.clear()).await;
    let request = request(&town, about(&town));
    assert_eq!(told(&town, &request).await.unwrap_err(), ProblemCode::Denied);
    assert_eq!(town.reasons(), [Some("subject-access-not-listed".into())]);
}

#[tokio::test]
async fn the_same_request_again_is_answered_again_and_does_not_tell_of_itself() {
    let town = town().await;
    town.answer_to(None).await.unwrap();
    let request = request(&town, about(&town));
    let first = told(&town, &request).await.unwrap();
    let second = told(&town, &request).await.unwrap();
    assert_eq!((&first.lines, first.lines.len()), (&second.lines, 1));
    assert_eq!(town.records().len(), 3, "each answer is an access");
}

#[tokio::test]
async fn all_that_was_asked_about_one_person_is_told_and_two_people_are_never_mixed() {
    let town = town().await;
    for (key, number) in [(1, 1), (1, 2), (2, 3)] {
        asked(&town, [key; 16], exchange(number), "coordinate-help").await;
    }
    let of = |numbers: &[u8]| LogScope {
        asked: numbers.iter().map(|number| exchange(*number)).collect(),
        ..LogScope::default()
    };
    let statement = told(&town, &request(&town, of(&[1]))).await.unwrap();
    let exchanges: Vec<_> = statement.lines.iter().filter_map(|line| line.transaction).collect();
    assert_eq!(exchanges, [exchange(1), exchange(2)], "also what the switchboard never heard of");
    assert!(statement.lines.iter().all(|line| line.actor.is_none()) && !statement.has_gaps);
    let mixed = told(&town, &request(&town, of(&[1, 3]))).await;
    assert_eq!(mixed.unwrap_err(), ProblemCode::SubjectMismatch);
    let lost = told(&town, &request(&town, of(&[3, 4]))).await.unwrap();
    assert!(lost.has_gaps, "the switchboard says that it was asked");
    assert_eq!(lost.lines.len(), 1);
    let none = told(&town, &request(&town, of(&[4]))).await.unwrap();
    assert!(none.has_gaps && none.lines.is_empty());
}

#[tokio::test]
async fn of_a_record_that_is_gone_only_what_the_switchboard_names_is_told() {
    let town = town().await;
    let (first, second) = (town.claims(), town.claims());
    for claims in [&first, &second] {
        town.answer(&town.pull(claims, None)).await.unwrap();
    }
    let handle = town.handle;
    town.pulls
        .store
        .write("test", move |tx| {
            tx.write().delete_record(handle)?;
            let blank: Result<Act, Abort<()>> = Ok(Act::new(
                Instant::from_millis(1),
                kw_ledger::LeafKind::Access,
                kw_ledger::Canonical::from_stored("\"gone\"".to_owned()),
            ));
            Ok(((), blank?))
        })
        .await
        .unwrap();
    let named = LogScope { granted: vec![second.txn], ..LogScope::default() };
    let statement = told(&town, &request(&town, named)).await.unwrap();
    let exchanges: Vec<_> = statement.lines.iter().filter_map(|line| line.transaction).collect();
    assert_eq!(exchanges, [second.txn]);
    assert!(!statement.has_gaps);
}

#[tokio::test]
async fn a_record_that_an_exchange_leads_to_is_proven_like_one_that_is_named() {
    let town = town().await;
    let pulled = town.claims();
    town.answer(&town.pull(&pulled, None)).await.unwrap();
    let scope = LogScope { granted: vec![pulled.txn], ..LogScope::default() };
    assert_eq!(events(&town, scope.clone()).await, [PULLED]);
    let request = request_by(&town, &claims(&town, &scope), scope, OTHER, None);
    assert_eq!(told(&town, &request).await.unwrap_err(), ProblemCode::SubjectMismatch);
}

#[tokio::test]
async fn a_handle_that_was_never_here_is_a_gap() {
    let town = town().await;
    let scope = LogScope { handles: vec![Handle::from_bytes([77; 16])], ..LogScope::default() };
    let statement = told(&town, &request(&town, scope)).await.unwrap();
    assert!(statement.has_gaps && statement.lines.is_empty());
}

#[tokio::test]
async fn bindings_from_before_a_rotation_matter_only_for_records_that_are_offered() {
    let town = town().await;
    town.answer_to(None).await.unwrap();
    let stale = |scope: LogScope| {
        let mut request = request(&town, scope);
        request.subject_proofs[0].epoch = 4;
        request
    };
    assert_eq!(told(&town, &stale(about(&town))).await.unwrap_err(), ProblemCode::SubjectMismatch);
    town.store_record(LocalState::Suppressed).await;
    let statement = told(&town, &stale(about(&town))).await.unwrap();
    assert_eq!(statement.lines, [], "nothing proven, nothing named");
}

#[tokio::test]
async fn this_partys_own_agreement_says_what_is_withheld_and_whether_staff_are_named() {
    let town = agreed(|draft| {
        draft.subject_access.staff_names = true;
        draft.purposes.get_mut("enforce-attendance").unwrap().withheld_from_subject = true;
    })
    .await;
    asked(&town, [1; 16], exchange(1), "coordinate-help").await;
    asked(&town, [1; 16], exchange(2), "enforce-attendance").await;
    let scope = LogScope { asked: vec![exchange(1)], ..LogScope::default() };
    let statement = told(&town, &request(&town, scope)).await.unwrap();
    let [line] = &statement.lines[..] else { panic!("{statement:?}") };
    assert_eq!(line.actor.as_ref().map(ActorId::as_str), Some("p.pieters"));
}

#[tokio::test]
async fn a_period_holds_for_what_is_told() {
    let town = town().await;
    town.answer_to(None).await.unwrap();
    let now = town.clock.now();
    let later = LogScope { from: Some(now.plus(Duration::from_millis(1))), ..about(&town) };
    assert_eq!(events(&town, later).await, []);
    let until = LogScope { until: Some(now), ..about(&town) };
    assert_eq!(events(&town, until).await, []);
    let both = LogScope { from: Some(now), until: Some(now.plus(Duration::from_millis(1))), ..about(&town) };
    assert_eq!(events(&town, both).await.len(), 3);
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_told() {
    let town = town().await;
    town.answer_to(None).await.unwrap();
    let request = request(&town, about(&town));
    town.broken.store(true, Ordering::SeqCst);
    assert_eq!(told(&town, &request).await.unwrap_err(), ProblemCode::Unavailable);
}

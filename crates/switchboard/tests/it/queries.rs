//! Asking who holds what: grants that hold, and a record of each question.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_client::{Jwks, SwitchboardClient};
use kw_domain::{Instant, TransactionId};
use kw_ledger::{AccessRecord, Event, Leaf, LeafKind, Salt, Verdict, canonical};
use kw_protocol::grant::{GrantClaims, GrantHeader, LEEWAY_SECONDS, MAX_LIFE_SECONDS};
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::{Assurance, Query, QueryAnswer, RelationBasis};
use kw_testbed::{Member, PostgresServer, RunningChain};

use crate::child::chain;
use crate::log;

fn transaction() -> TransactionId {
    let mut random = [0; 10];
    aws_lc_rs::rand::fill(&mut random).unwrap();
    TransactionId::new(Instant::from_millis(1_795_000_000_000), random)
}

async fn ask(client: &SwitchboardClient, query: &Query) -> Result<QueryAnswer, kw_client::ClientError> {
    client.query(query, transaction()).await
}

/// Checks the signature as a holder does, against what is published.
fn verified(grant: &str, keys: &Jwks) -> GrantClaims {
    let (signed, signature) = grant.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let header: GrantHeader = serde_json::from_slice(&decode(header)).unwrap();
    assert_eq!((header.alg.as_str(), header.typ.as_str()), ("ES256", "pull-grant+jwt"));
    let key = keys.keys.iter().find(|key| key.kid == header.kid).expect("the key is published");
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.es256_point().unwrap());
    key.verify(signed.as_bytes(), &decode(signature)).expect("the signature holds");
    assert!(key.verify(format!("{signed}x").as_bytes(), &decode(signature)).is_err());
    serde_json::from_slice(&decode(claims)).unwrap()
}

async fn register(member: &Member, number: u64) -> kw_domain::Handle {
    let registration = member.registration(number).unwrap();
    member.switchboard().unwrap().register(&registration, &member.key()).await.unwrap();
    registration.handle
}

async fn a_grant_says_what_it_should(chain: RunningChain) {
    let (school, care) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    let handle = register(&care, 1).await;
    register(&school, 1).await;
    let client = school.switchboard().unwrap();
    let query = school.question(1).unwrap();
    let answer = ask(&client, &query).await.unwrap();
    assert_eq!(answer.holders.len(), 1, "the asker's own pointer is not disclosed to itself");
    let holder = &answer.holders[0];
    let claims = verified(&holder.grant, &client.grant_keys().await.unwrap());
    let agreement = chain.agreement().unwrap();

    assert_eq!((claims.aud, claims.sub, claims.iss), (care.oin, school.oin, agreement.switchboard().oin));
    assert_eq!(claims.cnf.x5t_s256.0, school.tls.certificate_sha256(), "bound to the asker's certificate");
    assert_eq!(claims.prp.hdl, handle);
    assert_eq!(claims.prp.cat, [care.category().unwrap()]);
    assert_eq!(
        (claims.prp.purpose.clone(), claims.prp.relation),
        (query.purpose.clone(), RelationBasis::Motivated)
    );
    assert_eq!(
        (&claims.prp.policy, &answer.policy),
        (&agreement.hash().to_owned(), &agreement.hash().to_owned())
    );
    assert_eq!(claims.txn, holder.transaction);
    assert!(claims.exp - claims.nbf <= MAX_LIFE_SECONDS && claims.nbf == claims.iat - LEEWAY_SECONDS);
    assert_eq!(holder.expires_at.as_seconds(), claims.exp);
    let actor = serde_json::json!({ "assurance": "asserted", "id": "j.jansen", "role": "care-coordinator" });
    let salted = [holder.actor_salt.0.as_slice(), actor.to_string().as_bytes()].concat();
    assert_eq!(claims.prp.actor_hash.0, digest(&SHA256, &salted).as_ref());

    // The leaf of the grant is over its claims as they were before the log gave it a place.
    let entries = log::entries(&log::index(&chain).await).await;
    let place = claims.log.clone().unwrap();
    assert_eq!(place.o, agreement.switchboard().log_origin);
    let bare = canonical(&GrantClaims { log: None, ..claims.clone() }).unwrap();
    let leaf = Leaf::commit(LeafKind::Access, &Salt(place.s.0), &bare);
    assert_eq!(entries[place.i as usize].leaf, leaf.hash);

    // The receipt opens the leaf of the record.
    let text = answer.receipt.record.clone().unwrap();
    let value: AccessRecord = serde_json::from_str(&text).unwrap();
    let opened = Leaf::commit(LeafKind::Access, &Salt(answer.receipt.salt.0), &canonical(&value).unwrap());
    assert_eq!(entries[answer.receipt.index as usize].leaf, opened.hash);
    let record: AccessRecord = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (record.event, record.party, record.decision.verdict),
        (Event::QueryAnswered, school.oin, Verdict::Allowed)
    );
    assert_eq!((record.case.as_ref(), record.purpose.as_ref()), (Some(&query.case), Some(&query.purpose)));
    assert_eq!(record.actor.unwrap().id, query.actor.id);
    assert_eq!(record.relation.unwrap().reason, query.relation.reason);
    assert!(record.subject.is_some() && record.legal_basis.is_some() && record.processing_activity.is_some());
    assert!(record.trace.is_some() && record.transaction.is_some());
    let granted = &record.grants[0];
    assert_eq!((granted.grant, granted.holder, granted.transaction), (claims.jti, care.oin, claims.txn));
}

#[tokio::test]
async fn a_grant_verifies_says_what_it_should_and_is_in_the_log_on_sqlite() {
    a_grant_says_what_it_should(chain().start().unwrap()).await;
}

#[tokio::test]
async fn a_grant_verifies_says_what_it_should_and_is_in_the_log_on_postgresql() {
    let server = PostgresServer::shared().unwrap();
    a_grant_says_what_it_should(chain().postgres(&server).unwrap().start().unwrap()).await;
}

#[tokio::test]
async fn two_grants_of_one_answer_share_nothing_that_links_them() {
    let chain = chain().start().unwrap();
    let school = chain.member("school").unwrap();
    for kind in ["youth-care", "youth-health"] {
        register(&chain.member(kind).unwrap(), 1).await;
    }
    let client = school.switchboard().unwrap();
    let answer = ask(&client, &school.question(1).unwrap()).await.unwrap();
    let keys = client.grant_keys().await.unwrap();
    let [one, other] = &answer.holders[..] else { panic!("{} holders", answer.holders.len()) };
    let (a, b) = (verified(&one.grant, &keys), verified(&other.grant, &keys));
    assert_ne!(a.txn, b.txn);
    assert_ne!(a.jti, b.jti);
    assert_ne!(a.prp.actor_hash, b.prp.actor_hash);
    assert_ne!(a.prp.hdl, b.prp.hdl);
    assert_ne!(one.actor_salt, other.actor_salt);
}

#[tokio::test]
async fn an_unknown_person_gives_an_empty_answer_and_a_record() {
    let chain = chain().start().unwrap();
    let school = chain.member("school").unwrap();
    let client = school.switchboard().unwrap();
    for _ in 0..2 {
        assert!(ask(&client, &school.question(404).unwrap()).await.unwrap().holders.is_empty());
    }
    let index = log::index(&chain).await;
    assert_eq!(
        index.read(|index| index.count_subjects()).await.unwrap(),
        1,
        "kept once, so that the person can see who asked"
    );
    let records = log::records(&index).await;
    let asked: Vec<_> = records.iter().filter(|record| record.event == Event::QueryAnswered).collect();
    assert_eq!(asked.len(), 2);
    assert_ne!(asked[0].subject, asked[1].subject, "records do not show that it was the same person");
    // Once it is registered, the same row is used.
    register(&chain.member("youth-care").unwrap(), 404).await;
    assert_eq!(index.read(|index| index.count_subjects()).await.unwrap(), 1);
    assert_eq!(ask(&client, &school.question(404).unwrap()).await.unwrap().holders.len(), 1);
}

#[tokio::test]
async fn an_actor_who_is_said_to_be_proven_and_is_not_is_refused_and_recorded_as_asserted() {
    let chain = chain().start().unwrap();
    let school = chain.member("school").unwrap();
    let client = school.switchboard().unwrap();
    register(&chain.member("youth-care").unwrap(), 1).await;
    let refused = async |proof: Option<&str>, assurance| {
        let mut query = school.question(1).unwrap();
        query.actor.assurance = assurance;
        query.actor.proof = proof.map(kw_protocol::IdToken::new);
        ask(&client, &query).await.unwrap_err().code()
    };
    for (proof, assurance) in
        [(None, Assurance::Proven), (Some("a.b.c"), Assurance::Proven), (Some("a.b.c"), Assurance::Asserted)]
    {
        assert_eq!(refused(proof, assurance).await, Some(ProblemCode::ActorUnproven));
    }
    let records = log::records(&log::index(&chain).await).await;
    let denials: Vec<_> =
        records.iter().filter(|record| record.decision.verdict == Verdict::Denied).collect();
    let reasons: Vec<_> = denials.iter().filter_map(|record| record.decision.reason.as_deref()).collect();
    // The agreement lists no provider of the school.
    assert_eq!(reasons, ["actor-proof-missing", "actor-provider-not-agreed", "actor-proof-not-claimed"]);
    assert!(denials.iter().all(|record| record.actor.as_ref().unwrap().assurance == "asserted"));
    assert!(denials.iter().all(|record| record.subject.is_some()), "the person can see later who tried");
}

#[tokio::test]
async fn a_denied_question_is_recorded_and_tells_nothing_of_the_subject() {
    let chain = chain().start().unwrap();
    let school = chain.member("school").unwrap();
    let client = school.switchboard().unwrap();
    register(&chain.member("youth-care").unwrap(), 1).await;
    let denied = async |change: &dyn Fn(&mut Query)| {
        let mut details = Vec::new();
        for number in [1, 404] {
            let mut query = school.question(number).unwrap();
            change(&mut query);
            match ask(&client, &query).await.unwrap_err() {
                kw_client::ClientError::Problem(refused) => {
                    assert_eq!(refused.problem.code(), "denied");
                    details.push(refused.problem.detail.clone());
                }
                error => panic!("{error:?}"),
            }
        }
        assert_eq!(details[0], details[1], "known or not, the words are the same");
    };
    denied(&|query| query.actor.role = "youth-doctor".parse().unwrap()).await;
    denied(&|query| query.purpose = "curiosity".parse().unwrap()).await;
    denied(&|query| query.categories = vec!["addiction-care".parse().unwrap()]).await;
    denied(&|query| {
        query.relation.basis = RelationBasis::Listed;
        query.relation.reason = None;
    })
    .await;
    let records = log::records(&log::index(&chain).await).await;
    let denials: Vec<_> =
        records.iter().filter(|record| record.decision.verdict == Verdict::Denied).collect();
    assert_eq!(denials.len(), 8);
    assert!(denials.iter().all(|record| record.grants.is_empty()));
    // Somebody who is in the index can see later who asked in vain; nobody gets there by being asked about in vain.
    let about: Vec<_> = denials.iter().filter(|record| record.subject.is_some()).collect();
    assert_eq!(about.len(), 4);
    assert!(denials.iter().all(|record| record.decision.reason.is_some() && record.actor.is_some()));
}

#[tokio::test]
async fn the_ground_listed_needs_a_pointer_of_the_askers_own_that_still_counts() {
    let chain = chain().start().unwrap();
    let (school, care) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    register(&care, 1).await;
    let client = school.switchboard().unwrap();
    let mut query = school.question(1).unwrap();
    query.relation.basis = RelationBasis::Listed;
    query.relation.reason = None;
    assert_eq!(ask(&client, &query).await.unwrap_err().code(), Some(ProblemCode::Denied));
    let own = client.register(&school.registration(1).unwrap(), &school.key()).await.unwrap().pointer;
    assert_eq!(ask(&client, &query).await.unwrap().holders.len(), 1);
    let reason = kw_protocol::pointer::WithdrawalReason::NoLongerPresent;
    client.withdraw(own.id, &kw_protocol::pointer::WithdrawPointer { reason }).await.unwrap();
    assert_eq!(ask(&client, &query).await.unwrap_err().code(), Some(ProblemCode::Denied));
}

#[tokio::test]
async fn without_a_pointer_a_person_is_asked_about_under_their_own_purpose_only_and_by_whom_the_agreement_lists()
 {
    let chain = chain().agreed(|draft| {
        let own = draft.purposes["coordinate-help"].clone();
        draft.purposes.insert("own-insight".to_owned(), own);
        let school = draft.partners.iter().find(|partner| partner.kind == "school").unwrap();
        draft.subject_access.partners = vec![school.oin.clone()];
        draft.subject_access.purpose = Some("own-insight".to_owned());
    });
    let chain = chain.start().unwrap();
    let (school, care) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    register(&care, 1).await;
    let asked = async |who: &Member, purpose: &str| {
        let mut query = who.question(1).unwrap();
        query.relation.basis = RelationBasis::Listed;
        query.relation.reason = None;
        query.purpose = purpose.parse().unwrap();
        ask(&who.switchboard().unwrap(), &query).await
    };
    assert_eq!(asked(&school, "own-insight").await.unwrap().holders.len(), 1);
    let other = asked(&school, "coordinate-help").await.unwrap_err();
    assert_eq!(other.code(), Some(ProblemCode::Denied));
    let unlisted = chain.member("municipality").unwrap();
    assert_eq!(asked(&unlisted, "own-insight").await.unwrap_err().code(), Some(ProblemCode::Denied));
    let records = log::records(&log::index(&chain).await).await;
    let reason = |record: &AccessRecord| record.decision.reason.clone();
    let denied = records.iter().filter(|record| record.decision.verdict == Verdict::Denied);
    assert_eq!(denied.filter_map(reason).collect::<Vec<_>>(), ["relation-not-listed", "relation-not-listed"]);
}

#[tokio::test]
async fn a_question_without_a_reason_or_with_a_bsn_in_it_is_not_decided() {
    let chain = chain().start().unwrap();
    let school = chain.member("school").unwrap();
    let client = school.switchboard().unwrap();
    for reason in [None, Some("  "), Some("about 999990342 please"), Some("line\nbreak")] {
        let mut query = school.question(1).unwrap();
        query.relation.reason = reason.map(str::to_owned);
        let refused = ask(&client, &query).await.unwrap_err();
        assert_eq!(refused.code(), Some(ProblemCode::Invalid), "{reason:?}");
        assert!(!refused.to_string().contains("999990342"));
    }
    let records = log::records(&log::index(&chain).await).await;
    assert!(records.iter().all(|record| record.event != Event::QueryAnswered));
}

#[tokio::test]
async fn only_what_was_asked_and_is_findable_is_disclosed() {
    let chain = chain().start().unwrap();
    let school = chain.member("school").unwrap();
    let (care, health) = (chain.member("youth-care").unwrap(), chain.member("youth-health").unwrap());
    register(&care, 1).await;
    let mut narrow = health.registration(1).unwrap();
    narrow.purposes = vec!["enforce-attendance".parse().unwrap()];
    health.switchboard().unwrap().register(&narrow, &health.key()).await.unwrap();
    let client = school.switchboard().unwrap();
    let holders = async |change: &dyn Fn(&mut Query)| {
        let mut query = school.question(1).unwrap();
        change(&mut query);
        let answer = ask(&client, &query).await.unwrap();
        answer.holders.iter().map(|holder| holder.holder).collect::<Vec<_>>()
    };
    assert_eq!(holders(&|_| ()).await, [care.oin], "a pointer for another purpose is not found");
    assert!(holders(&|query| query.holders = vec![health.oin]).await.is_empty());
    assert!(holders(&|query| query.categories = vec!["youth-health".parse().unwrap()]).await.is_empty());
    chain.change_agreement(|draft| draft.partner_mut(care.oin.as_str()).unwrap().suspended = true).unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(15);
    while !holders(&|_| ()).await.is_empty() {
        assert!(std::time::Instant::now() < until, "a suspended holder is still disclosed");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_new_grant_key_is_published_before_it_signs_and_old_grants_still_verify() {
    let chain = chain().start().unwrap();
    let (school, care) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    register(&care, 1).await;
    let client = school.switchboard().unwrap();
    let before = ask(&client, &school.question(1).unwrap()).await.unwrap().holders.remove(0).grant;
    let from = kw_domain::Clock::now(&kw_domain::SystemClock).plus(std::time::Duration::from_secs(4));
    let name = kw_domain::ChainName::parse(&chain.draft().chain.name).unwrap();
    kw_switchboard::rotate_grant_key(&chain.keys_folder(), &name, from).unwrap();
    chain.switchboard().unwrap().signal("HUP").unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(15);
    let keys = loop {
        let keys = client.grant_keys().await.unwrap();
        if keys.keys.len() == 2 {
            break keys;
        }
        assert!(std::time::Instant::now() < until, "the new key is not published");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    verified(&before, &keys);
    let kid = |grant: &str| grant.split('.').next().unwrap().to_owned();
    let after = loop {
        let grant = ask(&client, &school.question(1).unwrap()).await.unwrap().holders.remove(0).grant;
        verified(&grant, &keys);
        if kid(&grant) != kid(&before) {
            break kw_domain::Clock::now(&kw_domain::SystemClock);
        }
        assert!(std::time::Instant::now() < until, "the new key is not used");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    };
    assert!(after >= from, "not used before its time");
}

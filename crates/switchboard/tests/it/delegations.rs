//! A supplier acts for a partner: under two approvals, within its scopes, until somebody ends it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_agreement::draft::{AgreementDraft, DelegationDraft, SupplierDraft};
use kw_domain::{ActorId, Clock as _, Instant, Oin, Role, SystemClock, TransactionId};
use kw_ledger::Event;
use kw_protocol::delegation::{
    ApproveDelegation, DelegationScope, DelegationStatus, EndDelegation, RequestDelegation,
};
use kw_protocol::grant::GrantClaims;
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::{Actor, Assurance};
use kw_protocol::signal::{SignalType, SignalsAsked};
use kw_testbed::RunningChain;
use kw_transport::ON_BEHALF_OF;

use crate::child::chain;
use crate::log;
use crate::signals::{feed, kinds};

pub(crate) const SUPPLIER: &str = "00000099000000051000";

pub(crate) fn agreed(draft: &mut AgreementDraft) {
    draft.suppliers.push(SupplierDraft {
        oin: SUPPLIER.into(),
        name: "Softwarehuis Demoland".into(),
        contact: "support@softwarehuis.example".into(),
    });
    let school = draft.partners.iter_mut().find(|partner| partner.kind == "school").unwrap();
    school.delegations.push(DelegationDraft {
        supplier: SUPPLIER.into(),
        scopes: vec!["query".into(), "register".into()],
        max_term: "P1Y".into(),
    });
}

pub(crate) fn person(name: &str) -> Actor {
    Actor {
        id: ActorId::parse(name).unwrap(),
        role: Role::parse("administrator").unwrap(),
        assurance: Assurance::Asserted,
        proof: None,
    }
}

fn in_hours(hours: u64) -> Instant {
    SystemClock.now().plus(Duration::from_hours(hours))
}

fn transaction() -> TransactionId {
    let mut random = [0; 10];
    aws_lc_rs::rand::fill(&mut random).unwrap();
    TransactionId::new(SystemClock.now(), random)
}

fn refused<T>(outcome: Result<T, kw_client::ClientError>) -> Option<ProblemCode> {
    outcome.map(drop).unwrap_err().code()
}

/// A mandate of the school with both approvals.
pub(crate) async fn mandate(chain: &RunningChain, scopes: &[DelegationScope]) -> kw_domain::DelegationId {
    let school = chain.member("school").unwrap().switchboard().unwrap();
    let asked = RequestDelegation {
        supplier: Oin::parse(SUPPLIER).unwrap(),
        scopes: scopes.to_vec(),
        valid_until: in_hours(24),
        actor: person("a.administrator"),
    };
    let id = school.request_delegation(&asked).await.unwrap().id;
    for name in ["a.administrator", "b.director"] {
        school.approve_delegation(id, &ApproveDelegation { actor: person(name) }).await.unwrap();
    }
    id
}

#[tokio::test]
async fn a_supplier_acts_after_two_approvals_and_until_it_is_ended() {
    let chain = chain().agreed(agreed).start().unwrap();
    let (school, care) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    let supplier = chain.party("supplier", SUPPLIER).unwrap();
    assert!(supplier.tls.act_for(school.oin));
    let (own, theirs) = (school.switchboard().unwrap(), supplier.switchboard().unwrap());
    let registration = school.registration(7).unwrap();

    let asked = RequestDelegation {
        supplier: supplier.tls.certificate_oin(),
        scopes: vec![DelegationScope::Query, DelegationScope::Register],
        valid_until: in_hours(24),
        actor: person("a.administrator"),
    };
    let before = theirs.register(&registration, &supplier.key()).await;
    assert_eq!(refused(before), Some(ProblemCode::DelegationRefused));
    let id = own.request_delegation(&asked).await.unwrap().id;
    let approval = |name| ApproveDelegation { actor: person(name) };
    let once = own.approve_delegation(id, &approval("a.administrator")).await.unwrap();
    assert_eq!((once.status, once.approvals), (DelegationStatus::Requested, 1));
    let twice_the_same = own.approve_delegation(id, &approval("a.administrator")).await.unwrap_err();
    assert_eq!(twice_the_same.code(), Some(ProblemCode::Conflict));
    let half = theirs.register(&registration, &supplier.key()).await;
    assert_eq!(refused(half), Some(ProblemCode::DelegationRefused));
    let both = own.approve_delegation(id, &approval("b.director")).await.unwrap();
    assert_eq!((both.status, both.approvals), (DelegationStatus::Active, 2));

    // Both hear of every change, and look at the mandate where the signal points; nobody else finds it there.
    let itself = chain.party("supplier-itself", SUPPLIER).unwrap();
    for side in [&school, &itself] {
        let page = feed(&chain, side).read(&SignalsAsked::default()).await.unwrap();
        assert_eq!(kinds(&page), [SignalType::DelegationChanged; 3]);
        assert!(page.signals.iter().all(|signal| signal.link == format!("/v1/delegations/{id}")));
        assert_eq!(side.switchboard().unwrap().delegation(id).await.unwrap(), both);
    }
    let hidden = care.switchboard().unwrap().delegation(id).await.unwrap_err();
    assert_eq!(hidden.code(), Some(ProblemCode::NotFound));
    let not_theirs = feed(&chain, &supplier).read(&SignalsAsked::default()).await.unwrap_err();
    assert_eq!(not_theirs.code(), Some(ProblemCode::PartyUnknown), "the partner's feed is the partner's");

    // The holder is the partner, whoever's certificate it was; both stand in the record.
    let registered = theirs.register(&registration, &supplier.key()).await.unwrap();
    assert_eq!(registered.pointer.holder, school.oin);
    care.switchboard().unwrap().register(&care.registration(7).unwrap(), &care.key()).await.unwrap();
    let answer = theirs.query(&school.question(7).unwrap(), transaction()).await.unwrap();
    let claims = answer.holders[0].grant.split('.').nth(1).unwrap();
    let claims: GrantClaims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    assert_eq!((claims.sub, claims.prp.supplier), (school.oin, Some(supplier.tls.certificate_oin())));
    assert_eq!(claims.cnf.x5t_s256.0, supplier.tls.certificate_sha256());

    // The supplier sees its mandate and ends it; its next request is refused.
    assert_eq!(theirs.delegations().await.unwrap().delegations.len(), 1);
    theirs.end_delegation(id, &EndDelegation { actor: person("support") }).await.unwrap();
    let page = feed(&chain, &school).read(&SignalsAsked::default()).await.unwrap();
    let changes = kinds(&page).into_iter().filter(|kind| *kind == SignalType::DelegationChanged);
    assert_eq!(changes.count(), 4);
    let after = theirs.query(&school.question(7).unwrap(), transaction()).await;
    assert_eq!(refused(after), Some(ProblemCode::DelegationRefused));

    let records = log::records(&log::index(&chain).await).await;
    for event in [Event::PointerRegistered, Event::QueryAnswered] {
        let by_supplier = records.iter().filter(|record| record.event == event).find(|record| {
            record.party == supplier.tls.certificate_oin() && record.on_behalf_of == Some(school.oin)
        });
        assert!(by_supplier.is_some(), "{event:?}");
    }
    for (event, count) in
        [(Event::DelegationRequested, 1), (Event::DelegationApproved, 2), (Event::DelegationEnded, 1)]
    {
        assert_eq!(records.iter().filter(|record| record.event == event).count(), count, "{event:?}");
    }
}

#[tokio::test]
async fn a_mandate_reaches_no_further_than_its_scopes_its_term_and_its_two_parties() {
    let chain = chain().agreed(agreed).start().unwrap();
    let (school, care) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    let supplier = chain.party("supplier", SUPPLIER).unwrap();
    mandate(&chain, &[DelegationScope::Register]).await;
    assert!(supplier.tls.act_for(school.oin));
    let theirs = supplier.switchboard().unwrap();
    theirs.register(&school.registration(1).unwrap(), &supplier.key()).await.unwrap();

    let beyond = theirs.query(&school.question(1).unwrap(), transaction()).await.unwrap_err();
    assert_eq!(beyond.code(), Some(ProblemCode::DelegationRefused));
    let own = school.switchboard().unwrap();
    let wrong = |scopes: Vec<DelegationScope>, hours| RequestDelegation {
        supplier: supplier.tls.certificate_oin(),
        scopes,
        valid_until: in_hours(hours),
        actor: person("a.administrator"),
    };
    for asked in [
        wrong(vec![DelegationScope::Answer], 1),
        wrong(Vec::new(), 1),
        wrong(vec![DelegationScope::Query], 24 * 400),
        wrong(vec![DelegationScope::Query], 0),
    ] {
        let refused = own.request_delegation(&asked).await.unwrap_err();
        assert_eq!(refused.code(), Some(ProblemCode::Invalid), "{asked:?}");
    }
    // A partner that gave no mandate, a partner that wants to act for another, and a supplier that says for nobody.
    let other = chain.party("supplier-again", SUPPLIER).unwrap();
    assert!(other.tls.act_for(care.oin));
    let refused = other.switchboard().unwrap().delegations().await;
    assert!(refused.is_ok(), "a supplier sees its own mandates, whomever it names");
    let refused = other.switchboard().unwrap().lease().await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::DelegationRefused));
    let as_other = care.http().post(care.url("/v1/leases")).header(ON_BEHALF_OF, school.oin.as_str());
    assert_eq!(as_other.send().await.unwrap().status(), 403);
    let for_nobody = chain.party("supplier-alone", SUPPLIER).unwrap();
    let refused = for_nobody.switchboard().unwrap().lease().await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::PartyUnknown));
    // Another partner cannot approve or end it, nor see it.
    let id = own.delegations().await.unwrap().delegations[0].id;
    let stranger = care.switchboard().unwrap();
    assert!(stranger.delegations().await.unwrap().delegations.is_empty());
    let end = EndDelegation { actor: person("x") };
    assert_eq!(stranger.end_delegation(id, &end).await.unwrap_err().code(), Some(ProblemCode::NotFound));
    // The agreement takes the delegation away: nothing of it is left, whatever the register says.
    chain
        .change_agreement(|draft| draft.partners.iter_mut().for_each(|one| one.delegations.clear()))
        .unwrap();
    let end = std::time::Instant::now() + Duration::from_secs(15);
    while theirs.lease().await.is_ok() {
        assert!(std::time::Instant::now() < end, "the agreement is not taken in");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

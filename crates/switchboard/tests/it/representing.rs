//! Asking for somebody who acts for a person: what is disclosed under a mandate, and that its absence does not show.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_client::{ClientError, SwitchboardClient};
use kw_domain::{Clock as _, MandateId, SystemClock, TransactionId};
use kw_ledger::{AccessRecord, Event, Verdict};
use kw_protocol::access_report::{StatementLine, SubjectReport, SubjectReportRequest};
use kw_protocol::grant::GrantClaims;
use kw_protocol::mandate::{MandateAct, MandateKind, RegisterMandate, Side};
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::{Query, QueryAnswer, RelationBasis, RepresentationClaim};
use kw_protocol::signal::SignalsAsked;
use kw_testbed::{Member, RunningChain, subject_element};

use crate::child::chain;
use crate::log;
use crate::mandates::{CHILD, PARENT, mandate, with_mandates, withdrawal};

const STRANGER: u64 = 3;

struct Town {
    chain: RunningChain,
    registrar: SwitchboardClient,
    /// Asks for representatives; it has no pointer of its own about the child.
    asker: Member,
    holder: Member,
}

/// Youth care and youth health have something about the child.
async fn town(change: impl FnOnce(&mut kw_agreement::draft::AgreementDraft)) -> Town {
    let chain = chain()
        .agreed(|draft| {
            with_mandates(draft);
            change(draft);
        })
        .start()
        .unwrap();
    let holder = chain.member("youth-care").unwrap();
    for member in [&holder, &chain.member("youth-health").unwrap()] {
        let registration = member.registration(CHILD).unwrap();
        member.switchboard().unwrap().register(&registration, &member.key()).await.unwrap();
    }
    let registrar = chain.member("municipality").unwrap().switchboard().unwrap();
    let asker = chain.member("school").unwrap();
    Town { chain, registrar, asker, holder }
}

impl Town {
    async fn registers(&self) -> MandateId {
        let asked = mandate(MandateKind::ParentalAuthority, "under-12");
        self.registrar.register_mandate(&asked).await.unwrap().id
    }

    fn question(&self, acts: u64, for_whom: u64, mandate: Option<MandateId>) -> Query {
        let mut query = self.asker.question(for_whom).unwrap();
        query.relation.basis = RelationBasis::Listed;
        query.relation.reason = None;
        let representative = subject_element(acts).unwrap();
        query.representation = Some(RepresentationClaim { representative, act: MandateAct::View, mandate });
        query
    }

    async fn ask(&self, query: &Query) -> Result<QueryAnswer, ClientError> {
        let mut random = [0; 10];
        aws_lc_rs::rand::fill(&mut random).unwrap();
        let transaction = TransactionId::new(SystemClock.now(), random);
        self.asker.switchboard().unwrap().query(query, transaction).await
    }

    async fn records(&self) -> Vec<AccessRecord> {
        log::records(&log::index(&self.chain).await).await
    }
}

fn claims(grant: &str) -> GrantClaims {
    let claims = grant.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

#[tokio::test]
async fn what_is_disclosed_under_a_mandate_says_so_in_grant_and_records() {
    let town = town(|_| ()).await;
    let id = town.registers().await;
    for named in [Some(id), None] {
        let answer = town.ask(&town.question(PARENT, CHILD, named)).await.unwrap();
        assert_eq!(answer.holders.len(), 1, "youth health is outside this mandate");
        assert_eq!(answer.holders[0].holder, town.holder.oin);
        let granted = claims(&answer.holders[0].grant).prp.representation.unwrap();
        assert_eq!((granted.mandate, granted.band.as_str()), (id, "under-12"));
        assert_eq!((granted.kind, granted.act), (MandateKind::ParentalAuthority, MandateAct::View));
        let record: AccessRecord = serde_json::from_str(&answer.receipt.record.unwrap()).unwrap();
        let named = format!("parental-authority:{id}");
        assert_eq!(record.representation.as_deref(), Some(&*named));
        assert!(record.subject.is_some() && record.representative.is_some());
        assert_ne!(record.subject, record.representative);
        assert!(record.decision.input.unwrap().contains("parental-authority"));
    }
    // Both people can find the records about them.
    let index = log::index(&town.chain).await;
    let stored = index.read(move |index| index.mandate(id)).await.unwrap().unwrap();
    for person in [stored.represented, stored.representative] {
        let entries = index.read(move |index| index.entries_about(person, None, 100)).await.unwrap();
        let queries =
            entries.iter().filter(|entry| entry.record.as_ref().unwrap().as_str().contains("query-answered"));
        assert_eq!(queries.count(), 2);
    }
}

/// What an asker can compare, with everything random left out.
fn shape(answer: &QueryAnswer) -> String {
    let mut record: AccessRecord = serde_json::from_str(answer.receipt.record.as_ref().unwrap()).unwrap();
    assert!(record.subject.take().is_some() && record.representative.take().is_some());
    record.transaction = None;
    record.trace = None;
    record.at = answer.decided_at;
    let mut text = serde_json::to_value(&record).unwrap();
    text.as_object_mut().unwrap().remove("at");
    // The moment stands in what was decided about, too.
    text["decision"]["input"] = text["decision"]["input"].as_str().unwrap_or_default().len().into();
    format!("{:?} {:?} {text}", answer.categories, answer.holders.len())
}

#[tokio::test]
async fn no_mandate_looks_like_nothing_found_whatever_is_wrong() {
    let town = town(|_| ()).await;
    let id = town.registers().await;
    // Somebody whom the mandate is for, and of whom nobody has anything.
    let empty = RegisterMandate {
        represented: subject_element(7).unwrap(),
        ..mandate(MandateKind::ParentalAuthority, "under-12")
    };
    let empty = town.registrar.register_mandate(&empty).await.unwrap().id;
    let nothing = shape(&town.ask(&town.question(PARENT, 7, Some(empty))).await.unwrap());
    let shaped = async |query: Query| shape(&town.ask(&query).await.unwrap());
    assert_eq!(shaped(town.question(PARENT, STRANGER, Some(id))).await, nothing, "another person");
    assert_eq!(shaped(town.question(PARENT, STRANGER, None)).await, nothing, "nobody's mandate");
    assert_eq!(shaped(town.question(STRANGER, CHILD, Some(id))).await, nothing, "another representative");
    assert_eq!(shaped(town.question(CHILD, PARENT, Some(id))).await, nothing, "turned round");
    assert_eq!(shaped(town.question(404, 405, None)).await, nothing, "people whom nobody knows");
    let mut other_act = town.question(PARENT, CHILD, Some(id));
    other_act.representation.as_mut().unwrap().act = MandateAct::Object;
    assert_eq!(shaped(other_act).await, nothing, "another act");
    // At once.
    town.registrar.withdraw_mandate(id, &withdrawal(Side::Represented, CHILD)).await.unwrap();
    assert_eq!(shaped(town.question(PARENT, CHILD, Some(id))).await, nothing, "withdrawn");
    assert_eq!(shaped(town.question(PARENT, CHILD, None)).await, nothing, "withdrawn, and not named");

    let records = town.records().await;
    let read = |verdict| {
        let about = move |record: &&AccessRecord| {
            record.event == Event::MandatesRead && record.decision.verdict == verdict
        };
        records.iter().filter(about).collect::<Vec<_>>()
    };
    let reasons: Vec<_> =
        read(Verdict::Denied).iter().map(|record| record.decision.reason.clone().unwrap()).collect();
    assert_eq!(
        reasons,
        [
            "mandate-of-others",
            "mandate-unknown",
            "mandate-of-others",
            "mandate-of-others",
            "mandate-unknown",
            "outside-mandate",
            "mandate-not-active",
            "mandate-unknown"
        ]
    );
    assert_eq!(read(Verdict::Allowed).len(), 1, "the one of whom nobody has anything");
    let both = |record: &&AccessRecord| record.subject.is_some() && record.representative.is_some();
    assert!(read(Verdict::Denied).iter().all(both));
}

#[tokio::test]
async fn a_purpose_may_say_that_the_absence_of_a_mandate_is_told() {
    let told = town(|draft| {
        draft.purposes.get_mut("coordinate-help").unwrap().denials = Some("told".to_owned());
    })
    .await;
    let refused = told.ask(&told.question(PARENT, CHILD, None)).await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::Denied));
    let without =
        town(|draft| draft.purposes.get_mut("coordinate-help").unwrap().representation = false).await;
    let id = without.registers().await;
    let refused = without.ask(&without.question(PARENT, CHILD, Some(id))).await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::Denied), "nobody acts for somebody else for this purpose");
    let mut themselves = without.question(CHILD, CHILD, None);
    themselves.relation.basis = RelationBasis::Motivated;
    themselves.relation.reason = Some("r".to_owned());
    assert!(without.ask(&themselves).await.is_err());
}

#[tokio::test]
async fn both_see_it_in_their_access_report_and_only_the_represented_person_what_was_disclosed() {
    let town = town(|_| ()).await;
    let id = town.registers().await;
    town.ask(&town.question(PARENT, CHILD, Some(id))).await.unwrap();
    let teller = town.chain.member("municipality").unwrap();
    let of = |line: &StatementLine| (line.event, line.side, line.disclosed.len());
    let (registered, asked) = (Event::MandateRequested, Event::QueryAnswered);

    let child = report(&teller, CHILD).await;
    let told: Vec<_> = child.lines.iter().filter(|line| line.side.is_some()).map(of).collect();
    let side = Some(Side::Represented);
    assert_eq!(told, [(registered, side, 0), (asked, side, 1)]);
    assert!(child.parties.iter().any(|named| named.party.oin == town.holder.oin));

    let parent = report(&teller, PARENT).await;
    let side = Some(Side::Representative);
    assert_eq!(parent.lines.iter().map(of).collect::<Vec<_>>(), [(registered, side, 0), (asked, side, 0)]);
    assert!(parent.parties.is_empty(), "no log about the child is opened for the parent");
}

#[tokio::test]
async fn whoever_relies_on_a_mandate_hears_that_it_ended() {
    let town = town(|_| ()).await;
    let id = town.registers().await;
    let relies = town.holder.switchboard().unwrap();
    let check = kw_protocol::mandate::CheckMandate {
        mandate: id,
        represented: subject_element(CHILD).unwrap(),
        representative: None,
        act: MandateAct::View,
        categories: Vec::new(),
    };
    assert!(relies.check_mandate(&check).await.unwrap().active);
    town.registrar.withdraw_mandate(id, &withdrawal(Side::Representative, PARENT)).await.unwrap();
    for client in [&relies, &town.registrar] {
        let page = client.signals(&SignalsAsked::default()).await.unwrap();
        let text = serde_json::to_string(&page).unwrap();
        assert!(text.contains("mandate-changed") && text.contains(&id.to_string()), "{text}");
    }
    let stranger = town.asker.switchboard().unwrap().signals(&SignalsAsked::default()).await.unwrap();
    assert!(!serde_json::to_string(&stranger).unwrap().contains("mandate-changed"));
}

async fn report(teller: &Member, number: u64) -> SubjectReport {
    let request = SubjectReportRequest {
        subject: subject_element(number).unwrap(),
        actor: teller.question(number).unwrap().actor,
        case: "INZAGE-1".parse().unwrap(),
        from: None,
        until: None,
    };
    let mut random = [0; 10];
    aws_lc_rs::rand::fill(&mut random).unwrap();
    let transaction = TransactionId::new(SystemClock.now(), random);
    teller.switchboard().unwrap().access_report(&request, transaction).await.unwrap()
}

//! What persons choose: laid down, taken back, and weighed in every question.

use std::time::Duration;

use kw_client::ClientError;
use kw_domain::{Clock as _, ConsentId, Instant, Oin, SystemClock, TransactionId};
use kw_ledger::{Event, Verdict};
use kw_protocol::consent::{
    CheckConsent, Consent, ConsentChoice, ConsentVerdict, Declaration, GivenBy, HoldersQuestion,
    RecordConsent, SearchConsents, WithdrawConsent,
};
use kw_protocol::mandate::{MandateAct, MandateKind, Side};
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::{Actor, Assurance};
use kw_testbed::{Chain, Member, PostgresServer, RunningChain, subject_element};

use crate::{child, log, mandates};

/// The youth chain, but with consent for the youth care plan.
pub(crate) fn chain(regime: &str) -> Chain {
    child::chain().agreed(|draft| {
        let registrar = draft.partners.iter().find(|partner| partner.kind == "municipality").unwrap();
        draft.consent.registrars = vec![registrar.oin.clone()];
        draft.consent.professionals = vec!["youth-doctor".to_owned()];
        draft.categories.get_mut("youth-care-plan").unwrap().consent = Some(regime.to_owned());
    })
}

pub(crate) struct Town {
    pub(crate) chain: RunningChain,
    pub(crate) school: Member,
    pub(crate) care: Member,
    pub(crate) registrar: Member,
}

impl Town {
    pub(crate) fn new(chain: Chain) -> Self {
        let chain = chain.start().unwrap();
        let member = |kind| chain.member(kind).unwrap();
        let (school, care, registrar) = (member("school"), member("youth-care"), member("municipality"));
        Self { chain, school, care, registrar }
    }

    pub(crate) async fn register(&self, number: u64) -> kw_domain::PointerId {
        let registration = self.care.registration(number).unwrap();
        assert_eq!(registration.category.as_str(), "youth-care-plan");
        let client = self.care.switchboard().unwrap();
        client.register(&registration, &self.care.key()).await.unwrap().pointer.id
    }

    /// Who is disclosed to the school.
    pub(crate) async fn found(&self, number: u64) -> Vec<Oin> {
        let client = self.school.switchboard().unwrap();
        let query = self.school.question(number).unwrap();
        let answer = client.query(&query, transaction()).await.unwrap();
        answer.holders.iter().map(|holder| holder.holder).collect()
    }

    pub(crate) async fn choose(
        &self,
        number: u64,
        verdict: ConsentChoice,
        change: impl FnOnce(&mut RecordConsent),
    ) -> Result<Consent, ClientError> {
        let mut consent = choice(number, verdict);
        change(&mut consent);
        self.registrar.switchboard().unwrap().record_consent(&consent).await
    }

    pub(crate) async fn withdraw(&self, number: u64, id: ConsentId) -> Result<Consent, ClientError> {
        let withdrawal =
            WithdrawConsent { subject: subject_element(number).unwrap(), declared: by_the_person() };
        self.registrar.switchboard().unwrap().withdraw_consent(id, &withdrawal).await
    }
}

pub(crate) fn transaction() -> TransactionId {
    let mut random = [0; 10];
    aws_lc_rs::rand::fill(&mut random).unwrap();
    TransactionId::new(SystemClock.now(), random)
}

pub(crate) fn by_the_person() -> Declaration {
    Declaration { given_by: GivenBy::Subject, mandate: None, representative: None, actor: None }
}

pub(crate) fn choice(number: u64, verdict: ConsentChoice) -> RecordConsent {
    RecordConsent {
        subject: subject_element(number).unwrap(),
        verdict,
        holder: None,
        holder_kind: None,
        category: None,
        requester: None,
        requester_kind: None,
        declared: by_the_person(),
        evidence: "form-2026-17".to_owned(),
        valid_until: None,
    }
}

fn actor(role: &str) -> Actor {
    serde_json::from_value(serde_json::json!({ "id": "j.jansen", "role": role })).unwrap()
}

async fn a_choice_counts_from_the_moment_it_is_laid_down_until_it_is_taken_back(chain: Chain) {
    let town = Town::new(chain);
    town.register(1).await;
    assert!(town.found(1).await.is_empty(), "nobody consented");
    let given = town.choose(1, ConsentChoice::Given, |_| ()).await.unwrap();
    assert_eq!(town.found(1).await, [town.care.oin]);
    let refused = town
        .choose(1, ConsentChoice::Refused, |choice| choice.requester_kind = Some("school".to_owned()))
        .await
        .unwrap();
    assert!(town.found(1).await.is_empty(), "the narrower choice beats the wider one");
    let again =
        town.choose(1, ConsentChoice::Given, |choice| choice.holder_kind = Some("youth-care".to_owned()));
    let again = again.await.unwrap();
    assert!(town.found(1).await.is_empty(), "an objection wins a tie");
    let narrowest = town
        .choose(1, ConsentChoice::Given, |choice| {
            choice.holder = Some(town.care.oin);
            choice.requester = Some(town.school.oin);
        })
        .await
        .unwrap();
    assert_eq!(town.found(1).await, [town.care.oin], "the narrowest of all");
    for id in [narrowest.id, refused.id] {
        town.withdraw(1, id).await.unwrap();
    }
    assert_eq!(town.found(1).await, [town.care.oin]);
    for id in [again.id, given.id] {
        town.withdraw(1, id).await.unwrap();
    }
    assert!(town.found(1).await.is_empty());
    let refused = town.withdraw(1, given.id).await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::NotFound), "it is taken back once");

    let search = SearchConsents { subject: subject_element(1).unwrap(), actor: None };
    let client = town.registrar.switchboard().unwrap();
    let known = client.search_consents(&search).await.unwrap().consents;
    assert_eq!(known.len(), 4, "the person can look back");
    assert!(
        known.iter().all(|choice| choice.withdrawn_at.is_some() && choice.recorded_by == town.registrar.oin)
    );

    // Every question has a record beside it that says what the choices came to; the asker does not get that one.
    let records = log::records(&log::index(&town.chain).await).await;
    let questions = records.iter().filter(|record| record.event == Event::QueryAnswered).count();
    let beside: Vec<_> = records
        .iter()
        .filter(|record| record.event == Event::ConsentsRead && record.party == town.school.oin)
        .collect();
    assert_eq!(beside.len(), questions);
    let input: serde_json::Value = serde_json::from_str(beside[2].decision.input.as_ref().unwrap()).unwrap();
    assert_eq!(input["pointers"][0]["consent"], "refused");
    assert_eq!(input["pointers"][0]["decidedBy"], serde_json::json!(refused_id(&records)));
    for (event, count) in [(Event::ConsentRecorded, 4), (Event::ConsentWithdrawn, 4)] {
        let about: Vec<_> = records.iter().filter(|record| record.event == event).collect();
        assert_eq!(about.len(), count, "{event:?}");
        assert!(about.iter().all(|record| record.subject.is_some()));
    }
}

/// The choice that refused, as its own record names it.
fn refused_id(records: &[kw_ledger::AccessRecord]) -> String {
    let inputs = records
        .iter()
        .filter(|record| record.event == Event::ConsentRecorded)
        .map(|record| record.decision.input.as_deref().unwrap());
    let parsed = inputs.map(|input| serde_json::from_str::<serde_json::Value>(input).unwrap());
    let refused = parsed.into_iter().find(|input| input["choice"] == "refused").unwrap();
    refused["consent"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_choice_counts_until_it_is_taken_back_on_sqlite() {
    a_choice_counts_from_the_moment_it_is_laid_down_until_it_is_taken_back(chain("opt-in")).await;
}

#[tokio::test]
async fn a_choice_counts_until_it_is_taken_back_on_postgresql() {
    let server = PostgresServer::shared().unwrap();
    let chain = chain("opt-in").postgres(&server).unwrap();
    a_choice_counts_from_the_moment_it_is_laid_down_until_it_is_taken_back(chain).await;
}

#[tokio::test]
async fn without_an_objection_an_opt_out_category_is_disclosed_and_a_statutory_one_always() {
    let town = Town::new(chain("opt-out"));
    let health = town.chain.member("youth-health").unwrap();
    health.switchboard().unwrap().register(&health.registration(1).unwrap(), &health.key()).await.unwrap();
    town.register(1).await;
    assert_eq!(town.found(1).await.len(), 2);
    town.choose(1, ConsentChoice::Refused, |_| ()).await.unwrap();
    assert_eq!(town.found(1).await, [health.oin], "for a statutory task consent is not the ground");
    let refused = town
        .choose(1, ConsentChoice::Refused, |choice| choice.category = Some("youth-health".parse().unwrap()))
        .await
        .unwrap_err();
    assert_eq!(
        refused.code(),
        Some(ProblemCode::Invalid),
        "one objects to a statutory registration in another way"
    );
}

#[tokio::test]
async fn a_choice_ends_by_itself() {
    let town = Town::new(chain("opt-in"));
    town.register(1).await;
    let until = SystemClock.now().plus(Duration::from_secs(3));
    town.choose(1, ConsentChoice::Given, |choice| choice.valid_until = Some(until)).await.unwrap();
    assert_eq!(town.found(1).await, [town.care.oin]);
    tokio::time::sleep(Duration::from_millis(3_200)).await;
    assert!(town.found(1).await.is_empty());
}

#[tokio::test]
async fn only_who_may_lays_a_choice_down() {
    let town = Town::new(chain("opt-in"));
    town.register(1).await;
    let school = town.school.switchboard().unwrap();
    let refused = school.record_consent(&choice(1, ConsentChoice::Given)).await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::Denied));
    let search = SearchConsents { subject: subject_element(1).unwrap(), actor: None };
    assert_eq!(school.search_consents(&search).await.unwrap_err().code(), Some(ProblemCode::Denied));

    // A professional in front of whom the person chose.
    let health = town.chain.member("youth-health").unwrap().switchboard().unwrap();
    let mut visit = choice(1, ConsentChoice::Given);
    visit.declared.given_by = GivenBy::Professional;
    assert_eq!(health.record_consent(&visit).await.unwrap_err().code(), Some(ProblemCode::Invalid), "who?");
    visit.declared.actor = Some(actor("care-coordinator"));
    assert_eq!(health.record_consent(&visit).await.unwrap_err().code(), Some(ProblemCode::Denied));
    visit.declared.actor = Some(actor("youth-doctor"));
    let laid_down = health.record_consent(&visit).await.unwrap();
    assert_eq!(school.record_consent(&visit).await.unwrap_err().code(), Some(ProblemCode::Denied));
    assert_eq!(town.found(1).await, [town.care.oin]);
    // It sees and takes back what it laid down itself, and nothing else.
    town.choose(1, ConsentChoice::Given, |_| ()).await.unwrap();
    let seen = health.search_consents(&search).await.unwrap().consents;
    assert_eq!(seen.iter().map(|choice| choice.id).collect::<Vec<_>>(), [laid_down.id]);

    // No mandate, no representative.
    let represented = town
        .choose(1, ConsentChoice::Given, |choice| {
            choice.declared.given_by = GivenBy::Representative;
            choice.declared.mandate = Some("019a0000-0000-7000-8000-000000000000".parse().unwrap());
            choice.declared.representative = Some(subject_element(2).unwrap());
        })
        .await
        .unwrap_err();
    assert_eq!(represented.code(), Some(ProblemCode::Denied));

    let records = log::records(&log::index(&town.chain).await).await;
    let denied: Vec<_> = records
        .iter()
        .filter(|record| record.decision.verdict == Verdict::Denied)
        .map(|record| record.decision.reason.as_deref().unwrap())
        .collect();
    let (listed, role) = ("consent-registrar-not-listed", "consent-role-not-allowed");
    assert_eq!(denied, [listed, listed, role, role, "mandate-missing"]);
}

#[tokio::test]
async fn a_representative_chooses_under_a_mandate_that_says_so() {
    let with_acts = chain("opt-in").agreed(|draft| {
        mandates::with_mandates(draft);
        let kind = draft.representation.kinds.get_mut("parental-authority").unwrap();
        kind.acts = vec!["object".to_owned(), "view".to_owned()];
    });
    let town = Town::new(with_acts);
    let registrar = town.registrar.switchboard().unwrap();
    town.register(mandates::CHILD).await;
    let mut asked = mandates::mandate(MandateKind::ParentalAuthority, "under-12");
    let view_only = registrar.register_mandate(&asked).await.unwrap();
    let by_the_parent = |mandate, child: u64| {
        let mut consent = choice(child, ConsentChoice::Given);
        consent.declared.given_by = GivenBy::Representative;
        consent.declared.mandate = Some(mandate);
        consent.declared.representative = Some(subject_element(mandates::PARENT).unwrap());
        consent
    };
    let refused = registrar.record_consent(&by_the_parent(view_only.id, mandates::CHILD)).await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::Denied), "to see is not to choose");
    let withdrawal = mandates::withdrawal(Side::Represented, mandates::CHILD);
    registrar.withdraw_mandate(view_only.id, &withdrawal).await.unwrap();
    asked.acts = vec![MandateAct::Object, MandateAct::View];
    let mandate = registrar.register_mandate(&asked).await.unwrap();
    let refused = registrar.record_consent(&by_the_parent(mandate.id, 77)).await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::Denied), "another child");
    registrar.record_consent(&by_the_parent(mandate.id, mandates::CHILD)).await.unwrap();
    assert_eq!(town.found(mandates::CHILD).await, [town.care.oin]);
    let records = log::records(&log::index(&town.chain).await).await;
    let laid_down = records
        .iter()
        .find(|record| record.event == Event::ConsentRecorded && record.decision.verdict == Verdict::Allowed)
        .unwrap();
    assert_eq!(laid_down.representation, Some(format!("parental-authority:{}", mandate.id)));
    assert!(laid_down.representative.is_some() && laid_down.representative != laid_down.subject);
}

#[tokio::test]
async fn a_choice_is_taken_back_only_for_the_person_whose_it_is() {
    let town = Town::new(chain("opt-in"));
    let given = town.choose(1, ConsentChoice::Given, |_| ()).await.unwrap();
    town.register(2).await;
    for stranger in [2, 404] {
        let refused = town.withdraw(stranger, given.id).await.unwrap_err();
        assert_eq!(refused.code(), Some(ProblemCode::NotFound));
    }
    town.register(1).await;
    assert_eq!(town.found(1).await, [town.care.oin], "it was laid down before anything was registered");
}

#[tokio::test]
async fn texts_with_a_number_and_scopes_that_contradict_are_not_laid_down() {
    let town = Town::new(chain("opt-in"));
    let wrong = async |change: &dyn Fn(&mut RecordConsent)| {
        let refused = town.choose(1, ConsentChoice::Given, |choice| change(choice)).await.unwrap_err();
        assert_eq!(refused.code(), Some(ProblemCode::Invalid));
        assert!(!refused.to_string().contains("999990342"));
    };
    wrong(&|choice| choice.evidence = "about 999990342".to_owned()).await;
    wrong(&|choice| choice.evidence = String::new()).await;
    wrong(&|choice| choice.evidence = "x".repeat(201)).await;
    wrong(&|choice| choice.holder = Some(Oin::parse("00000099000000099000").unwrap())).await;
    wrong(&|choice| choice.requester_kind = Some("pharmacy".to_owned())).await;
    wrong(&|choice| choice.valid_until = Some(Instant::from_millis(0))).await;
    wrong(&|choice| {
        choice.holder = Some(town.care.oin);
        choice.holder_kind = Some("youth-care".to_owned());
    })
    .await;
    wrong(&|choice| choice.declared.mandate = Some("019a0000-0000-7000-8000-000000000000".parse().unwrap()))
        .await;
}

#[tokio::test]
async fn a_holder_asks_about_its_own_pointer_and_no_other() {
    let town = Town::new(chain("opt-in"));
    let pointer = town.register(1).await;
    let care = town.care.switchboard().unwrap();
    let question = CheckConsent {
        pointer: Some(pointer),
        subject: None,
        category: None,
        requester: town.school.oin,
        purpose: "coordinate-help".parse().unwrap(),
    };
    let before = SystemClock.now();
    let silent = care.check_consent(&question).await.unwrap();
    assert_eq!(silent.verdict, ConsentVerdict::Silent);
    let usual = before.plus(Duration::from_mins(5));
    assert!(silent.valid_until >= usual && silent.valid_until <= usual.plus(Duration::from_secs(20)));
    let until = SystemClock.now().plus(Duration::from_mins(1));
    town.choose(1, ConsentChoice::Given, |choice| choice.valid_until = Some(until)).await.unwrap();
    let given = care.check_consent(&question).await.unwrap();
    assert_eq!(
        (given.verdict, given.valid_until),
        (ConsentVerdict::Given, until),
        "no longer than the choice"
    );
    let other = town.school.switchboard().unwrap().check_consent(&question).await.unwrap_err();
    assert_eq!(other.code(), Some(ProblemCode::NotFound), "another's pointer looks like none");

    // The same by the person, where the holder knows them.
    let mut by_person = question.clone();
    by_person.pointer = None;
    by_person.subject = Some(subject_element(1).unwrap());
    assert_eq!(care.check_consent(&by_person).await.unwrap_err().code(), Some(ProblemCode::Invalid));
    by_person.category = Some("youth-care-plan".parse().unwrap());
    assert_eq!(care.check_consent(&by_person).await.unwrap().verdict, ConsentVerdict::Given);
    by_person.subject = Some(subject_element(404).unwrap());
    assert_eq!(care.check_consent(&by_person).await.unwrap().verdict, ConsentVerdict::Silent);
}

#[tokio::test]
async fn the_open_question_tells_who_may_answer_and_not_who_has_anything() {
    let town = Town::new(chain("opt-in"));
    town.register(1).await;
    let asked = town.school.question(1).unwrap();
    let question = |number| HoldersQuestion {
        subject: subject_element(number).unwrap(),
        purpose: asked.purpose.clone(),
        actor: Actor { assurance: Assurance::Asserted, ..asked.actor.clone() },
        categories: Vec::new(),
        relation: asked.relation.clone(),
    };
    let school = town.school.switchboard().unwrap();
    let permitted = async |number| {
        let answer = school.permitted_holders(&question(number)).await.unwrap();
        answer.holders.into_iter().map(|one| (one.holder, one.category.to_string())).collect::<Vec<_>>()
    };
    let care = (town.care.oin, "youth-care-plan".to_owned());
    let unknown = permitted(404).await;
    assert_eq!(permitted(1).await, unknown, "a pointer does not show");
    assert!(!unknown.contains(&care) && !unknown.is_empty(), "{unknown:?}");
    town.choose(1, ConsentChoice::Given, |_| ()).await.unwrap();
    town.choose(404, ConsentChoice::Given, |_| ()).await.unwrap();
    let consented = permitted(404).await;
    assert!(consented.contains(&care));
    assert_eq!(permitted(1).await, consented);

    let mut listed = question(1);
    listed.relation = serde_json::from_value(serde_json::json!({ "basis": "listed" })).unwrap();
    let refused = school.permitted_holders(&listed).await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::Denied), "the school holds nothing about this person");
    let mut curious = question(1);
    curious.purpose = "curiosity".parse().unwrap();
    assert_eq!(school.permitted_holders(&curious).await.unwrap_err().code(), Some(ProblemCode::Denied));
}

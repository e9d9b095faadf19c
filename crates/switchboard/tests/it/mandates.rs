//! Who may act for whom: the whole life of a mandate, and what is never told of it.

use kw_agreement::draft::{AgeBandDraft, AgreementDraft, MandateDraft};
use kw_client::{ClientError, SwitchboardClient};
use kw_domain::{Clock as _, Instant, MandateId, SystemClock};
use kw_ledger::{AccessRecord, Event, Verdict};
use kw_protocol::mandate::{
    CheckMandate, ConfirmMandate, MandateAct, MandateChecked, MandateKind, MandateStatus, RegisterMandate,
    SearchMandates, Side, WithdrawMandate,
};
use kw_protocol::problem::ProblemCode;
use kw_testbed::{Member, PostgresServer, RunningChain, subject_element};

use crate::child::chain;
use crate::log;

pub(crate) const PARENT: u64 = 1;
pub(crate) const CHILD: u64 = 2;
const STRANGER: u64 = 3;

/// The municipality registers parental authority, the school voluntary mandates.
pub(crate) fn with_mandates(draft: &mut AgreementDraft) {
    let oin = |draft: &AgreementDraft, kind: &str| {
        draft.partners.iter().find(|partner| partner.kind == kind).unwrap().oin.clone()
    };
    let (municipality, school) = (oin(draft, "municipality"), oin(draft, "school"));
    let band = |name: &str, from, below, confirmed_by: &[&str]| AgeBandDraft {
        name: name.to_owned(),
        from,
        below,
        confirmed_by: confirmed_by.iter().map(|side| (*side).to_owned()).collect(),
    };
    let kind = |registrar: &str, ages| MandateDraft {
        registrars: vec![registrar.to_owned()],
        categories: vec!["youth-care-plan".to_owned(), "youth-health".to_owned()],
        acts: vec!["view".to_owned()],
        max_term: "P12Y".to_owned(),
        ages,
    };
    let both: &[&str] = &["representative", "represented"];
    draft.representation.kinds.clear();
    draft.representation.kinds.insert(
        "parental-authority".to_owned(),
        kind(&municipality, vec![band("under-12", 0, Some(12), &[]), band("from-12", 12, Some(16), both)]),
    );
    let voluntary = kind(&school, vec![band("from-16", 16, None, &["represented"])]);
    draft.representation.kinds.insert("voluntary".to_owned(), voluntary);
    draft.purposes.get_mut("coordinate-help").unwrap().representation = true;
}

fn later(seconds: u64) -> Instant {
    SystemClock.now().plus(std::time::Duration::from_secs(seconds))
}

pub(crate) fn mandate(kind: MandateKind, band: &str) -> RegisterMandate {
    RegisterMandate {
        representative: subject_element(PARENT).unwrap(),
        represented: subject_element(CHILD).unwrap(),
        kind,
        age_band: band.to_owned(),
        categories: vec!["youth-care-plan".parse().unwrap()],
        acts: vec![MandateAct::View],
        valid_until: later(86_400),
    }
}

fn confirmation(side: Side, number: u64) -> ConfirmMandate {
    ConfirmMandate { side, subject: subject_element(number).unwrap() }
}

pub(crate) fn withdrawal(side: Side, number: u64) -> WithdrawMandate {
    WithdrawMandate { side: Some(side), subject: Some(subject_element(number).unwrap()) }
}

fn check(id: MandateId, represented: u64, representative: Option<u64>) -> CheckMandate {
    CheckMandate {
        mandate: id,
        represented: subject_element(represented).unwrap(),
        representative: representative.map(|number| subject_element(number).unwrap()),
        act: MandateAct::View,
        categories: vec!["youth-care-plan".parse().unwrap()],
    }
}

async fn status(client: &SwitchboardClient, id: MandateId) -> MandateStatus {
    client.mandate(id).await.unwrap().status
}

async fn the_whole_life_of_a_mandate(chain: RunningChain) {
    let (town, care) = (chain.member("municipality").unwrap(), chain.member("youth-care").unwrap());
    let (registrar, asker) = (town.switchboard().unwrap(), care.switchboard().unwrap());
    let asked = mandate(MandateKind::ParentalAuthority, "from-12");
    let registered = registrar.register_mandate(&asked).await.unwrap();
    assert_eq!(registered.status, MandateStatus::Requested);
    assert_eq!(registrar.register_mandate(&asked).await.unwrap(), registered, "the same twice is one");
    let counts = async || asker.check_mandate(&check(registered.id, CHILD, Some(PARENT))).await.unwrap();
    assert_eq!(counts().await, MandateChecked::default(), "nobody agreed yet");

    let confirm =
        async |side, number| registrar.confirm_mandate(registered.id, &confirmation(side, number)).await;
    assert_eq!(confirm(Side::Represented, CHILD).await.unwrap().status, MandateStatus::Requested);
    let not_theirs = confirm(Side::Representative, STRANGER).await.unwrap_err();
    assert_eq!(not_theirs.code(), Some(ProblemCode::NotFound));
    assert_eq!(confirm(Side::Representative, PARENT).await.unwrap().status, MandateStatus::Active);
    let told = counts().await;
    assert!(told.active);
    let told = told.mandate.unwrap();
    assert_eq!((told.kind, told.age_band.as_str()), (MandateKind::ParentalAuthority, "from-12"));

    // At once, and by either side.
    let left =
        registrar.withdraw_mandate(registered.id, &withdrawal(Side::Represented, CHILD)).await.unwrap();
    assert_eq!(left.status, MandateStatus::Withdrawn);
    assert_eq!(counts().await, MandateChecked::default());
    let again = confirm(Side::Represented, CHILD).await.unwrap_err();
    assert_eq!(again.code(), Some(ProblemCode::Conflict), "what has ended stays ended");
    // Another one may be made then.
    let second = registrar.register_mandate(&asked).await.unwrap();
    assert_ne!(second.id, registered.id);
    let own = registrar.withdraw_mandate(second.id, &WithdrawMandate::default()).await.unwrap();
    assert_eq!(own.status, MandateStatus::Withdrawn);

    let records = log::records(&log::index(&chain).await).await;
    let of = |event| records.iter().filter(|record| record.event == event).collect::<Vec<_>>();
    let named = format!("parental-authority:{}", registered.id);
    let about_both = |record: &&AccessRecord| {
        record.representation.as_deref() == Some(&named)
            && record.subject.is_some()
            && record.representative.is_some()
            && record.decision.verdict == Verdict::Allowed
    };
    assert_eq!(of(Event::MandateRequested).into_iter().filter(about_both).count(), 2);
    assert_eq!(of(Event::MandateConfirmed).into_iter().filter(about_both).count(), 2);
    assert_eq!(of(Event::MandateEnded).into_iter().filter(about_both).count(), 1);
    assert_eq!(of(Event::MandatesRead).into_iter().filter(about_both).count(), 1);
    let denied: Vec<_> = records.iter().filter_map(|record| record.decision.reason.as_deref()).collect();
    assert_eq!(
        denied,
        ["mandate-not-active", "mandate-not-found", "mandate-not-active", "mandate-ended"],
        "what was refused is recorded with its reason"
    );
}

#[tokio::test]
async fn a_mandate_lives_from_request_to_withdrawal_on_sqlite() {
    the_whole_life_of_a_mandate(chain().agreed(with_mandates).start().unwrap()).await;
}

#[tokio::test]
async fn a_mandate_lives_from_request_to_withdrawal_on_postgresql() {
    let server = PostgresServer::shared().unwrap();
    the_whole_life_of_a_mandate(chain().agreed(with_mandates).postgres(&server).unwrap().start().unwrap())
        .await;
}

#[tokio::test]
async fn a_check_tells_the_same_whatever_is_wrong() {
    let chain = chain().agreed(with_mandates).start().unwrap();
    let town = chain.member("municipality").unwrap().switchboard().unwrap();
    let asker = chain.member("youth-care").unwrap().switchboard().unwrap();
    let id = town.register_mandate(&mandate(MandateKind::ParentalAuthority, "under-12")).await.unwrap().id;
    assert!(asker.check_mandate(&check(id, CHILD, Some(PARENT))).await.unwrap().active);
    assert!(asker.check_mandate(&check(id, CHILD, None)).await.unwrap().active);
    let nobodys = MandateId::new(later(0), [7; 10]);
    let mut other_act = check(id, CHILD, None);
    other_act.act = MandateAct::Object;
    let mut other_category = check(id, CHILD, None);
    other_category.categories.push("youth-health".parse().unwrap());
    for wrong in [
        check(nobodys, CHILD, Some(PARENT)),
        check(id, STRANGER, Some(PARENT)),
        check(id, CHILD, Some(STRANGER)),
        // Turned round.
        check(id, PARENT, Some(CHILD)),
        other_act,
        other_category,
    ] {
        assert_eq!(asker.check_mandate(&wrong).await.unwrap(), MandateChecked::default());
    }
}

#[tokio::test]
async fn only_a_registrar_of_the_kind_registers_within_the_agreement() {
    let chain = chain().agreed(with_mandates).start().unwrap();
    let town = chain.member("municipality").unwrap().switchboard().unwrap();
    let school = chain.member("school").unwrap().switchboard().unwrap();
    let parental = mandate(MandateKind::ParentalAuthority, "under-12");
    let code = |error: ClientError| error.code();
    let denied = school.register_mandate(&parental).await.map_err(code);
    assert_eq!(denied, Err(Some(ProblemCode::Denied)));
    let guardianship = mandate(MandateKind::Guardianship, "under-12");
    assert_eq!(town.register_mandate(&guardianship).await.map_err(code), Err(Some(ProblemCode::Denied)));
    let mut alone = parental.clone();
    alone.representative = alone.represented.clone();
    for wrong in [
        RegisterMandate { age_band: "from-16".to_owned(), ..parental.clone() },
        RegisterMandate { categories: vec!["addiction-care".parse().unwrap()], ..parental.clone() },
        RegisterMandate { acts: vec![MandateAct::Object], ..parental.clone() },
        RegisterMandate { valid_until: later(86_400 * 366 * 13), ..parental.clone() },
        alone,
    ] {
        assert_eq!(town.register_mandate(&wrong).await.map_err(code), Err(Some(ProblemCode::Invalid)));
    }
    town.register_mandate(&parental).await.unwrap();
    let longer = RegisterMandate { valid_until: later(86_400 * 2), ..parental };
    assert_eq!(town.register_mandate(&longer).await.map_err(code), Err(Some(ProblemCode::Conflict)));
    let records = log::records(&log::index(&chain).await).await;
    let reasons: Vec<_> = records.iter().filter_map(|record| record.decision.reason.as_deref()).collect();
    assert_eq!(reasons, ["not-registrar", "not-registrar"]);
}

#[tokio::test]
async fn a_person_has_several_representatives_and_acts_for_several_people() {
    let chain = chain().agreed(with_mandates).start().unwrap();
    let town = chain.member("municipality").unwrap().switchboard().unwrap();
    let school = chain.member("school").unwrap().switchboard().unwrap();
    for (acts, for_whom) in [(PARENT, CHILD), (STRANGER, CHILD), (PARENT, 4), (PARENT, 5)] {
        let one = RegisterMandate {
            representative: subject_element(acts).unwrap(),
            represented: subject_element(for_whom).unwrap(),
            ..mandate(MandateKind::ParentalAuthority, "under-12")
        };
        town.register_mandate(&one).await.unwrap();
    }
    let listed = async |client: &SwitchboardClient, side, number| {
        let subject = subject_element(number).unwrap();
        client.search_mandates(&SearchMandates { subject, side }).await.map(|found| found.mandates.len())
    };
    assert_eq!(listed(&town, Side::Represented, CHILD).await.unwrap(), 2);
    assert_eq!(listed(&town, Side::Representative, PARENT).await.unwrap(), 3);
    assert_eq!(listed(&town, Side::Representative, CHILD).await.unwrap(), 0);
    assert_eq!(listed(&town, Side::Representative, 404).await.unwrap(), 0);
    assert_eq!(listed(&school, Side::Represented, CHILD).await.unwrap(), 0, "of its own kinds only");
    let nobody = chain.member("youth-care").unwrap().switchboard().unwrap();
    assert_eq!(
        listed(&nobody, Side::Represented, CHILD).await.unwrap_err().code(),
        Some(ProblemCode::Denied)
    );
}

#[tokio::test]
async fn a_mandate_ends_by_itself_and_its_people_stay_in_the_index() {
    let chain = chain().agreed(with_mandates).start().unwrap();
    let (town, care) = (chain.member("municipality").unwrap(), chain.member("youth-care").unwrap());
    let (registrar, asker) = (town.switchboard().unwrap(), care.switchboard().unwrap());
    let short =
        RegisterMandate { valid_until: later(4), ..mandate(MandateKind::ParentalAuthority, "under-12") };
    let id = registrar.register_mandate(&short).await.unwrap().id;
    assert!(asker.check_mandate(&check(id, CHILD, None)).await.unwrap().active);
    // A pointer about the child that comes and goes leaves the person in the register.
    let pointer = register(&care, CHILD).await;
    let reason = kw_protocol::pointer::WithdrawalReason::EnteredInError;
    asker.withdraw(pointer, &kw_protocol::pointer::WithdrawPointer { reason }).await.unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while status(&registrar, id).await != MandateStatus::Expired {
        assert!(std::time::Instant::now() < until, "it does not expire");
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    assert_eq!(asker.check_mandate(&check(id, CHILD, None)).await.unwrap(), MandateChecked::default());
    let index = log::index(&chain).await;
    let stored = index.read(move |index| index.mandate(id)).await.unwrap().unwrap();
    assert!(stored.due_at > later(86_400 * 300), "what ended is kept as long as records of accesses");
    assert_eq!(index.read(|index| index.count_subjects()).await.unwrap(), 2);
}

async fn register(member: &Member, number: u64) -> kw_domain::PointerId {
    let registration = member.registration(number).unwrap();
    member.switchboard().unwrap().register(&registration, &member.key()).await.unwrap().pointer.id
}

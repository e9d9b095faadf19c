use kw_agreement::draft::AgreementDraft;
use kw_domain::{ActorId, CaseReference, GrantId, Instant, Purpose, Role, TransactionId};
use kw_ledger::{
    GrantedAccess, GrantedAct, Leaf, LeafKind, RecordedActor, RecordedRelation, Salt, canonical,
};

use super::*;

const YOUTH: &str = include_str!("../../../../examples/chains/youth.toml");
const SCHOOL: &str = "00000099000000012000";

fn agreed(change: impl FnOnce(&mut AgreementDraft)) -> Agreement {
    let mut draft = AgreementDraft::parse(YOUTH).unwrap();
    change(&mut draft);
    Agreement::parse(&draft.to_toml().unwrap()).unwrap()
}

fn category(text: &str) -> Category {
    Category::parse(text).unwrap()
}

fn query(agreement: &Agreement, categories: &[&str]) -> AccessRecord {
    let (now, school) = (Instant::from_millis(1_795_000_000_123), Oin::parse(SCHOOL).unwrap());
    let mut record = AccessRecord::new(
        Event::QueryAnswered,
        now,
        agreement.chain().clone(),
        agreement.switchboard().oin,
        school,
        agreement.hash(),
    );
    record.actor = Some(RecordedActor {
        assurance: "asserted".to_owned(),
        id: ActorId::parse("j.jansen").unwrap(),
        role: Role::parse("care-coordinator").unwrap(),
    });
    record.case = Some(CaseReference::parse("Z-2026-17").unwrap());
    record.categories = categories.iter().map(|text| category(text)).collect();
    record.purpose = Some(Purpose::parse("coordinate-help").unwrap());
    record.relation =
        Some(RecordedRelation { basis: "emergency".to_owned(), reason: Some("told by aunt".to_owned()) });
    record.grants = (0..)
        .zip(categories)
        .map(|(number, text)| GrantedAccess {
            act: GrantedAct::Pull,
            category: category(text),
            grant: GrantId::new(now, [number; 10]),
            holder: agreement.partners().next().unwrap().oin,
            outcome: None,
            transaction: TransactionId::new(now, [number; 10]),
        })
        .collect();
    record
}

fn told(record: &AccessRecord, agreement: &Agreement) -> Option<StatementLine> {
    line(Teller::Switchboard, record, agreement)
}

#[test]
fn a_line_tells_who_why_and_what_and_names_neither_staff_nor_case_nor_their_words() {
    let agreement = agreed(|_| ());
    let line = told(&query(&agreement, &["youth-care-plan"]), &agreement).unwrap();
    assert_eq!(line.party.oin.as_str(), SCHOOL);
    assert_eq!(line.role.as_ref().map(Role::as_str), Some("care-coordinator"));
    assert_eq!(line.relation, Some(RelationBasis::Emergency));
    assert_eq!((line.categories.len(), line.disclosed.len()), (1, 1));
    let text = serde_json::to_string(&line).unwrap();
    for hidden in ["j.jansen", "Z-2026-17", "aunt"] {
        assert!(!text.contains(hidden), "{text}");
    }
}

#[test]
fn staff_are_named_where_the_agreement_says_so() {
    let agreement = agreed(|draft| draft.subject_access.staff_names = true);
    let line = told(&query(&agreement, &["youth-care-plan"]), &agreement).unwrap();
    assert_eq!(line.actor.as_ref().map(ActorId::as_str), Some("j.jansen"));
}

#[test]
fn a_withheld_category_goes_with_what_was_disclosed_of_it_and_alone_takes_the_record_along() {
    let withheld = |draft: &mut AgreementDraft| {
        draft.categories.get_mut("addiction-care").unwrap().withheld_from_subject = true;
    };
    let agreement = agreed(withheld);
    let both = query(&agreement, &["addiction-care", "youth-care-plan"]);
    let line = told(&both, &agreement).unwrap();
    assert!(!serde_json::to_string(&line).unwrap().contains("addiction-care"), "{line:?}");
    assert_eq!((line.categories.len(), line.disclosed.len()), (1, 1));
    assert_eq!(told(&query(&agreement, &["addiction-care"]), &agreement), None);
    let denied = query(&agreement, &["addiction-care"]).denied("role-not-allowed");
    assert_eq!(told(&denied, &agreement), None, "whoever asked in vain is not told of either");
}

#[test]
fn a_withheld_purpose_takes_the_record_along_answered_or_denied() {
    let agreement = agreed(|draft| {
        draft.purposes.get_mut("coordinate-help").unwrap().withheld_from_subject = true;
    });
    let record = query(&agreement, &["youth-care-plan"]);
    assert_eq!(told(&record, &agreement), None);
    assert_eq!(told(&record.denied("role-not-allowed"), &agreement), None);
}

#[test]
fn what_left_the_agreement_is_not_told_unless_it_was_denied() {
    let agreement = agreed(|_| ());
    let mut record = query(&agreement, &["youth-care-plan"]);
    record.purpose = Some(Purpose::parse("former-purpose").unwrap());
    assert_eq!(told(&record, &agreement), None);
    assert!(told(&record.denied("unknown-purpose"), &agreement).is_some());
    let former = query(&agreement, &["former-category"]);
    assert_eq!(told(&former, &agreement), None);
    let line = told(&former.denied("category-outside-purpose"), &agreement).unwrap();
    assert_eq!(line.categories, []);
}

#[test]
fn reports_of_others_for_the_person_are_told() {
    let agreement = agreed(|_| ());
    let mut record = query(&agreement, &["access-log"]);
    record.event = Event::AccessReportMade;
    record.purpose = Some(Purpose::subject_access());
    for teller in [Teller::Switchboard, Teller::Party] {
        assert_eq!(line(teller, &record, &agreement).unwrap().disclosed.len(), 1);
    }
}

#[test]
fn each_act_is_told_by_one_kind_of_log() {
    for event in Event::ALL {
        let by = [Teller::Switchboard, Teller::Party].map(|teller| teller.tells(*event));
        let both = matches!(
            event,
            Event::AccessLogSearched
                | Event::AccessReportMade
                | Event::ResolutionApproved
                | Event::ResolutionRequested
        );
        assert_eq!(by == [true, true], both, "{event:?}");
    }
}

#[test]
fn every_kind_of_party_has_its_name() {
    let agreement = agreed(|_| ());
    let name = |oin: &str| party(Oin::parse(oin).unwrap(), &agreement).name;
    assert_eq!(name(agreement.switchboard().oin.as_str()), agreement.switchboard().name);
    let auditor = agreement.auditors().next().unwrap();
    assert_eq!(name(auditor.oin.as_str()), auditor.name);
    assert_eq!(name("00000099000000098000"), "00000099000000098000");
}

#[test]
fn a_record_that_was_changed_in_the_database_is_not_told_and_an_erased_one_is_nothing() {
    let agreement = agreed(|_| ());
    let record = query(&agreement, &["youth-care-plan"]);
    let (text, salt) = (canonical(&record).unwrap(), Salt([1; 32]));
    let leaf = Leaf::commit(LeafKind::Access, &salt, &text).hash;
    let stored = |salt, record| StoredEntry {
        index: 7,
        at: Instant::from_millis(1),
        kind: LeafKind::Access,
        leaf,
        salt,
        record,
    };
    assert_eq!(record_of(&stored(Some(salt), Some(text.clone()))), Ok(Some(record.clone())));
    assert_eq!(record_of(&stored(None, None)), Ok(None));
    let changed = canonical(&record.denied("role-not-allowed")).unwrap();
    assert_eq!(record_of(&stored(Some(salt), Some(changed))), Err(Unsound(7)));
    assert_eq!(record_of(&stored(None, Some(text))), Err(Unsound(7)));
}

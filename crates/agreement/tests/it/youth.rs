//! examples/chains/youth.toml.

use kw_agreement::{
    Agreement, Allowed, Budget, ConsentRegime, Decision, DecisionInput, Environment, Language, Term,
};
use kw_domain::{Category, Epoch, Instant, KeyUse, Oin, Purpose, Role};
use kw_protocol::evaluation::BudgetClass;
use kw_protocol::query::{Assurance, RelationBasis};
use serde_json::json;

use crate::matrix;

pub(crate) const TEXT: &str = include_str!("../../../../examples/chains/youth.toml");

pub(crate) const MUNICIPALITY: &str = "00000099000000013000";

const TABLE: &str = "
                                                                 youth-care-plan school-attendance municipal-support youth-health addiction-care
    coordinate-help     municipal-consultant  municipality    LME  word  x               x                 x                 x            x
    coordinate-help     youth-care-worker     youth-care      LME  word  x               x                 x                 x            x
    coordinate-help     youth-doctor          youth-health    LME  word  x               x                 -                 x            x
    coordinate-help     addiction-worker      addiction-care  LME  word  x               -                 x                 x            x
    coordinate-help     care-coordinator      school          LME  word  x               x                 -                 x            -
    enforce-attendance  attendance-officer    municipality    LM   word  -               x                 x                 -            -
    enforce-attendance  care-coordinator      school          LM   word  -               x                 -                 -            -
";

pub(crate) fn agreement() -> Agreement {
    Agreement::parse(TEXT).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn every_decision_follows_the_table() {
    // Per row: bases × 2 assurances × (its categories one by one, none asked, and all asked where it has all five).
    let expected = [3 * 2 * 7, 3 * 2 * 7, 3 * 2 * 5, 3 * 2 * 5, 3 * 2 * 4, 2 * 2 * 3, 2 * 2 * 2];
    assert_eq!(matrix::check(&agreement(), TABLE), expected.iter().sum::<usize>());
}

#[test]
fn an_allowed_request_carries_its_ground() {
    let decision = agreement().decide(&DecisionInput {
        requester: Oin::parse(MUNICIPALITY).unwrap(),
        supplier: None,
        purpose: &Purpose::parse("enforce-attendance").unwrap(),
        role: &Role::parse("attendance-officer").unwrap(),
        categories: &[],
        relation: RelationBasis::Listed,
        assurance: Assurance::Asserted,
        representation: None,
        at: Instant::from_millis(0),
    });
    let Decision::Allowed(Allowed { legal_basis, processing_activity, categories }) = decision else {
        panic!("{decision:?}")
    };
    assert_eq!(legal_basis, "Leerplichtwet 1969, art. 16");
    assert_eq!(processing_activity, "https://register.demostad.example/verwerkingen/toezicht-leerplicht");
    assert_eq!(categories.len(), 2);
}

#[test]
fn retention_follows_the_youth_act() {
    let agreement = agreement();
    let start = Instant::parse("2026-11-21T09:30:00Z").unwrap();
    for (name, rules) in agreement.categories() {
        assert_eq!(rules.max_validity.after(start).to_string(), "2028-11-21T09:30:00.000Z", "{name}");
        assert_eq!(rules.archive, Some(Term::years(5)), "{name}");
        assert_eq!(rules.age_limit, Some(23), "{name}");
    }
}

#[test]
fn who_reported_the_same_family_is_told_of_each_other_and_nobody_consents() {
    let agreement = agreement();
    for (name, rules) in agreement.categories() {
        let matching = rules.matching.as_ref().unwrap();
        assert!(matching.family && matching.legal_basis.starts_with("Jeugdwet"), "{name}");
        assert_eq!(rules.consent, ConsentRegime::Statutory, "{name}");
    }
    assert_eq!(agreement.review().reviewers, [Role::parse("quality-officer").unwrap()].into());
    assert_eq!(agreement.consent().objection_within.as_secs(), 28 * 86_400);
    assert!(agreement.representation().kinds.is_empty() && agreement.operators().is_empty());
}

#[test]
fn each_holder_registers_its_own_category_only() {
    let agreement = agreement();
    for (holder, own) in [
        ("00000099000000011000", "youth-care-plan"),
        ("00000099000000012000", "school-attendance"),
        (MUNICIPALITY, "municipal-support"),
        ("00000099000000014000", "youth-health"),
        ("00000099000000015000", "addiction-care"),
    ] {
        let holder = Oin::parse(holder).unwrap();
        for (category, _) in agreement.categories() {
            assert_eq!(
                agreement.may_register(holder, category),
                category.as_str() == own,
                "{holder} {category}"
            );
        }
    }
    let stranger = agreement.switchboard().oin;
    assert!(agreement.categories().all(|(category, _)| !agreement.may_register(stranger, category)));
}

#[test]
fn documents_need_a_person_with_a_name_and_a_birth_date() {
    let agreement = agreement();
    for (category, _) in agreement.categories() {
        let sound = json!({
            "person": { "familyName": "de Vries", "birthDate": "2011-04-00", "address": { "city": "Demostad" } },
            "contact": { "phone": "010-0000000" },
            "remarks": "free",
        });
        assert_eq!(agreement.check_document(category, &sound), Ok(()), "{category}");
        for (document, complaint) in [
            (json!({}), ": required (person)"),
            (json!({ "person": { "birthDate": "2011" } }), "/person: required (familyName)"),
            (json!({ "person": { "familyName": "x", "birthDate": "3 mei" } }), "/person/birthDate: pattern"),
            (json!([]), ": type"),
        ] {
            let complaints = agreement.check_document(category, &document).unwrap_err();
            assert_eq!(complaints, [complaint], "{category}");
        }
    }
    let unknown = Category::parse("unheard-of").unwrap();
    assert!(agreement.check_document(&unknown, &json!({})).is_err());
}

#[test]
fn the_rest_of_the_file_is_read_as_it_stands() {
    let agreement = agreement();
    assert_eq!(agreement.chain().as_str(), "youth-demostad");
    assert_eq!(agreement.environment(), Environment::Test);
    assert_eq!(agreement.languages(), [Language::Dutch, Language::English]);
    assert_eq!(agreement.title().within(Language::Dutch), "Jeugdketen Demostad");
    assert_eq!(agreement.lease_term().as_secs(), 30 * 86_400);
    assert_eq!(agreement.switchboard().name, "Schakelpunt Demoregio");
    assert_eq!(agreement.pseudonymiser_keys(KeyUse::Index)[&Epoch(1)][..2], [0xe2, 0xf2]);
    assert_eq!(agreement.pseudonymiser_keys(KeyUse::Binding)[&Epoch(1)][..2], [0x6a, 0x49]);
    let names: Vec<_> = agreement.partners().map(|partner| partner.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "Jeugdzorg Demostad",
            "Scholengroep De Linde",
            "Gemeente Demostad",
            "GGD Demoregio",
            "Verslavingszorg Demostad"
        ]
    );
    let shared: Vec<_> = agreement.shared_attributes().iter().map(|shared| shared.name.as_str()).collect();
    assert_eq!(shared, ["family-name", "city", "phone"]);
    assert_eq!(agreement.shared_attributes()[1].authoritative, Oin::parse(MUNICIPALITY).ok());
    assert_eq!(agreement.shared_attributes()[2].authoritative, None);
    let municipality = agreement.partner(Oin::parse(MUNICIPALITY).unwrap()).unwrap();
    assert_eq!(
        agreement.budget(BudgetClass::Register, municipality),
        Budget { burst: 4_096, hour: 15_000, day: 60_000 }
    );
}

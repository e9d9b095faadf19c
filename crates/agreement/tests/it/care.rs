//! examples/chains/care.toml.

use kw_agreement::{Agreement, AuditorRole, Budget, ConsentRegime, MandateAct, MandateKind};
use kw_domain::{Category, Oin, Purpose};
use kw_protocol::evaluation::BudgetClass;
use serde_json::json;

use crate::matrix;

const TEXT: &str = include_str!("../../../../examples/chains/care.toml");

const TABLE: &str = "
                                                                                                      gp-summary medication allergies lab-results
    treat             general-practitioner  general-practice|out-of-hours-practice  LM  proven  x          x          x         x
    treat             medical-specialist    hospital                                LM  proven  -          x          x         x
    check-medication  pharmacist            pharmacy                                L   proven  -          x          x         -
    check-medication  medical-specialist    hospital                                L   proven  -          x          x         -
    acute-care        general-practitioner  general-practice|out-of-hours-practice  E   word    x          x          x         -
    acute-care        medical-specialist    hospital                                E   word    x          x          x         x
    view-own-file     citizen               personal-environment                    L   word    x          x          x         x
";

fn agreement() -> Agreement {
    Agreement::parse(TEXT).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn every_decision_follows_the_table() {
    // Per row: parties × bases × assurances × (categories one by one, none asked, all asked where it has all four).
    let expected = [2 * 2 * 6, 2 * 4, 3, 3, 2 * 2 * 4, 2 * 6, 2 * 6];
    assert_eq!(matrix::check(&agreement(), TABLE), expected.iter().sum::<usize>());
}

#[test]
fn a_mix_up_is_guarded_everywhere() {
    let agreement = agreement();
    for (purpose, _) in agreement.purposes() {
        for (category, _) in agreement.categories() {
            assert!(agreement.birth_date_required(purpose, category), "{purpose} {category}");
        }
    }
    let unheard_of = (Purpose::parse("unheard-of").unwrap(), Category::parse("unheard-of").unwrap());
    assert!(agreement.birth_date_required(&unheard_of.0, &unheard_of.1));
}

#[test]
fn a_partners_own_quota_beats_the_chains_and_the_chains_beats_the_default() {
    let agreement = agreement();
    let quota = |oin| agreement.query_quota(agreement.partner(Oin::parse(oin).unwrap()).unwrap());
    assert_eq!(quota("00000099000000114000"), Budget { burst: 120, hour: 2_000, day: 10_000 });
    assert_eq!(quota("00000099000000111000"), Budget { burst: 60, hour: 1_000, day: 6_000 });
    let practice = agreement.partner(Oin::parse("00000099000000111000").unwrap()).unwrap();
    assert_eq!(agreement.budget(BudgetClass::Query, practice).day, 10_000);
}

#[test]
fn dates_and_lists_in_documents_are_checked() {
    let agreement = agreement();
    let medication = Category::parse("medication").unwrap();
    let document = |on: &str| {
        json!({
            "person": { "familyName": "Jansen", "birthDate": "1950-01-01" },
            "author": { "organisation": "Apotheek De Gaper" },
            "dispensed": [{ "product": "paracetamol 500 mg", "on": on }],
        })
    };
    assert_eq!(agreement.check_document(&medication, &document("2026-02-28")), Ok(()));
    assert_eq!(
        agreement.check_document(&medication, &document("2026-02-30")),
        Err(vec!["/dispensed/0/on: format".to_owned()])
    );
}

#[test]
fn patients_choose_who_may_be_told_of_their_files() {
    let agreement = agreement();
    assert!(agreement.categories().all(|(_, rules)| rules.consent == ConsentRegime::OptIn));
    let registrars: Vec<&str> =
        agreement.consent().registrars.iter().filter_map(|oin| agreement.party_name(*oin)).collect();
    assert_eq!(registrars, ["Toestemming Demoland"]);
    let dpo = agreement.auditors().find(|auditor| auditor.role == AuditorRole::DataProtectionOfficer);
    assert!(dpo.unwrap().name.contains("gegevensbescherming"));
    assert_eq!(agreement.operators().len(), 2);
}

#[test]
fn who_acts_for_a_patient_depends_on_the_age() {
    let agreement = agreement();
    let kinds = &agreement.representation().kinds;
    let band =
        |kind, age| kinds[&kind].band_at(age).map(|band| (band.name.as_str(), band.confirmed_by.len()));
    use MandateKind::{Guardianship, Mentorship, ParentalAuthority, Voluntary};
    assert_eq!(band(ParentalAuthority, 0), Some(("under-12", 0)));
    assert_eq!(band(ParentalAuthority, 11), Some(("under-12", 0)));
    assert_eq!(band(ParentalAuthority, 12), Some(("from-12-to-15", 1)));
    assert_eq!(band(ParentalAuthority, 15), Some(("from-12-to-15", 1)));
    assert_eq!(band(ParentalAuthority, 16), None);
    assert_eq!((band(Voluntary, 15), band(Voluntary, 16)), (None, Some(("from-16", 2))));
    for kind in [Guardianship, Mentorship] {
        assert_eq!((band(kind, 17), band(kind, 18)), (None, Some(("adult", 0))));
    }
    assert!(!kinds.contains_key(&MandateKind::Administration), "bewind is about money");
    assert!(!kinds[&Voluntary].acts.contains(&MandateAct::Object));
    let asks: Vec<&str> = agreement
        .purposes()
        .filter(|(_, rules)| rules.representation)
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(asks, ["view-own-file"]);
}

#[test]
fn where_a_proof_is_demanded_there_is_a_provider_that_can_give_it() {
    let agreement = agreement();
    for (name, rules) in agreement.purposes().filter(|(_, rules)| rules.actor_must_be_proven) {
        for role in rules.roles.keys() {
            let kinds = &agreement.role(role).unwrap().kinds;
            for partner in agreement.partners().filter(|partner| kinds.contains(&partner.kind)) {
                let provider = partner.identity_provider.as_ref();
                let proves =
                    provider.is_some_and(|provider| provider.roles.values().any(|known| known == role));
                assert!(proves, "{name} {role} {}", partner.name);
            }
        }
    }
}

//! examples/chains/work-and-income.toml.

use kw_agreement::{Agreement, Budget, ConsentRegime, DelegationScope, MandateKind};
use kw_domain::{Category, Oin, Purpose};
use kw_protocol::evaluation::BudgetClass;

use crate::matrix;

const TEXT: &str = include_str!("../../../../examples/chains/work-and-income.toml");

const TABLE: &str = "
                                                                              wages benefits social-assistance pension study-finance
    grant-assistance  income-consultant  municipality                     LM  word    x     x        x                 x       x
    grant-benefit     claims-assessor    employee-insurance               LM  word    x     x        x                 x       -
    recover-payments  recovery-officer   municipality|employee-insurance  L   proven  x     x        x                 -       -
    help-with-debts   debt-counsellor    credit-bank|municipality         LM  word    x     x        x                 -       -
";

fn agreement() -> Agreement {
    Agreement::parse(TEXT).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn every_decision_follows_the_table() {
    let expected = [2 * 2 * 7, 2 * 2 * 5, 2 * 4, 2 * 2 * 2 * 4];
    assert_eq!(matrix::check(&agreement(), TABLE), expected.iter().sum::<usize>());
}

#[test]
fn the_birth_date_is_demanded_for_recovery_only() {
    let agreement = agreement();
    for (purpose, _) in agreement.purposes() {
        for (category, _) in agreement.categories() {
            let expected = *purpose == Purpose::parse("recover-payments").unwrap();
            assert_eq!(agreement.birth_date_required(purpose, category), expected, "{purpose} {category}");
        }
    }
}

#[test]
fn a_party_that_only_asks_registers_nothing_and_has_small_budgets() {
    let agreement = agreement();
    let bank = agreement.partner(Oin::parse("00000099000000215000").unwrap()).unwrap();
    assert!(!agreement.may_register(bank.oin, &Category::parse("social-assistance").unwrap()));
    let register = agreement.budget(BudgetClass::Register, bank);
    assert_eq!(register, Budget { burst: 2_500, hour: 2_500, day: 10_000 });
    let institute = agreement.partner(Oin::parse("00000099000000211000").unwrap()).unwrap();
    assert_eq!(agreement.budget(BudgetClass::Register, institute).day, 26_000_000);
}

#[test]
fn a_supplier_asks_and_registers_for_the_municipality_and_answers_nothing() {
    let agreement = agreement();
    let supplier = agreement.suppliers().next().unwrap().oin;
    for partner in agreement.partners() {
        let own = partner.kind.as_str() == "municipality";
        assert_eq!(agreement.may_delegate(partner.oin, supplier, DelegationScope::Query), own);
        assert_eq!(agreement.may_delegate(partner.oin, supplier, DelegationScope::Register), own);
        assert!(!agreement.may_delegate(partner.oin, supplier, DelegationScope::Answer));
    }
}

#[test]
fn a_proof_can_be_given_wherever_it_is_demanded_and_consent_is_no_ground() {
    let agreement = agreement();
    let recovers = agreement.purpose(&Purpose::parse("recover-payments").unwrap()).unwrap();
    for role in recovers.roles.keys() {
        let kinds = &agreement.role(role).unwrap().kinds;
        for partner in agreement.partners().filter(|partner| kinds.contains(&partner.kind)) {
            let roles = &partner.identity_provider.as_ref().unwrap().roles;
            assert!(roles.values().any(|known| known == role), "{}", partner.name);
        }
    }
    assert!(agreement.categories().all(|(_, rules)| rules.consent == ConsentRegime::Statutory));
}

#[test]
fn administrators_of_money_are_represented_at_the_debt_counsellor() {
    let agreement = agreement();
    let kinds = &agreement.representation().kinds;
    assert_eq!(kinds.keys().copied().collect::<Vec<_>>(), [MandateKind::Administration]);
    assert_eq!(kinds[&MandateKind::Administration].band_at(17), None);
    let admits: Vec<&str> = agreement
        .purposes()
        .filter(|(_, rules)| rules.representation)
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(admits, ["help-with-debts"]);
}

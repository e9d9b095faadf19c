//! examples/chains/work-and-income.toml.

use kw_agreement::{Agreement, Budget};
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

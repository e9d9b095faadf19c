//! What partners get no more of.

use std::time::Duration;

use kw_domain::KeyUse;
use kw_ledger::{Outcome, Verdict};
use kw_protocol::evaluation::BudgetClass;

use crate::chain::{Chain, blinded};

#[tokio::test]
async fn a_budget_that_is_used_up_is_told_with_the_time_to_wait_and_recorded_as_refused() {
    let mut chain = Chain::new();
    chain.limit(BudgetClass::Query, 5, 8, 9);
    let running = chain.start().await;
    let partner = chain.caller("partner", chain.partner().as_str(), &running);

    assert!(partner.spend(BudgetClass::Query, 3).await.is_ok());
    chain.clock.advance(Duration::from_secs(20));
    let refused = partner.spend(BudgetClass::Query, 3).await.err().unwrap();
    assert_eq!((refused.code(), refused.problem.status), ("budget-exhausted", 429));
    assert_eq!(refused.retry_after, Some(40));
    // Nothing was taken by the batch that did not fit.
    assert!(partner.spend(BudgetClass::Query, 2).await.is_ok());

    chain.clock.advance(Duration::from_secs(40));
    assert!(partner.spend(BudgetClass::Query, 3).await.is_ok());
    let refused = partner.spend(BudgetClass::Query, 1).await.err().unwrap();
    assert_eq!(refused.retry_after, Some(3_600 - 60));

    running.stop().await;
    let results: Vec<_> =
        chain.records().iter().map(|record| (record.count.unwrap(), record.result)).collect();
    assert_eq!(
        results,
        [
            (3, Outcome::Success),
            (3, Outcome::Refused),
            (2, Outcome::Success),
            (3, Outcome::Success),
            (1, Outcome::Refused)
        ]
    );
    let refused = &chain.records()[1].decision;
    assert_eq!(refused.verdict, Verdict::Denied);
    assert_eq!(refused.reason.as_deref(), Some("budget-exhausted-query-minute"));
}

#[tokio::test]
async fn classes_and_uses_have_budgets_of_their_own() {
    let mut chain = Chain::new();
    chain.limit(BudgetClass::Query, 1, 1, 1);
    chain.limit(BudgetClass::Refresh, 1, 1, 1);
    let running = chain.start().await;
    let partner = chain.caller("partner", chain.partner().as_str(), &running);
    for (class, key_use) in [
        (BudgetClass::Query, KeyUse::Index),
        (BudgetClass::Query, KeyUse::Binding),
        (BudgetClass::Refresh, KeyUse::Index),
    ] {
        assert!(partner.ask(class, key_use, &blinded(1).1).await.is_ok());
        assert!(partner.ask(class, key_use, &blinded(1).1).await.is_err());
    }
    assert!(partner.spend(BudgetClass::Register, 1).await.is_ok());
    running.stop().await;
}

#[tokio::test]
async fn a_restart_gives_nothing_back() {
    let mut chain = Chain::new();
    chain.limit(BudgetClass::Query, 2, 2, 2);
    let running = chain.start().await;
    let partner = chain.caller("partner", chain.partner().as_str(), &running);
    assert!(partner.spend(BudgetClass::Query, 2).await.is_ok());
    running.stop().await;

    chain.clock.advance(Duration::from_secs(90));
    let running = chain.start().await;
    let partner = chain.caller("partner-again", chain.partner().as_str(), &running);
    let refused = partner.spend(BudgetClass::Query, 1).await.err().unwrap();
    assert_eq!(refused.retry_after, Some(86_400 - 90));
    chain.clock.advance(Duration::from_secs(86_400 - 90));
    assert!(partner.spend(BudgetClass::Query, 2).await.is_ok());
    running.stop().await;
}

#[tokio::test]
async fn a_flood_of_refusals_leaves_one_record_a_second() {
    let mut chain = Chain::new();
    chain.limit(BudgetClass::Query, 1, 1, 1);
    let running = chain.start().await;
    let partner = chain.caller("partner", chain.partner().as_str(), &running);
    assert!(partner.spend(BudgetClass::Query, 1).await.is_ok());
    for _ in 0..30 {
        assert!(partner.spend(BudgetClass::Query, 1).await.is_err());
    }
    chain.clock.advance(Duration::from_secs(1));
    assert!(partner.spend(BudgetClass::Query, 1).await.is_err());
    running.stop().await;
    assert_eq!(chain.records().len(), 3);
}

#[tokio::test]
async fn a_budget_is_never_overdrawn_by_callers_at_the_same_time() {
    let mut chain = Chain::new();
    chain.limit(BudgetClass::Query, 10, 10, 10);
    let running = chain.start().await;
    let partner = std::sync::Arc::new(chain.caller("partner", chain.partner().as_str(), &running));
    let asking: Vec<_> = (0..30)
        .map(|_| {
            let partner = partner.clone();
            tokio::spawn(async move { partner.spend(BudgetClass::Query, 1).await.is_ok() })
        })
        .collect();
    let mut given = 0;
    for one in asking {
        given += usize::from(one.await.unwrap());
    }
    assert_eq!(given, 10);
    running.stop().await;
}

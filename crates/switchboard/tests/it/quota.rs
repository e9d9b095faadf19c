//! A partner can ask only so much.

use kw_agreement::draft::BudgetDraft;
use kw_domain::TransactionId;
use kw_protocol::problem::ProblemCode;

use crate::child::chain;

#[tokio::test]
async fn a_used_up_quota_is_told_with_when_to_come_back_and_is_each_partners_own() {
    let small = BudgetDraft { burst: 3, hour: 100, day: 100 };
    let chain = chain().agreed(|draft| draft.budgets.switchboard_query = Some(small)).start().unwrap();
    let (school, care) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    let client = school.switchboard().unwrap();
    let transaction = || TransactionId::new(kw_domain::Clock::now(&kw_domain::SystemClock), [1; 10]);
    for _ in 0..3 {
        client.query(&school.question(1).unwrap(), transaction()).await.unwrap();
    }
    let refused = client.query(&school.question(1).unwrap(), transaction()).await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::BudgetExhausted));
    let wait = refused.retry_after().unwrap().as_secs();
    assert!((1..=60).contains(&wait), "{wait}");
    care.switchboard().unwrap().query(&care.question(1).unwrap(), transaction()).await.unwrap();
}

//! What is repeated, and what never is.

use std::sync::{Arc, Mutex};

use actix_web::{HttpRequest, web};
use kw_client::{Entropy, IdempotencyKey};
use kw_domain::{Category, Epoch, Handle, Instant, PointerId, SourceName, TransactionId};
use kw_protocol::SecretBytes32;
use kw_protocol::pointer::{
    RegisterPointer, RegistrationReason, SubjectElement, WithdrawPointer, WithdrawalReason,
};
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::Query;

use crate::server::{Service, context, problem};

type Seen = Arc<Mutex<Vec<(String, String)>>>;

/// Answers every call with the same problem and remembers key and transaction.
fn refusing(code: ProblemCode, retry_after: Option<&'static str>) -> (Service, Seen) {
    let seen = Seen::default();
    let remembered = Arc::clone(&seen);
    let service = Service::start(move |config| {
        let seen = Arc::clone(&remembered);
        let answer = move |http: HttpRequest| {
            let header = |name| {
                http.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
            };
            seen.lock().unwrap().push((header("idempotency-key"), header("fsc-transaction-id")));
            async move {
                let mut response = problem(code, "said by a test");
                if let Some(seconds) = retry_after {
                    let value = actix_web::http::header::HeaderValue::from_static(seconds);
                    response.headers_mut().insert(actix_web::http::header::RETRY_AFTER, value);
                }
                response
            }
        };
        config.default_service(web::to(answer));
    });
    (service, seen)
}

pub(crate) fn pointer(number: u8) -> RegisterPointer {
    RegisterPointer {
        subject: SubjectElement { element: SecretBytes32([number; 32]), epoch: Epoch(1) },
        category: Category::parse("youth-care-plan").unwrap(),
        source: SourceName::parse("files").unwrap(),
        handle: Handle::from_bytes([number; 16]),
        purposes: Vec::new(),
        valid_until: None,
        destroy_by: None,
        reason: RegistrationReason::Regular,
    }
}

#[actix_web::test]
async fn a_registration_is_repeated_under_one_key() {
    let (service, seen) = refusing(ProblemCode::Unavailable, None);
    let key = IdempotencyKey::random(&Entropy::system());
    let error = service.switchboard().register(&pointer(1), &key).await.unwrap_err();
    assert_eq!(error.code(), Some(ProblemCode::Unavailable));
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 3);
    assert!(seen.iter().all(|one| one == &seen[0] && one.0 == key.to_string()), "{seen:?}");
}

#[actix_web::test]
async fn what_will_not_succeed_later_is_not_repeated() {
    let (service, seen) = refusing(ProblemCode::Conflict, None);
    let key = IdempotencyKey::random(&Entropy::system());
    service.switchboard().register(&pointer(1), &key).await.unwrap_err();
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[actix_web::test]
async fn a_service_that_asks_for_a_long_wait_is_left_to_the_caller() {
    let (service, seen) = refusing(ProblemCode::TooMany, Some("120"));
    let error = service.switchboard().lease().await.unwrap_err();
    assert_eq!(error.retry_after(), Some(std::time::Duration::from_mins(2)));
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[actix_web::test]
async fn queries_and_withdrawals_are_never_repeated() {
    let (service, seen) = refusing(ProblemCode::Unavailable, None);
    let client = service.switchboard();
    let query: Query = serde_json::from_value(serde_json::json!({
        "subject": {"element": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "epoch": 1},
        "purpose": "coordinate-help", "case": "Z-1", "actor": {"id": "j", "role": "youth-doctor"},
        "relation": {"basis": "listed"},
    }))
    .unwrap();
    let transaction: TransactionId = context().transaction();
    client.query(&query, transaction).await.unwrap_err();
    assert_eq!(
        seen.lock().unwrap().drain(..).collect::<Vec<_>>(),
        [(String::new(), transaction.to_string())]
    );

    let id = PointerId::new(Instant::from_millis(1), [1; 10]);
    client.withdraw(id, &WithdrawPointer { reason: WithdrawalReason::Deceased }).await.unwrap_err();
    assert_eq!(seen.lock().unwrap().len(), 1);
}

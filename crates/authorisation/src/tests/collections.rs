use std::time::Duration;

use kw_protocol::consent::ConsentVerdict;
use kw_protocol::problem::ProblemCode;

use super::bed::{ANNA, Bed};
use crate::server::Client;

#[actix_web::test]
async fn a_mandate_that_is_withdrawn_after_the_consent_ends_the_token() {
    let bed = Bed::new().await;
    let token = bed.token(&[]).await;
    bed.collect(&token).await.unwrap();
    bed.withdraw_mandate();
    assert_eq!(bed.collect(&token).await.err(), Some(ProblemCode::RepresentationEnded));
    assert_eq!(bed.collect(&token).await.err(), Some(ProblemCode::TokenRefused));
    let told = bed.told();
    assert!(told.contains(&"collection-answered representation-ended".to_owned()), "{told:?}");
}

#[actix_web::test]
async fn when_the_register_cannot_be_asked_nothing_is_delivered() {
    let bed = Bed::new().await;
    let token = bed.token(&[]).await;
    *bed.register.down.lock().unwrap() = true;
    assert_eq!(bed.collect(&token).await.err(), Some(ProblemCode::Unavailable));
    *bed.register.down.lock().unwrap() = false;
    assert!(bed.collect(&token).await.is_ok());
}

#[actix_web::test]
async fn a_token_is_good_for_its_certificate_time_and_categories() {
    let bed = Bed::new().await;
    let token = bed.token(&[]).await;
    let outside = bed.collect_as(&Bed::client(), &token, "youth-care-plan").await;
    assert_eq!(outside.err(), Some(ProblemCode::Denied));
    assert!(bed.collect(&token).await.is_ok());
    assert_eq!(bed.collect("never-given").await.err(), Some(ProblemCode::TokenRefused));
    bed.clock.advance(Duration::from_mins(15));
    assert_eq!(bed.collect(&token).await.err(), Some(ProblemCode::TokenRefused));
    for thief in [Bed::another(), Client { certificate: [9; 32], ..Bed::client() }] {
        let token = bed.token(&[]).await;
        let stolen = bed.collect_as(&thief, &token, "school-attendance").await;
        assert_eq!(stolen.err(), Some(ProblemCode::TokenRefused));
        assert_eq!(
            bed.collect(&token).await.err(),
            Some(ProblemCode::TokenRefused),
            "it is not safe any more"
        );
    }
}

#[actix_web::test]
async fn the_birth_date_is_compared_again_at_the_source() {
    let bed = Bed::new().await;
    let token = bed.token(&[]).await;
    bed.book.people.lock().unwrap().insert(ANNA.to_owned(), Some("20160612".to_owned()));
    assert_eq!(bed.collect(&token).await.err(), Some(ProblemCode::BirthDateMismatch));
    assert_eq!(bed.collect(&token).await.err(), Some(ProblemCode::TokenRefused));
}

#[actix_web::test]
async fn a_child_that_comes_of_age_meanwhile_is_not_represented_any_more() {
    let bed = Bed::new().await;
    // Twelve tomorrow, by the calendar in the Netherlands: in an hour.
    bed.clock.advance(Duration::from_mins(13 * 60 + 25));
    bed.book.people.lock().unwrap().insert(ANNA.to_owned(), Some("20141123".to_owned()));
    let token = bed.token(&[("birth_date", "20141123")]).await;
    bed.collect(&token).await.unwrap();
    bed.clock.advance(Duration::from_mins(6));
    assert_eq!(bed.collect(&token).await.err(), Some(ProblemCode::RepresentationEnded));
}

#[actix_web::test]
async fn a_source_that_fails_is_said_and_recorded() {
    let bed = Bed::new().await;
    let token = bed.token(&[]).await;
    *bed.book.broken.lock().unwrap() = true;
    assert_eq!(bed.collect(&token).await.err(), Some(ProblemCode::SourceUnavailable));
    assert_eq!(bed.told().pop().unwrap(), "collection-answered source-unavailable");
    *bed.book.broken.lock().unwrap() = false;
    assert!(bed.collect(&token).await.is_ok(), "the token is still good");
}

#[actix_web::test]
async fn an_objection_in_the_register_counts_after_the_consent_too() {
    let bed = Bed::new().await;
    let token = bed.token(&[]).await;
    for (verdict, refused) in [
        (ConsentVerdict::Silent, None),
        (ConsentVerdict::Refused, Some(ProblemCode::ConsentWithheld)),
        (ConsentVerdict::Given, None),
    ] {
        *bed.choices.0.lock().unwrap() = verdict;
        assert_eq!(bed.collect(&token).await.err(), refused, "{verdict:?}");
    }
    let told = bed.told();
    assert!(told.contains(&"collection-answered consent-withheld".to_owned()), "{told:?}");
}

use std::time::Duration;

use kw_protocol::authorisation::{ConsentVerdict, ConsentView, FailureCode, OauthErrorCode};
use kw_protocol::mandate::MandateKind;
use kw_protocol::problem::ProblemCode;

use super::bed::{ANNA, BRAM, Bed, Browser, EVA, VERIFIER, answer, parameter};
use crate::ProviderError;
use crate::steps::CallbackQuery;

async fn failed(bed: &Bed, change: &[(&str, &str)]) -> FailureCode {
    let (_, _, view) = bed.asked(change).await;
    let ConsentView::Ended(ended) = view else { panic!("{view:?}") };
    let error = parameter(&ended.redirect_to, "error").unwrap();
    assert!(["access_denied", "temporarily_unavailable"].contains(&error.as_str()));
    // The personal environment does not learn why.
    assert!(!ended.redirect_to.contains(ended.reason.as_str()) || ended.reason == FailureCode::Unavailable);
    let told = bed.told().pop().unwrap();
    assert_eq!(told, format!("authorisation-decided {}", ended.reason.as_str()));
    ended.reason
}

#[actix_web::test]
async fn another_birth_date_ends_it_before_anything_is_shown() {
    let bed = Bed::new().await;
    assert_eq!(failed(&bed, &[("birth_date", "20160612")]).await, FailureCode::BirthDateMismatch);
    assert_eq!(failed(&bed, &[("birth_date", "20160700")]).await, FailureCode::BirthDateMismatch);
    assert!(bed.records().pop().unwrap().subject.is_some(), "whose record it is can be told so");
}

#[actix_web::test]
async fn a_date_of_which_only_the_year_is_known_tells_nobody_apart() {
    let bed = Bed::new().await;
    bed.book.people.lock().unwrap().insert(ANNA.to_owned(), Some("2016".to_owned()));
    assert_eq!(failed(&bed, &[]).await, FailureCode::BirthDateUnknown);
    bed.book.people.lock().unwrap().insert(ANNA.to_owned(), None);
    assert_eq!(failed(&bed, &[]).await, FailureCode::BirthDateUnknown);
}

#[actix_web::test]
async fn representation_is_used_exactly_when_it_was_asked() {
    let bed = Bed::new().await;
    bed.says(EVA, None, None);
    assert_eq!(failed(&bed, &[]).await, FailureCode::RepresentationMissing);
    bed.says(EVA, Some(EVA), Some(MandateKind::ParentalAuthority));
    assert_eq!(failed(&bed, &[]).await, FailureCode::RepresentationMissing);
    bed.says(EVA, Some(ANNA), Some(MandateKind::ParentalAuthority));
    assert_eq!(failed(&bed, &[("scope", "school-attendance")]).await, FailureCode::RepresentationUnasked);
    bed.says(EVA, Some(ANNA), Some(MandateKind::Voluntary));
    assert_eq!(failed(&bed, &[]).await, FailureCode::MandateRefused);
}

#[actix_web::test]
async fn a_mandate_that_does_not_count_or_is_over_another_person_is_refused() {
    let bed = Bed::new().await;
    bed.withdraw_mandate();
    assert_eq!(failed(&bed, &[]).await, FailureCode::MandateRefused);
    // The mandate is over Anna, the statement about Bram.
    bed.registered(EVA, ANNA, MandateKind::ParentalAuthority, "under-12");
    bed.says(EVA, Some(BRAM), Some(MandateKind::ParentalAuthority));
    assert_eq!(failed(&bed, &[("birth_date", "20170302")]).await, FailureCode::MandateRefused);
    // It is Eva's, and somebody else signed in.
    bed.says(BRAM, Some(ANNA), Some(MandateKind::ParentalAuthority));
    assert_eq!(failed(&bed, &[]).await, FailureCode::MandateRefused);
    *bed.register.down.lock().unwrap() = true;
    bed.says(EVA, Some(ANNA), Some(MandateKind::ParentalAuthority));
    assert_eq!(failed(&bed, &[]).await, FailureCode::Unavailable);
}

#[actix_web::test]
async fn parental_authority_ends_at_the_age_of_the_agreement_and_the_gap_after_it_is_no_mandate() {
    let bed = Bed::new().await;
    // Twelve since June.
    bed.book.people.lock().unwrap().insert(ANNA.to_owned(), Some("20140611".to_owned()));
    assert_eq!(failed(&bed, &[("birth_date", "20140611")]).await, FailureCode::RepresentationAge);
    // A mandate of sixteen and over does not fit a child either.
    bed.registered(EVA, ANNA, MandateKind::Voluntary, "from-16");
    bed.says(EVA, Some(ANNA), Some(MandateKind::Voluntary));
    let voluntary = [("scope", "school-attendance onbehalfof"), ("birth_date", "20140611")];
    assert_eq!(failed(&bed, &voluntary).await, FailureCode::RepresentationAge);
}

#[actix_web::test]
async fn a_source_that_knows_another_age_than_the_request_is_believed() {
    let bed = Bed::new().await;
    // The request knows the month only, and every day of it is under twelve; by the source's day it is not the same month.
    bed.book.people.lock().unwrap().insert(ANNA.to_owned(), Some("20141122".to_owned()));
    assert_eq!(failed(&bed, &[("birth_date", "20141200")]).await, FailureCode::BirthDateMismatch);
}

#[actix_web::test]
async fn a_statement_that_is_not_believed_or_not_there_ends_it() {
    let bed = Bed::new().await;
    *bed.provider.says.lock().unwrap() = Err(ProviderError::Refused("signature"));
    assert_eq!(failed(&bed, &[]).await, FailureCode::StatementRefused);
    *bed.provider.says.lock().unwrap() = Err(ProviderError::Unavailable("down"));
    assert_eq!(failed(&bed, &[]).await, FailureCode::Unavailable);
    for (answer_with, reason) in [
        (
            CallbackQuery { error: Some("access_denied".to_owned()), code: None, ..CallbackQuery::default() },
            FailureCode::AuthenticationFailed,
        ),
        (
            CallbackQuery {
                iss: Some("https://other.example".to_owned()),
                code: Some("x".to_owned()),
                ..CallbackQuery::default()
            },
            FailureCode::StatementRefused,
        ),
    ] {
        let mut browser = Browser::default();
        let pushed = bed.push(&[]).await.unwrap();
        let state = bed.send(&mut browser, &pushed.request_uri).await.unwrap();
        let id = bed.call_back(&browser, &CallbackQuery { state: Some(state), ..answer_with }).await.unwrap();
        let (view, _) = bed.server.show(id, browser.0.get(&id).map(String::as_str), None).await.unwrap();
        assert!(matches!(view, ConsentView::Ended(ended) if ended.reason == reason), "{reason:?}");
    }
}

#[actix_web::test]
async fn weak_sign_ins_are_refused() {
    let bed = Bed::new().await;
    bed.provider.says.lock().unwrap().as_mut().unwrap().assurance = "https://loa.example/low".to_owned();
    assert_eq!(failed(&bed, &[]).await, FailureCode::AssuranceTooLow);
}

#[actix_web::test]
async fn a_request_uri_works_once_in_time_and_for_its_client() {
    let bed = Bed::new().await;
    let pushed = bed.push(&[]).await.unwrap();
    let other = bed.server.send("00000099000000011000", &pushed.request_uri).await;
    assert_eq!(other.err().map(|refusal| refusal.code()), Some(ProblemCode::Invalid));
    bed.send(&mut Browser::default(), &pushed.request_uri).await.unwrap();
    let again = bed.send(&mut Browser::default(), &pushed.request_uri).await;
    assert_eq!(again, Err(ProblemCode::Invalid));
    let late = bed.push(&[]).await.unwrap();
    bed.clock.advance(Duration::from_secs(91));
    assert_eq!(bed.send(&mut Browser::default(), &late.request_uri).await, Err(ProblemCode::Invalid));
}

#[actix_web::test]
async fn an_answer_of_the_provider_counts_once_in_the_browser_that_was_sent() {
    let bed = Bed::new().await;
    let mut browser = Browser::default();
    let pushed = bed.push(&[]).await.unwrap();
    let state = bed.send(&mut browser, &pushed.request_uri).await.unwrap();
    // Another browser, with an answer that was slipped into it.
    assert_eq!(bed.call_back(&Browser::default(), &answer(&state)).await, Err(ProblemCode::Invalid));
    assert_eq!(bed.call_back(&browser, &answer("another-state")).await, Err(ProblemCode::Invalid));
    bed.call_back(&browser, &answer(&state)).await.unwrap();
    assert_eq!(bed.call_back(&browser, &answer(&state)).await, Err(ProblemCode::Invalid));
    let late = bed.push(&[]).await.unwrap();
    let state = bed.send(&mut browser, &late.request_uri).await.unwrap();
    bed.clock.advance(Duration::from_mins(11));
    assert_eq!(bed.call_back(&browser, &answer(&state)).await, Err(ProblemCode::Invalid));
}

#[actix_web::test]
async fn a_refused_consent_gives_no_code_and_cannot_be_taken_back() {
    let bed = Bed::new().await;
    let (id, browser, _) = bed.asked(&[]).await;
    assert_eq!(
        bed.decide(id, &Browser::default(), ConsentVerdict::Given).await.err(),
        Some(ProblemCode::NotFound)
    );
    let decided = bed.decide(id, &browser, ConsentVerdict::Refused).await.unwrap();
    assert_eq!(parameter(&decided.redirect_to, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&decided.redirect_to, "code"), None);
    assert_eq!(bed.decide(id, &browser, ConsentVerdict::Given).await.err(), Some(ProblemCode::NotFound));
    assert_eq!(bed.told().pop().unwrap(), "authorisation-decided consent-refused");
}

#[actix_web::test]
async fn what_a_client_may_not_ask_is_refused_at_once() {
    use OauthErrorCode::{InvalidScope, UnauthorizedClient};
    let bed = Bed::new().await;
    assert_eq!(bed.push(&[("scope", "youth-health")]).await.err(), Some(InvalidScope), "not this holder's");
    assert_eq!(
        bed.push(&[("scope", "youth-care-plan")]).await.err(),
        Some(InvalidScope),
        "not this holder's"
    );
    let form = Bed::form(&[("client_id", "00000099000000011000")]);
    let other = bed.server.push(&Bed::another(), &form).await;
    assert_eq!(other.err().map(|refused| refused.0.error), Some(UnauthorizedClient));
}

#[actix_web::test]
async fn a_code_is_good_once_for_its_client_address_and_verifier() {
    use OauthErrorCode::InvalidGrant;
    let bed = Bed::new().await;
    let code = bed.code(&[]).await;
    assert_eq!(bed.redeem_as(&Bed::another(), &code, &[]).await.err(), Some(InvalidGrant));
    assert_eq!(
        bed.redeem_as(&Bed::client(), &code, &[]).await.err(),
        Some(InvalidGrant),
        "it was tried by a thief"
    );
    let other_verifier = VERIFIER.replace('d', "e");
    for change in
        [("code_verifier", other_verifier.as_str()), ("redirect_uri", "https://pgo.example/elsewhere")]
    {
        let code = bed.code(&[]).await;
        assert_eq!(bed.redeem_as(&Bed::client(), &code, &[change]).await.err(), Some(InvalidGrant));
        assert_eq!(bed.redeem_as(&Bed::client(), &code, &[]).await.err(), Some(InvalidGrant));
    }
    let late = bed.code(&[]).await;
    bed.clock.advance(Duration::from_secs(61));
    assert_eq!(bed.redeem_as(&Bed::client(), &late, &[]).await.err(), Some(InvalidGrant));
    assert_eq!(bed.redeem_as(&Bed::client(), "never-given", &[]).await.err(), Some(InvalidGrant));
}

#[actix_web::test]
async fn a_code_that_is_used_twice_voids_the_token_that_it_gave() {
    let bed = Bed::new().await;
    let code = bed.code(&[]).await;
    let token = bed.redeem_as(&Bed::client(), &code, &[]).await.unwrap();
    let token = token.access_token.reveal();
    bed.collect(token).await.unwrap();
    assert_eq!(bed.redeem_as(&Bed::client(), &code, &[]).await.err(), Some(OauthErrorCode::InvalidGrant));
    assert_eq!(bed.told().pop().unwrap(), "authorisation-decided code-replayed");
    assert_eq!(bed.collect(token).await.err(), Some(ProblemCode::TokenRefused));
}

//! Signing in, staying in, and getting out.

use std::time::Duration;

use crate::bed::Bed;
use kw_testbed::Visitor;

#[tokio::test]
async fn somebody_signs_in_and_out_and_nothing_of_them_is_left() {
    let Some(bed) = Bed::start().await else { return };
    let mut browser = bed.browser("anna").await;
    let page = browser.get(&bed.at("/")).await;
    assert!(
        page.text.contains("Ingelogd als Anna de Boer") && page.text.contains("<html lang=\"nl\""),
        "{}",
        page.text
    );
    let token = page.token();
    browser.post(&bed.at("/notes"), &[("_token", &token), ("note", "melk")]).await;
    let kept = browser.cookies.clone();
    let out = browser.post(&bed.at("/sign-out"), &[("_token", &token)]).await;
    assert_eq!((out.status.as_u16(), out.header("location")), (303, "/signed-out"));
    let page = browser.follow(out).await;
    assert!(page.text.contains("U bent uitgelogd"));
    // The cookie that somebody kept opens nothing any more.
    browser.cookies = kept;
    let page = browser.get(&bed.at("/")).await;
    assert_eq!((page.status.as_u16(), page.header("location")), (303, "/sign-in?next=/"));
}

#[tokio::test]
async fn a_session_ends_by_doing_nothing_and_after_its_longest_time() {
    let Some(bed) = Bed::start().await else { return };
    let mut browser = bed.browser("anna").await;
    bed.pass(Duration::from_mins(14));
    assert_eq!(browser.get(&bed.at("/")).await.status.as_u16(), 200);
    bed.pass(Duration::from_mins(15));
    assert_eq!(browser.get(&bed.at("/")).await.status.as_u16(), 303);
    let mut browser = bed.browser("anna").await;
    let page = browser.get(&bed.at("/")).await;
    for _ in 0..8 * 6 - 1 {
        bed.pass(Duration::from_mins(10));
        let stayed = browser.post(&bed.at("/stay"), &[("_token", &page.token()), ("next", "/")]).await;
        assert_eq!(stayed.header("location"), "/");
    }
    bed.pass(Duration::from_mins(10));
    assert_eq!(browser.get(&bed.at("/")).await.status.as_u16(), 303);
}

#[tokio::test]
async fn the_browser_gets_a_cookie_that_nobody_knew_before() {
    let Some(bed) = Bed::start().await else { return };
    let mut browser = Visitor::new();
    let port = bed.address.rsplit(':').next().unwrap().parse().unwrap();
    let name = "kw-notes".to_owned();
    browser.cookies.insert((port, name.clone()), "given-by-somebody-else".to_owned());
    browser.sign_in(&bed.at("/"), "anna").await;
    let first = browser.cookies[&(port, name.clone())].clone();
    assert_ne!(first, "given-by-somebody-else");
    browser.sign_in(&bed.at("/sign-in"), "anna").await;
    assert_ne!(browser.cookies[&(port, name)], first);
}

#[tokio::test]
async fn an_answer_that_this_browser_did_not_ask_for_signs_nobody_in() {
    let Some(bed) = Bed::start().await else { return };
    let mut attacker = Visitor::new();
    let asked = attacker.get(&bed.at("/sign-in")).await;
    let state =
        asked.header("location").split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let mut victim = Visitor::new();
    for path in [format!("/sign-in/callback?code=x&state={state}"), "/sign-in/callback".to_owned()] {
        let seen = victim.get(&bed.at(&path)).await;
        assert_eq!(seen.status.as_u16(), 401, "{}", seen.text);
        assert!(victim.cookies.is_empty());
    }
    let seen = attacker.get(&bed.at("/sign-in/callback?code=x&state=another")).await;
    assert_eq!(seen.status.as_u16(), 401);
}

#[tokio::test]
async fn whoever_has_no_role_of_the_agreement_is_not_let_in() {
    let Some(bed) = Bed::start().await else { return };
    let mut browser = Visitor::new();
    let seen = browser.sign_in(&bed.at("/"), "nobody").await;
    assert_eq!(seen.status.as_u16(), 401);
    assert!(seen.text.contains("U bent niet ingelogd"), "{}", seen.text);
}

#[tokio::test]
async fn a_sensitive_act_wants_a_fresh_sign_in_of_somebody_who_may() {
    let Some(bed) = Bed::start().await else { return };
    let mut anna = bed.browser("anna").await;
    let token = anna.get(&bed.at("/")).await.token();
    assert_eq!(anna.post(&bed.at("/wipe"), &[("_token", &token)]).await.status.as_u16(), 403);
    let mut karel = bed.browser("karel").await;
    let token = karel.get(&bed.at("/")).await.token();
    karel.post(&bed.at("/notes"), &[("_token", &token), ("note", "brood")]).await;
    bed.pass(Duration::from_mins(6));
    let sent = karel.post(&bed.at("/wipe"), &[("_token", &token)]).await;
    assert_eq!(sent.header("location"), "/sign-in?next=/&again=true");
    let asked = karel.get(&bed.at("/sign-in?next=/&again=true")).await;
    assert!(
        asked.header("location").contains("max_age=0") && asked.header("location").contains("prompt=login")
    );
}

#[tokio::test]
async fn nobody_is_sent_elsewhere_after_signing_in() {
    let Some(bed) = Bed::start().await else { return };
    let mut browser = Visitor::new();
    let start = bed.at("/sign-in?next=//evil.example/");
    let seen = browser.sign_in(&start, "anna").await;
    assert!(seen.url.as_str().starts_with(&bed.address), "{}", seen.url);
    let seen = browser.get(&bed.at("/language/en?next=https://evil.example")).await;
    assert_eq!(seen.header("location"), "/");
    assert!(browser.get(&bed.at("/")).await.text.contains("Signed in as Anna"));
}

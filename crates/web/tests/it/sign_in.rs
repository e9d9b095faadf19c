//! Signing in, staying in, and getting out.

use std::time::Duration;

use crate::bed::Bed;
use kw_testbed::Visitor;
use kw_web::SessionSettings;

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
    // To the clock of these pages, the provider's "now" is six minutes ago: as with one that signs nobody in again.
    let seen = karel.sign_in(&bed.at("/sign-in?next=/&again=true"), "karel").await;
    assert_eq!(seen.status.as_u16(), 401, "{}", seen.text);
}

#[tokio::test]
async fn what_was_filled_in_is_there_after_signing_in_again_once_and_for_the_same_person() {
    // The provider goes by a clock of its own: to these pages every sign-in is of just now.
    let Some(bed) = Bed::start_behind(Duration::from_mins(30)).await else { return };
    let sent_too_late = async |browser: &mut Visitor, why: &str| {
        let token = browser.get(&bed.at("/")).await.token();
        bed.pass(Duration::from_mins(6));
        let sent = browser.post(&bed.at("/wipe"), &[("_token", &token), ("why", why)]).await;
        assert_eq!(sent.header("location"), "/sign-in?next=/&again=true", "nothing of it in an address");
    };
    let again = bed.at("/sign-in?next=/&again=true");
    let mut karel = bed.browser("karel").await;
    sent_too_late(&mut karel, "schoonmaak <nu>").await;
    let back = karel.sign_in(&again, "karel").await;
    assert!(back.text.contains("Het is nog niet verstuurd"), "{}", back.text);
    assert!(back.text.contains("schoonmaak &#60;nu&#62;"), "{}", back.text);
    assert!(!karel.get(&bed.at("/")).await.text.contains("schoonmaak"), "it is there once");

    sent_too_late(&mut karel, "van Karel").await;
    // The provider knows nobody any more, as after an evening.
    let own = bed.address.rsplit(':').next().and_then(|port| port.parse().ok());
    karel.cookies.retain(|(port, _), _| Some(*port) == own);
    let other = karel.sign_in(&again, "anna").await;
    assert!(other.text.contains("Ingelogd als Anna") && !other.text.contains("van Karel"), "{}", other.text);

    let mut karel = bed.browser("karel").await;
    sent_too_late(&mut karel, &"x".repeat(20_000)).await;
    let back = karel.sign_in(&again, "karel").await;
    assert!(!back.text.contains("xxx"), "more than a session keeps of a form");
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

#[tokio::test]
async fn whoever_signs_in_in_two_tabs_comes_back_in_both() {
    let Some(bed) = Bed::start().await else { return };
    let mut browser = Visitor::new();
    let first = browser.get(&bed.at("/sign-in?next=/?first")).await;
    let second = browser.sign_in(&bed.at("/sign-in?next=/?second"), "anna").await;
    assert_eq!((second.status.as_u16(), second.url.query()), (200, Some("second")));
    let first = browser.follow(first).await;
    assert_eq!((first.status.as_u16(), first.url.query()), (200, Some("first")), "{}", first.text);
    // Those that are left alone do not heap up in the browser.
    for _ in 0..12 {
        browser.get(&bed.at("/sign-in")).await;
    }
    let waiting =
        browser.cookies.iter().filter(|((_, name), value)| name.contains("-sign-in-") && !value.is_empty());
    assert!(waiting.count() <= 5);
}

#[tokio::test]
async fn a_sign_in_comes_back_once() {
    let Some(bed) = Bed::start().await else { return };
    let mut browser = bed.browser("anna").await;
    for is_refused_first in [false, true] {
        // The provider knows Anna, and sends the browser on at once.
        let mut back = browser.get(&bed.at("/sign-in")).await.header("location").to_owned();
        while !back.contains("/sign-in/callback") {
            let seen = browser.get(&back).await;
            back = seen.url.join(seen.header("location")).unwrap().to_string();
        }
        let kept = browser.cookies.clone();
        if is_refused_first {
            let without = back.replace("code=", "error=access_denied&x=");
            assert_eq!(browser.get(&without).await.status.as_u16(), 401);
            browser.cookies.clone_from(&kept);
        } else {
            assert_eq!(browser.get(&back).await.status.as_u16(), 303);
        }
        browser.cookies = kept;
        assert_eq!(browser.get(&back).await.status.as_u16(), 401, "{is_refused_first}");
    }
}

#[tokio::test]
async fn forms_of_other_tabs_stay_good_when_the_same_person_signs_in_again() {
    let Some(bed) = Bed::start().await else { return };
    let mut anna = bed.browser("anna").await;
    let token = anna.get(&bed.at("/")).await.token();
    anna.post(&bed.at("/notes"), &[("_token", &token), ("note", "melk")]).await;
    let seen = anna.sign_in(&bed.at("/sign-in?next=/&again=true"), "anna").await;
    assert!(seen.text.contains("melk"), "{}", seen.text);
    let sent = anna.post(&bed.at("/notes"), &[("_token", &token), ("note", "brood")]).await;
    assert_eq!(sent.status.as_u16(), 303);
    let own = anna.get(&bed.at("/")).await.token();
    assert_ne!(own, token, "every sign-in has a token of its own");
    // For somebody else nothing of it is left. The provider has forgotten Anna meanwhile.
    let own: u16 = bed.address.rsplit(':').next().unwrap().parse().unwrap();
    anna.cookies.retain(|(port, _), _| *port == own);
    let seen = anna.sign_in(&bed.at("/sign-in?next=/&again=true"), "karel").await;
    assert!(!seen.text.contains("melk") && seen.text.contains("Karel"), "{}", seen.text);
    assert_eq!(anna.post(&bed.at("/notes"), &[("_token", &token), ("note", "x")]).await.status.as_u16(), 403);
}

#[tokio::test]
async fn forms_of_other_tabs_are_good_no_longer_than_the_session_would_have_gone_on() {
    let Some(bed) = Bed::start().await else { return };
    let mut anna = bed.browser("anna").await;
    let token = anna.get(&bed.at("/")).await.token();
    let own = anna.sign_in(&bed.at("/sign-in?next=/&again=true"), "anna").await.token();
    let idle = Duration::from_mins(SessionSettings::default().idle_minutes);
    for (part, of_old) in [(idle / 2, 303), (idle * 2 / 3, 403)] {
        bed.pass(part);
        for (token, status) in [(&own, 303), (&token, of_old)] {
            let sent = anna.post(&bed.at("/notes"), &[("_token", token), ("note", "kaas")]).await;
            assert_eq!(sent.status.as_u16(), status);
        }
    }
}

#[tokio::test]
async fn asking_how_long_a_session_goes_on_does_not_make_it_longer() {
    let Some(bed) = Bed::start().await else { return };
    let mut anna = bed.browser("anna").await;
    let left = |text: &str| text.lines().next().unwrap().parse::<u64>().unwrap();
    assert_eq!(left(&anna.get(&bed.at("/session")).await.text), 15 * 60);
    bed.pass(Duration::from_mins(10));
    assert_eq!(left(&anna.get(&bed.at("/session")).await.text), 5 * 60);
    let token = anna.get(&bed.at("/")).await.token();
    bed.pass(Duration::from_mins(10));
    let stayed = anna.get(&bed.at("/session")).await.text;
    assert_eq!(left(&stayed), 5 * 60);
    assert!(stayed.lines().nth(1).unwrap().contains(':'), "{stayed}");
    anna.post(&bed.at("/stay"), &[("_token", &token), ("next", "/")]).await;
    assert_eq!(left(&anna.get(&bed.at("/session")).await.text), 15 * 60);
    bed.pass(Duration::from_mins(15));
    assert_eq!(left(&anna.get(&bed.at("/session")).await.text), 0);
    assert_eq!(left(&Visitor::new().get(&bed.at("/session")).await.text), 0);
}

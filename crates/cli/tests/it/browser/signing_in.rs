//! Coming in and going out, and the pages that tell why something is not there.

use super::Stage;

#[tokio::test]
async fn everybody_comes_in_by_the_front_door_and_leaves_by_it() {
    let stage = Stage::shared();
    let browser = stage.browser().await;
    for (application, who) in [
        ("desk", "consulent jeugd"),
        ("desk", "kwaliteitsmedewerker"),
        ("console", "auditor"),
        ("console", "beheerder"),
        ("inzage", "citizen"),
    ] {
        browser.go(&stage.at(application, "/")).await.unwrap();
        stage.expect_sound(&browser, &format!("{application}-sign-in")).await;
        stage.sign_in(&browser, application, who).await;
        stage.expect_sound(&browser, &format!("{application}-start-{}", who.replace(' ', "-"))).await;
        browser.press("Uitloggen").await.unwrap();
        browser.sees("uitgelogd").await.unwrap();
        stage.expect_sound(&browser, &format!("{application}-signed-out")).await;
    }
}

#[tokio::test]
async fn whoever_gives_a_wrong_secret_is_told_so_at_the_field() {
    let stage = Stage::shared();
    let browser = stage.browser().await;
    browser.go(&stage.at("desk", "/")).await.unwrap();
    browser.tick("Joris Jansen").await.unwrap();
    browser.fill("Geheim", "geraden").await.unwrap();
    browser.press("Inloggen").await.unwrap();
    browser.sees("Dit geheim klopt niet").await.unwrap();
    stage.expect_sound(&browser, "staff-wrong-secret").await;
}

#[tokio::test]
async fn a_page_that_is_not_there_says_so_in_both_languages_to_everybody() {
    let stage = Stage::shared();
    let browser = stage.browser().await;
    for (application, who) in [("desk", "consulent jeugd"), ("console", "auditor"), ("inzage", "citizen")] {
        stage.sign_in(&browser, application, who).await;
        browser.go(&stage.at(application, "/nergens")).await.unwrap();
        stage.expect_sound(&browser, &format!("{application}-not-found")).await;
        browser.press("English").await.unwrap();
        assert_eq!(browser.evaluate("return document.documentElement.lang").await.unwrap(), "en");
        stage.expect_sound(&browser, &format!("{application}-not-found-en")).await;
        browser.press("Nederlands").await.unwrap();
    }
}

#[tokio::test]
async fn whoever_stays_keeps_what_they_typed() {
    let stage = Stage::shared();
    let browser = stage.browser().await;
    stage.sign_in(&browser, "desk", "consulent jeugd").await;
    browser.fill("Zaaknummer", "2026-0815").await.unwrap();
    browser.evaluate("document.querySelector('.kw-session p').textContent = 'not asked'").await.unwrap();
    browser.press("Ingelogd blijven").await.unwrap();
    browser.sees_no_more("not asked").await.unwrap();
    let typed = "return document.querySelector('[name=case]').value";
    assert_eq!(browser.evaluate(typed).await.unwrap(), "2026-0815");
}

//! What people do in inzage: see who has something and who looked, choose, object, ask for a correction, act for somebody else.

use chrono::Datelike as _;
use kw_domain::{Clock as _, SystemClock};
use kw_testbed::browser::Browser;

use super::Stage;

/// Signs in and gathers, for themselves.
async fn gathered(stage: &Stage, who: &str) -> Browser {
    let browser = stage.browser().await;
    stage.sign_in(&browser, "inzage", who).await;
    browser.press("Haal mijn gegevens op").await.unwrap();
    browser.sees("Opgehaald op").await.unwrap();
    browser
}

#[tokio::test]
async fn a_person_sees_who_has_something_and_who_looked_and_keeps_it() {
    let stage = Stage::shared();
    let browser = gathered(&stage, "sanne").await;
    stage.expect_sound(&browser, "inzage-gathered").await;
    browser.press("Wie heeft gegevens over mij").await.unwrap();
    browser.sees("Jeugdzorg Demostad").await.unwrap();
    stage.expect_sound(&browser, "inzage-holders").await;
    browser.press("Wie keek in mijn gegevens").await.unwrap();
    browser.sees("Hulp op elkaar afstemmen").await.unwrap();
    stage.expect_sound(&browser, "inzage-accesses").await;
    browser.press("Dezelfde cijfers als tabel").await.unwrap();
    stage.expect_sound(&browser, "inzage-accesses-table").await;
    for (link, name) in [
        ("Toestemming en bezwaar", "choices"),
        ("Machtigingen", "mandates"),
        ("Iets laten verbeteren", "corrections"),
        ("Alles bewaren", "print"),
    ] {
        browser.press(link).await.unwrap();
        stage.expect_sound(&browser, &format!("inzage-{name}")).await;
    }
    browser.press("English").await.unwrap();
    stage.expect_sound(&browser, "inzage-print-en").await;
}

#[tokio::test]
async fn a_person_objects_without_a_script() {
    let stage = Stage::shared();
    let browser = gathered(&stage, "daan").await;
    browser.go(&stage.at("inzage", "/objections/new")).await.unwrap();
    stage.expect_sound(&browser, "inzage-objection").await;
    browser.press("Verstuur mijn bezwaar").await.unwrap();
    browser.sees("Kies waarom u bezwaar maakt").await.unwrap();
    stage.expect_sound(&browser, "inzage-objection-refused").await;
    browser.scripts(false).await.unwrap();
    browser.tick("Het is niet nodig, of niet meer").await.unwrap();
    browser.press("Verstuur mijn bezwaar").await.unwrap();
    browser.sees("Uw bezwaar is verstuurd").await.unwrap();
    browser.scripts(true).await.unwrap();
    stage.expect_sound(&browser, "inzage-objected").await;

    browser.go(&stage.at("inzage", "/choices/new")).await.unwrap();
    stage.expect_sound(&browser, "inzage-choice").await;
    browser.go(&stage.at("inzage", "/mandates/new")).await.unwrap();
    stage.expect_sound(&browser, "inzage-mandate").await;
    browser.go(&stage.at("inzage", "/acting")).await.unwrap();
    stage.expect_sound(&browser, "inzage-acting").await;
}

#[tokio::test]
async fn who_acts_for_somebody_sees_so_on_every_page() {
    let stage = Stage::shared();
    let browser = stage.browser().await;
    stage.sign_in(&browser, "inzage", "riet").await;
    browser.go(&stage.at("inzage", "/acting")).await.unwrap();
    browser.press("Voor iemand die mij een machtiging gaf").await.unwrap();
    stage.identify(&browser, "inzage", "riet").await;
    browser.tick("Daan (u heeft een machtiging gekregen)").await.unwrap();
    browser.press("Verder").await.unwrap();
    browser.sees("U handelt namens Daan").await.unwrap();
    stage.expect_sound(&browser, "inzage-acting-start").await;
    let year = SystemClock.now().date().year() - 17;
    browser.fill("Geboortedatum", &format!("02-01-{year}")).await.unwrap();
    browser.press("Haal mijn gegevens op").await.unwrap();
    browser.sees("Opgehaald op").await.unwrap();
    for path in ["holders", "accesses", "choices", "mandates", "corrections", "print"] {
        browser.go(&stage.at("inzage", &format!("/{path}"))).await.unwrap();
        browser.sees("U handelt namens Daan").await.unwrap();
        stage.expect_sound(&browser, &format!("inzage-acting-{path}")).await;
    }
}

//! The guided tour of the README, with its pictures.

use super::Stage;

#[tokio::test]
async fn a_caseworker_asks_and_the_dossier_fills_in() {
    let stage = Stage::shared();
    let browser = stage.browser().await;
    browser.go(&stage.at("desk", "/")).await.unwrap();
    stage.expect_sound(&browser, "tour-sign-in").await;
    stage.identify(&browser, "desk", "consulent jeugd").await;
    browser.fill("Zaaknummer", "2026-0042").await.unwrap();
    browser.tick("Hulp op elkaar afstemmen").await.unwrap();
    browser.tick("Wij hebben zelf een dossier over deze persoon").await.unwrap();
    browser.fill("Burgerservicenummer", "999990342").await.unwrap();
    browser.fill("Geboortedatum", "04-03-2011").await.unwrap();
    stage.expect_sound(&browser, "tour-question").await;
    browser.press("Gegevens zoeken").await.unwrap();
    for holder in ["Jeugdzorg Demostad", "Scholengroep De Linde", "GGD Demoregio"] {
        browser.sees(holder).await.unwrap();
    }
    assert!(!browser.url().await.unwrap().contains("99999"), "no number in an address");
    stage.expect_sound(&browser, "tour-dossier").await;
}

#[tokio::test]
async fn an_auditor_reads_the_log() {
    let stage = Stage::shared();
    let browser = stage.browser().await;
    stage.sign_in(&browser, "console", "auditor").await;
    stage.expect_sound(&browser, "tour-console").await;
}

#[tokio::test]
async fn a_person_sees_who_has_and_who_looked() {
    let stage = Stage::shared();
    let browser = stage.browser().await;
    stage.sign_in(&browser, "inzage", "sanne").await;
    stage.expect_sound(&browser, "tour-inzage").await;
}

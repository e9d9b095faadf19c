//! The work of auditors and of operators, each from its beginning to its end, as they do it.

use std::fs;

use kw_testbed::browser::Browser;

use super::Stage;
use crate::program::run;

async fn press(browser: &Browser, name: &str) {
    browser.press(name).await.unwrap();
}

async fn sees(browser: &Browser, text: &str) {
    browser.sees(text).await.unwrap();
}

#[tokio::test]
async fn an_auditor_follows_an_access_from_the_log_to_its_proofs() {
    let stage = Stage::shared();
    let browser = stage.browser().await;
    stage.sign_in(&browser, "console", "auditor").await;
    press(&browser, "Toegangslog").await;
    browser.fill("Wat er gebeurde", "Het schakelpunt antwoordde").await.unwrap();
    press(&browser, "Zoeken").await;
    // Over time, by purpose and by party: drawings with their numbers beside them.
    for text in
        ["Gevonden", "Vastleggingen in de tijd", "Vastleggingen per doel", "Vastleggingen per organisatie"]
    {
        sees(&browser, text).await;
    }
    stage.expect_sound(&browser, "console-log").await;
    let first = "return document.querySelector('tbody th a[href^=\"/log/\"]').getAttribute('href')";
    let path = browser.evaluate(first).await.unwrap().as_str().unwrap().to_owned();
    browser.go(&stage.at("console", &path)).await.unwrap();
    sees(&browser, "Controles").await;
    stage.expect_sound(&browser, "console-record").await;
    press(&browser, "Volg deze inzage bij alle partijen").await;
    for text in
        ["Het verhaal in het kort", "Het schakelpunt antwoordde", "De log is ondertekend door zijn houder"]
    {
        sees(&browser, text).await;
    }
    stage.expect_sound(&browser, "console-story").await;
}

#[tokio::test]
async fn an_auditor_compares_looks_for_what_is_notable_and_takes_it_along() {
    let stage = Stage::shared();
    let browser = stage.browser().await;
    stage.sign_in(&browser, "console", "auditor").await;
    press(&browser, "Logs vergelijken").await;
    press(&browser, "Vergelijken").await;
    sees(&browser, "Uitkomst").await;
    stage.expect_sound(&browser, "console-reconciliation").await;
    press(&browser, "Opvallend").await;
    press(&browser, "Zoek wat opvalt").await;
    sees(&browser, "Wat opvalt in").await;
    stage.expect_sound(&browser, "console-anomalies").await;
    press(&browser, "Uitvoer").await;
    press(&browser, "Maak het bestand").await;
    sees(&browser, "Regels die genoeg getuigen meeondertekenden").await;
    stage.expect_sound(&browser, "console-exports").await;
    press(&browser, "Maandrapport").await;
    let month = kw_domain::DutchTime::at(kw_domain::Clock::now(&kw_domain::SystemClock)).month();
    browser.fill("Maand", &month).await.unwrap();
    press(&browser, "Toon het rapport").await;
    sees(&browser, "Alle aantallen").await;
    stage.expect_sound(&browser, "console-report").await;
}

#[tokio::test]
async fn an_operator_sees_what_to_look_at_and_every_version_of_the_agreement() {
    let stage = Stage::shared();
    let browser = stage.browser().await;
    stage.sign_in(&browser, "console", "beheerder").await;
    press(&browser, "Toestand").await;
    for text in ["Partners", "Getuigen", "Sleutels van de index"] {
        sees(&browser, text).await;
    }
    stage.expect_sound(&browser, "console-state").await;
    press(&browser, "Alle versies van de afspraken, en goedkeuren").await;
    sees(&browser, "Geldt nu").await;
    stage.expect_sound(&browser, "console-agreement").await;
    let newest = "return document.querySelector('a[href^=\"/agreement/versions/\"]').getAttribute('href')";
    let path = browser.evaluate(newest).await.unwrap().as_str().unwrap().to_owned();
    browser.go(&stage.at("console", &path)).await.unwrap();
    sees(&browser, "De tekst").await;
    stage.expect_sound(&browser, "console-version").await;
}

#[tokio::test]
async fn two_auditors_find_what_else_there_is_about_one_person() {
    let stage = Stage::shared();
    let (anke, dirk) = (stage.browser().await, stage.browser().await);
    stage.sign_in(&anke, "console", "Anke Vermeer").await;
    press(&anke, "Toegangslog").await;
    anke.fill("Wat er gebeurde", "Het schakelpunt antwoordde").await.unwrap();
    press(&anke, "Zoeken").await;
    sees(&anke, "Gevonden").await;
    // The oldest of them is the demonstration's own: the first person, about whom more was asked later.
    let oldest =
        "return [...document.querySelectorAll('tbody th a[href^=\"/log/\"]')].at(-1).getAttribute('href')";
    let path = anke.evaluate(oldest).await.unwrap().as_str().unwrap().to_owned();
    anke.go(&stage.at("console", &path)).await.unwrap();
    sees(&anke, "Zoek meer over dezelfde persoon").await;
    anke.fill("Waarom", "klacht 2026-12").await.unwrap();
    press(&anke, "Vragen").await;
    sees(&anke, "Wacht op een tweede persoon").await;
    assert!(!anke.can_press("Goedkeuren klacht 2026-12").await.unwrap(), "nobody agrees with themselves");

    stage.sign_in(&dirk, "console", "Dirk van Leeuwen").await;
    press(&dirk, "Zelfde persoon zoeken").await;
    sees(&dirk, "klacht 2026-12").await;
    stage.expect_sound(&dirk, "console-resolve").await;
    press(&dirk, "Goedkeuren klacht 2026-12").await;
    sees(&dirk, "Te gebruiken bij het zoeken").await;

    press(&anke, "Zelfde persoon zoeken").await;
    sees(&anke, "Te gebruiken bij het zoeken").await;
    let agreed = "return [...document.querySelectorAll('tbody th')].find(one => one.innerText.includes('klacht 2026-12')).querySelector('.kw-code').innerText";
    let id = anke.evaluate(agreed).await.unwrap().as_str().unwrap().to_owned();
    press(&anke, "Toegangslog").await;
    anke.fill("Wat er gebeurde", "Maakt niet uit").await.unwrap();
    anke.fill("Kenmerk van een goedgekeurde vraag", &id).await.unwrap();
    press(&anke, "Zoeken").await;
    sees(&anke, "Gevonden").await;
    let rows = "return [...document.querySelectorAll('tbody th a[href^=\"/log/\"]')].map(one => one.getAttribute('href'))";
    let found = anke.evaluate(rows).await.unwrap();
    let found = found.as_array().unwrap();
    assert!(found.len() > 1 && found.iter().any(|one| *one == path.as_str()), "{path}: {found:?}");
    stage.expect_sound(&anke, "console-resolved").await;
}

#[tokio::test]
async fn two_operators_put_another_agreement_in_force() {
    let stage = Stage::shared();
    let operators = ["Bas Kuipers", "Ceren Öztürk"];
    let places = stage.next_agreement();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let own = |at: usize| places["operators"][at].clone();
    fs::copy(text(&own(0)["next"]), text(&places["place"])).unwrap();
    for (at, who) in operators.into_iter().enumerate() {
        let own = own(at);
        let [name, key, current, next] = ["name", "key", "current", "next"].map(|part| text(&own[part]));
        run(["agreement", "approve", &next, "--current", &current, "--as", &name, "--key", &key]).expect(0);
        let approval = fs::read_to_string(format!("{next}.approvals")).unwrap();
        let browser = stage.browser().await;
        stage.sign_in(&browser, "console", who).await;
        press(&browser, "Afspraken").await;
        sees(&browser, "2026.2").await;
        let missing = ["nog 2 goedkeuringen", "nog één goedkeuring"][at];
        sees(&browser, missing).await;
        if at == 1 {
            stage.expect_sound(&browser, "console-agreement-waits").await;
        }
        browser.fill("Uw goedkeuring", &approval).await.unwrap();
        press(&browser, "Goedkeuring inleveren").await;
        let after = ["nog één goedkeuring", "Er wacht niets."][at];
        sees(&browser, after).await;
        if at == 1 {
            sees(&browser, "bas-kuipers, ceren-ozturk").await;
        }
    }
}

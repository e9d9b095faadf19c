//! A caseworker's main job with the keys alone: to sign in, to ask, to read what comes.

use kw_testbed::browser::Browser;

use super::Stage;

const TAB: &str = "\u{E004}";
const ENTER: &str = "\u{E007}";
const DOWN: &str = "\u{E015}";
const SPACE: &str = " ";

/// Presses Tab until what has the focus is called so.
async fn tab_to(b: &Browser, name: &str) {
    let mut passed = Vec::new();
    for _ in 0..120 {
        b.key(TAB).await.unwrap();
        let here = focused(b).await;
        if here.starts_with(name) {
            return;
        }
        passed.push(here);
    }
    panic!("Tab does not come to {name:?}: {passed:?}");
}

/// What has the focus, by what it is called.
async fn focused(b: &Browser) -> String {
    b.evaluate(FOCUSED).await.unwrap().as_str().unwrap_or_default().to_owned()
}

/// Of radio buttons, chooses this one: Tab comes to the group, the arrows go on from there.
async fn choose(b: &Browser, group: &str, name: &str) {
    let mut passed = Vec::new();
    let is_in = format!("return document.activeElement.name === '{group}'");
    for _ in 0..120 {
        b.key(TAB).await.unwrap();
        if b.evaluate(&is_in).await.unwrap() == true {
            break;
        }
    }
    for _ in 0..12 {
        let here = focused(b).await;
        if here.starts_with(name) {
            b.key(SPACE).await.unwrap();
            assert_eq!(b.evaluate("return document.activeElement.checked").await.unwrap(), true);
            return;
        }
        passed.push(here);
        b.key(DOWN).await.unwrap();
    }
    panic!("the arrows do not come to {name:?}: {passed:?}");
}

async fn type_into(b: &Browser, field: &str, text: &str) {
    tab_to(b, field).await;
    b.types(text).await.unwrap();
}

#[tokio::test]
async fn a_caseworker_signs_in_asks_and_reads_with_keys_alone() {
    let stage = Stage::shared();
    let browser = stage.browser().await;
    let b = &browser;
    b.go(&stage.at("desk", "/")).await.unwrap();
    choose(b, "member", "Joris Jansen").await;
    type_into(b, "Geheim", "Joris weet het").await;
    b.key(ENTER).await.unwrap();
    b.sees("Waarom zoekt u?").await.unwrap();

    // The way past the head of the page is the first thing that one comes to.
    b.key(TAB).await.unwrap();
    assert_eq!(focused(b).await, "Direct naar de inhoud");
    b.key(ENTER).await.unwrap();
    assert_eq!(b.evaluate("return document.activeElement.id").await.unwrap(), "main");

    // With nothing filled in one is taken to what is wrong, and from there to the field.
    tab_to(b, "Gegevens zoeken").await;
    b.key(SPACE).await.unwrap();
    b.sees("Er klopt iets niet").await.unwrap();
    assert_eq!(b.evaluate("return document.activeElement.id").await.unwrap(), "problems");
    tab_to(b, "Vul het nummer van de zaak in").await;
    b.key(ENTER).await.unwrap();
    assert_eq!(focused(b).await, "Zaaknummer");

    b.types("2026-0045").await.unwrap();
    choose(b, "what", "Hulp op elkaar afstemmen").await;
    choose(b, "basis", "Wij hebben zelf een dossier").await;
    type_into(b, "Burgerservicenummer", "999990342").await;
    let judged = "const help = document.getElementById('bsn-eleven'); return help.getAttribute('role') + ' ' + help.innerText";
    assert_eq!(b.evaluate(judged).await.unwrap(), "status Dit nummer kan kloppen.");
    type_into(b, "Geboortedatum", "04-03-2011").await;
    b.key(ENTER).await.unwrap();
    b.sees("Alle antwoorden zijn binnen").await.unwrap();
    let told = "return document.getElementById('progress').getAttribute('role')";
    assert_eq!(b.evaluate(told).await.unwrap(), "status", "how far it is, is said aloud");

    // To a section, by the list of who has something; and to what one may do about a value in it.
    tab_to(b, "Scholengroep De Linde").await;
    b.key(ENTER).await.unwrap();
    let in_section =
        "return location.hash.startsWith('#section-') && document.querySelector(location.hash) !== null";
    assert_eq!(b.evaluate(in_section).await.unwrap(), true);
    tab_to(b, "Twijfel melden").await;
    let in_order = "return document.querySelector(location.hash).compareDocumentPosition(document.activeElement) !== Node.DOCUMENT_POSITION_PRECEDING";
    assert_eq!(b.evaluate(in_order).await.unwrap(), true, "from the section on, not from the top");
    b.key(ENTER).await.unwrap();
    b.sees("U meldt alleen bij gerede twijfel").await.unwrap();
    tab_to(b, "Uitloggen").await;
}

const FOCUSED: &str = "
    const has = document.activeElement;
    const flat = text => (text || '').replace(/\\s+/g, ' ').trim();
    return flat(has.labels?.[0]?.innerText) || flat(has.getAttribute('aria-label')) || flat(has.innerText);";

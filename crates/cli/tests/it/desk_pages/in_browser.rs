//! The desk in a real browser: what fills in by itself, and that every page is sound.

use std::time::{Duration, Instant};

use kw_testbed::browser::{Browser, BrowserDriver, Check};

use super::bed::{Bed, PERSON};
use crate::program::{Service, signal_service};

async fn sound(browser: &Browser, name: &str) {
    let check = Check { tools: env!("CARGO_TARGET_TMPDIR").as_ref(), name };
    let mistakes = browser.mistakes(&check).await.unwrap();
    assert!(mistakes.is_empty(), "{name}: {}", mistakes.join("\n"));
}

async fn sign_in(browser: &Browser, bed: &Bed, account: &str) {
    browser.go(&bed.at("/")).await.unwrap();
    // The provider's own page has no labels.
    let script = format!(
        "document.querySelector('[name=login]').value = '{account}'; document.querySelector('[name=password]').value = 'any'; \
         document.querySelector('form').submit();"
    );
    browser.evaluate(&script).await.unwrap();
    for _ in 0..50 {
        let url = browser.url().await.unwrap();
        if url.starts_with(&bed.address) {
            return;
        }
        if url.contains("/interaction") {
            browser
                .evaluate("document.querySelector('[name=prompt][value=consent]')?.form.submit()")
                .await
                .unwrap();
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("nobody signed in: {}", browser.text().await.unwrap());
}

/// How far it is, as it is said aloud.
async fn progress(browser: &Browser) -> String {
    let told = browser.evaluate("return document.getElementById('progress').innerText").await.unwrap();
    told.as_str().unwrap().to_owned()
}

async fn ask(browser: &Browser, bed: &Bed, ground: &str) {
    browser.go(&bed.at("/")).await.unwrap();
    browser.fill("Zaaknummer", "Z-1").await.unwrap();
    browser.tick("Hulp op elkaar afstemmen").await.unwrap();
    browser.tick(ground).await.unwrap();
    browser.fill("Reden", "proef").await.unwrap();
    browser.fill("Burgerservicenummer", PERSON).await.unwrap();
    browser.fill("Geboortedatum", "04-03-2011").await.unwrap();
    browser.press("Gegevens zoeken").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dossier_fills_in_by_itself_and_every_page_is_sound() {
    let Some(bed) = Bed::start().await else { return };
    let mut mira = bed.visitor("m.consulent").await;
    bed.whole(&mut mira, PERSON, "Z-0").await;
    let browser = BrowserDriver::shared().unwrap().open(&[]).await.unwrap();
    sign_in(&browser, &bed, "m.consulent").await;
    browser.sees("Waarom zoekt u?").await.unwrap();
    sound(&browser, "desk-start").await;
    browser.fill("Burgerservicenummer", "999990341").await.unwrap();
    browser.sees("Dit is geen geldig burgerservicenummer").await.unwrap();
    browser.fill("Burgerservicenummer", PERSON).await.unwrap();
    browser.sees("Dit nummer kan kloppen").await.unwrap();
    browser.press("Gegevens zoeken").await.unwrap();
    browser.sees("Er klopt iets niet").await.unwrap();
    sound(&browser, "desk-start-refused").await;

    ask(&browser, &bed, "Wij hebben geen dossier, maar ik heb een goede reden").await;
    browser.sees("Dit wordt vastgelegd").await.unwrap();
    sound(&browser, "desk-confirm").await;

    let slow = bed.town.config("youth-care");
    signal_service(&slow, "STOP");
    let began = Instant::now();
    ask(&browser, &bed, "Wij hebben zelf een dossier over deze persoon").await;
    browser.sees("De Linde").await.unwrap();
    eprintln!("form, question and first sections on the screen took {:?}", began.elapsed());
    browser.sees("Nog geen antwoord").await.unwrap();
    browser.sees("2 van 3").await.unwrap();
    browser.evaluate("window.same = document.getElementById('progress')").await.unwrap();
    let waiting = progress(&browser).await;
    signal_service(&slow, "CONT");
    browser.sees("Alle antwoorden zijn binnen").await.unwrap();
    browser.sees("Verschillen").await.unwrap();
    let same = "return window.same === document.getElementById('progress') && window.same.isConnected && window.same.role === 'status'";
    let same = browser.evaluate(same).await.unwrap();
    assert_eq!(same, serde_json::json!(true), "the page was not loaded again, and what comes is said aloud");
    let (before, after) = (waiting, progress(&browser).await);
    assert!(before != after && before.contains("2 van 3"), "{before:?}, {after:?}");
    sound(&browser, "desk-dossier").await;
    let source = browser.evaluate("return document.documentElement.outerHTML").await.unwrap();
    assert!(!source.as_str().unwrap().contains(PERSON));
    let weight = browser.weigh().await.unwrap();
    eprintln!("the dossier weighs {weight:?}");

    browser.press("Twijfel melden over dit gegeven").await.unwrap();
    browser.sees("Welk gegeven klopt niet?").await.unwrap();
    sound(&browser, "desk-report").await;
    for (path, name) in [
        ("/reports", "desk-reports"),
        ("/matches", "desk-matches"),
        ("/signals", "desk-signals"),
        ("/reviews", "desk-reviews"),
        ("/accesses", "desk-accesses"),
        ("/matches/figures", "desk-refused"),
    ] {
        browser.go(&bed.at(path)).await.unwrap();
        sound(&browser, name).await;
    }
    browser.go(&bed.at("/matches")).await.unwrap();
    let one = browser.evaluate("return document.querySelector('main table a').href").await.unwrap();
    browser.go(one.as_str().unwrap()).await.unwrap();
    sound(&browser, "desk-match").await;
    browser.go(&bed.at("/language/en?next=/")).await.unwrap();
    browser.sees("Why do you search?").await.unwrap();
    sound(&browser, "desk-start-english").await;

    let other = BrowserDriver::shared().unwrap().open(&[]).await.unwrap();
    sign_in(&other, &bed, "l.leerplicht").await;
    other.go(&bed.at("/matches/figures")).await.unwrap();
    other.sees("Matches per maand").await.unwrap();
    sound(&other, "desk-figures").await;

    // A holder that is not there, and then the desk's own organisation.
    browser.go(&bed.at("/language/nl?next=/")).await.unwrap();
    signal_service(&slow, "STOP");
    ask(&browser, &bed, "Wij hebben zelf een dossier over deze persoon").await;
    browser.sees("De Linde").await.unwrap();
    sound(&browser, "desk-dossier-filling").await;
    signal_service(&slow, "KILL");
    browser.sees("Let op: dit dossier is niet compleet").await.unwrap();
    // What happened, and what to do.
    browser
        .sees("niet op tijd. Probeer het over een paar minuten opnieuw, of bel de organisatie.")
        .await
        .unwrap();
    sound(&browser, "desk-dossier-incomplete").await;
    signal_service(&bed.town.config("municipality"), "KILL");
    browser.go(&bed.at("/accesses")).await.unwrap();
    browser.sees("We kunnen dit nu niet doen").await.unwrap();
    sound(&browser, "desk-unavailable").await;
}

/// Until the page was loaded again since `window.same` was set on it.
async fn loaded_again(browser: &Browser) {
    for _ in 0..100 {
        if browser.evaluate("return window.same").await.is_ok_and(|same| same.is_null()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("the page stays as it is: {}", browser.text().await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_news_does_not_come_it_is_said_and_what_was_read_stays() {
    let Some(bed) = Bed::start().await else { return };
    let mut mira = bed.visitor("m.consulent").await;
    bed.whole(&mut mira, PERSON, "Z-0").await;
    let browser = BrowserDriver::shared().unwrap().open(&[]).await.unwrap();
    sign_in(&browser, &bed, "m.consulent").await;
    ask(&browser, &bed, "Wij hebben zelf een dossier over deze persoon").await;
    browser.sees("De Linde").await.unwrap();

    // News about a dossier that is no longer there: the page that says so does not land in the middle of this one.
    let gone = "window.same = true; const gone = document.createElement('div'); gone.dataset.kwAgain = 'Geen nieuws'; \
        gone.setAttribute('hx-get', '/dossiers/00000000000000000000000000000000/news?seen=0'); gone.setAttribute('hx-trigger', 'load'); \
        document.querySelector('main').append(gone); htmx.process(gone);";
    browser.evaluate(gone).await.unwrap();
    browser.sees("Geen nieuws").await.unwrap();
    let headings = "return document.querySelectorAll('h1').length";
    assert_eq!(browser.evaluate(headings).await.unwrap(), 1);
    loaded_again(&browser).await;

    // Nobody answers yet, and then the desk ends.
    let own = bed.town.config("municipality");
    signal_service(&own, "STOP");
    ask(&browser, &bed, "Wij hebben zelf een dossier over deze persoon").await;
    browser.sees("Geboren 4 maart 2011").await.unwrap();
    browser.evaluate("window.same = true").await.unwrap();
    let desk = bed.town.folder().join("desk.toml");
    signal_service(&desk, "KILL");
    browser.sees("Er komt geen nieuws binnen").await.unwrap();
    tokio::time::sleep(Duration::from_secs(7)).await;
    browser.sees("Geboren 4 maart 2011").await.unwrap();
    assert_eq!(browser.evaluate("return window.same").await.unwrap(), true);
    signal_service(&own, "CONT");
    let _desk = tokio::task::spawn_blocking(move || Service::start("desk", &desk)).await.unwrap();
    loaded_again(&browser).await;
    let shown = browser.text().await.unwrap();
    assert!(!shown.contains("Geboren 4 maart 2011"), "the session ended with the desk: {shown}");
}

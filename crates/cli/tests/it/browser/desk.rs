//! A caseworker at the desk: for whom somebody represents, and on paper.

use std::collections::BTreeMap;

use kw_demo::people::People;
use kw_testbed::browser::Browser;

use super::{Stage, TOOLS};

/// As many as the demonstration of these tests has.
pub(super) const PEOPLE: usize = 40;
const DAUGHTER: &str = "Lotte Bakker";
const CASEWORKER: &str = "consulent jeugd";

/// Asks for a child, for whom somebody of this number acts.
async fn ask_for_daughter(stage: &Stage, browser: &Browser, representative: &str) {
    let daughter = People::make(PEOPLE).family.daughter;
    browser.go(&stage.at("desk", "/")).await.unwrap();
    browser.fill("Zaaknummer", "2026-0099").await.unwrap();
    browser.tick("Iemand helpen die voor een ander handelt").await.unwrap();
    browser.tick("Wij hebben zelf een dossier over deze persoon").await.unwrap();
    browser.fill("Burgerservicenummer", daughter.bsn.expose()).await.unwrap();
    browser.fill("Geboortedatum", &daughter.birth_date).await.unwrap();
    browser.tick("Iemand anders handelt namens deze persoon").await.unwrap();
    browser.fill("Naam van de persoon die vertegenwoordigd wordt", DAUGHTER).await.unwrap();
    browser.fill("Burgerservicenummer van de vertegenwoordiger", representative).await.unwrap();
}

/// Whom it is about, on top of the page and on the screen.
async fn in_sight(browser: &Browser) {
    let year = &People::make(PEOPLE).family.daughter.birth_date[..4];
    browser.sees(&format!("U bekijkt gegevens van {DAUGHTER}")).await.unwrap();
    browser.sees(&format!("5 januari {year}")).await.unwrap();
    let on_screen = "window.scrollTo(0, document.body.scrollHeight); \
                     const place = document.querySelector('aside').getBoundingClientRect(); \
                     window.scrollTo(0, 0); \
                     return place.top >= 0 && place.bottom <= innerHeight";
    assert_eq!(
        browser.evaluate(on_screen).await.unwrap(),
        true,
        "it goes out of sight when the page scrolls"
    );
}

#[tokio::test]
async fn a_caseworker_sees_all_the_time_whom_somebody_represents() {
    let stage = Stage::shared();
    let browser = stage.browser().await;
    stage.sign_in(&browser, "desk", CASEWORKER).await;
    let family = People::make(PEOPLE).family;

    browser.go(&stage.at("desk", "/")).await.unwrap();
    let hidden = "return document.getElementById('representative').checkVisibility()";
    assert_eq!(browser.evaluate(hidden).await.unwrap(), false, "nobody is asked what they do not need");
    browser.tick("Iemand anders handelt namens deze persoon").await.unwrap();
    browser.press("Gegevens zoeken").await.unwrap();
    browser.sees("Vul de naam in van de persoon die vertegenwoordigd wordt").await.unwrap();
    stage.expect_sound(&browser, "desk-behalf-refused").await;

    ask_for_daughter(&stage, &browser, family.mother.bsn.expose()).await;
    stage.expect_sound(&browser, "desk-behalf").await;
    browser.press("Gegevens zoeken").await.unwrap();
    browser.sees("Alle antwoorden zijn binnen").await.unwrap();
    browser.sees("Jeugdzorg Demostad: Plan jeugdhulp").await.unwrap();
    in_sight(&browser).await;
    stage.expect_sound(&browser, "desk-behalf-dossier").await;
    browser.reload().await.unwrap();
    in_sight(&browser).await;
    let url = browser.url().await.unwrap();
    for text in [
        url.as_str(),
        browser.evaluate("return document.documentElement.outerHTML").await.unwrap().as_str().unwrap(),
    ] {
        for person in [&family.mother, &family.daughter] {
            assert!(!text.contains(person.bsn.expose()), "a number in the page or its address");
        }
    }
    browser.press("Twijfel melden over dit gegeven").await.unwrap();
    browser.sees("Welk gegeven klopt niet?").await.unwrap();
    in_sight(&browser).await;
    stage.expect_sound(&browser, "desk-behalf-report").await;

    // His grandmother acts for the boy, and for nobody else.
    ask_for_daughter(&stage, &browser, family.grandmother.bsn.expose()).await;
    browser.press("Gegevens zoeken").await.unwrap();
    browser.sees("Deze vertegenwoordiging geldt niet").await.unwrap();
    in_sight(&browser).await;
    stage.expect_sound(&browser, "desk-behalf-denied").await;
}

#[tokio::test]
async fn a_dossier_on_paper_has_all_of_it_and_nothing_to_press() {
    let stage = Stage::shared();
    let browser = stage.browser().await;
    stage.sign_in(&browser, "desk", CASEWORKER).await;
    let family = People::make(PEOPLE).family;
    ask_for_daughter(&stage, &browser, family.mother.bsn.expose()).await;
    browser.press("Gegevens zoeken").await.unwrap();
    browser.sees("Alle antwoorden zijn binnen").await.unwrap();
    let sheets = browser.printed(TOOLS.as_ref(), "desk-behalf-dossier").await.unwrap();
    let first = &sheets[0];
    for part in
        ["U bekijkt gegevens van Lotte Bakker", "Geboren", "Opgevraagd door", "Joris Jansen", "2026-0099"]
    {
        assert!(first.contains(part), "{part}: {first}");
    }

    // Somebody whom four organisations know.
    browser.go(&stage.at("desk", "/")).await.unwrap();
    browser.fill("Zaaknummer", "2026-0042").await.unwrap();
    browser.tick("Hulp op elkaar afstemmen").await.unwrap();
    browser.tick("Wij hebben zelf een dossier over deze persoon").await.unwrap();
    browser.fill("Burgerservicenummer", "999990342").await.unwrap();
    browser.fill("Geboortedatum", "04-03-2011").await.unwrap();
    browser.press("Gegevens zoeken").await.unwrap();
    browser.sees("Alle antwoorden zijn binnen").await.unwrap();
    // What is folded on the screen is open on paper.
    let folded = "document.getElementById('sections').insertAdjacentHTML('beforeend', \
                  '<details><summary>Meer</summary><p>Dit was dichtgevouwen</p></details>')";
    browser.evaluate(folded).await.unwrap();
    let shown = browser.evaluate(SHOWN).await.unwrap();
    let sheets = browser.printed(TOOLS.as_ref(), "desk-dossier").await.unwrap();
    let text = sheets.concat();
    for part in [
        "Hulp op elkaar afstemmen",
        "Dit dossier is compleet",
        "Jeugdzorg Demostad: Plan jeugdhulp",
        "Scholengroep De Linde: Schoolverzuim",
        "GGD Demoregio: Jeugdgezondheid",
        "Uren afwezig",
        "Telefoonnummer",
        "Dit was dichtgevouwen",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // What is for the screen only: to go on, to sign out, to report, to print, how long the session lasts.
    for part in [
        "Zoeken",
        "Meldingen",
        "Uitloggen",
        "Twijfel melden",
        "Fout melden",
        "Afdrukken",
        "Iemand anders zoeken",
    ] {
        assert!(!text.contains(part), "{part}: {text}");
    }
    let count = sheets.len();
    for (at, sheet) in sheets.iter().enumerate() {
        let number = format!("{}/{count}", at + 1);
        assert!(sheet.replace(' ', "").contains(&number), "no {number}: {sheet}");
        assert!(sheet.contains("2026-0042") || at == 0, "a sheet that says of which case it is: {sheet}");
    }
    // Lines end elsewhere on paper, in the middle of those of another column: word by word, each as often.
    let shown: Vec<&str> = shown.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    let shown = words(&shown.join(" "));
    eprintln!("{count} sheets with {} words", shown.values().sum::<usize>());
    assert!(shown.len() > 100, "{shown:?}");
    let paper = words(&text);
    let lost: Vec<_> = shown.iter().filter(|(word, times)| paper.get(*word) < Some(times)).collect();
    assert!(lost.is_empty(), "not, or not as often, on paper: {lost:?}: {text}");
}

/// The words of a text, and how often each is there.
fn words(text: &str) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        *found.entry(word.to_owned()).or_default() += 1;
    }
    found
}

/// The texts of the dossier on the screen, but what is to press.
const SHOWN: &str = "
    const found = [];
    const texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const within = texts.currentNode.parentElement;
        if (within.checkVisibility() && !within.closest('.kw-no-print, .kw-unseen, button')) found.push(texts.currentNode.data);
    }
    return found;";

/// A file of a few bytes that is what its name says.
fn file(folder: &std::path::Path, name: &str, content: &[u8]) -> String {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_report_has_several_values_and_files_and_one_that_was_received_is_answered() {
    let stage = Stage::shared();
    let browser = stage.browser().await;
    stage.sign_in(&browser, "desk", CASEWORKER).await;
    let somebody = People::make(PEOPLE).look_alikes().0.clone();
    browser.fill("Zaaknummer", "2026-0077").await.unwrap();
    browser.tick("Hulp op elkaar afstemmen").await.unwrap();
    browser.tick("Wij hebben zelf een dossier over deze persoon").await.unwrap();
    browser.fill("Burgerservicenummer", somebody.bsn.expose()).await.unwrap();
    browser.fill("Geboortedatum", &somebody.birth_date).await.unwrap();
    browser.press("Gegevens zoeken").await.unwrap();
    browser.sees("Alle antwoorden zijn binnen").await.unwrap();
    let school = "return [...document.querySelectorAll('.kw-part')].find(part => part.innerText.includes('De Linde'))\
                  .querySelector('p > a[href*=report]').href";
    let school = browser.evaluate(school).await.unwrap();
    browser.go(school.as_str().unwrap()).await.unwrap();
    browser.sees("Gegeven 1").await.unwrap();
    browser.fill("Wat moet het zijn?", "Jansen").await.unwrap();
    browser.press("Nog een gegeven melden").await.unwrap();
    browser.sees("Gegeven 2").await.unwrap();
    stage.expect_sound(&browser, "desk-report-two").await;
    let set = "for (const [id, text] of [['row', 'Achternaam'], ['row-2', 'Woonplaats']]) { \
                 const field = document.getElementById(id); \
                 field.value = [...field.options].find(one => one.text.includes(text)).value; } \
               return document.getElementById('proposed').value";
    assert_eq!(browser.evaluate(set).await.unwrap(), "Jansen", "what was filled in is still there");
    for sentence in ["Ik heb een sterk vermoeden", "Ik weet dit uit", "Ik weet wat dit"] {
        browser.tick(sentence).await.unwrap();
    }
    browser.fill("E-mailadres", "j.jansen@demostad.example").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    browser.fill("Bijlagen", &file(folder.path(), "brief.pdf", b"<html>geen pdf</html>")).await.unwrap();
    browser.press("Melding versturen").await.unwrap();
    browser.sees("Een van de bestanden is geen pdf, jpg of png").await.unwrap();
    stage.expect_sound(&browser, "desk-report-attachment-refused").await;
    browser.fill("Bijlagen", &file(folder.path(), "huge.pdf", &vec![b'%'; 30 * 1024 * 1024])).await.unwrap();
    browser.press("Melding versturen").await.unwrap();
    browser.sees("Deze bestanden zijn samen te groot").await.unwrap();
    assert_eq!(browser.evaluate("return document.getElementById('proposed').value").await.unwrap(), "Jansen");
    stage.expect_sound(&browser, "desk-report-too-large").await;
    let content: &[u8] = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";
    browser.fill("Bijlagen", &file(folder.path(), "brief van de ouders.pdf", content)).await.unwrap();
    browser.press("Melding versturen").await.unwrap();
    browser.sees("Wat er gemeld is").await.unwrap();
    for part in ["Persoon › Achternaam", "Persoon › Adres › Woonplaats", "brief van de ouders.pdf"] {
        browser.sees(part).await.unwrap();
    }
    stage.expect_sound(&browser, "desk-report-sent").await;

    // The report that the municipality received.
    browser.go(&stage.at("desk", "/reports")).await.unwrap();
    let received = "return document.querySelector('main a[href^=\"/reports/received/\"]').href";
    let received = browser.evaluate(received).await.unwrap();
    browser.go(received.as_str().unwrap()).await.unwrap();
    browser.sees("Persoon › Adres › Woonplaats").await.unwrap();
    stage.expect_sound(&browser, "desk-report-received").await;
    browser.tick("Afsluiten").await.unwrap();
    browser.press("Opslaan").await.unwrap();
    browser.sees("Schrijf op waarom").await.unwrap();
    stage.expect_sound(&browser, "desk-report-step-refused").await;
    browser.tick("In behandeling nemen").await.unwrap();
    browser.fill("Uitleg", "We zoeken het uit.").await.unwrap();
    browser.press("Opslaan").await.unwrap();
    browser.sees("We zoeken het uit.").await.unwrap();
    stage.expect_sound(&browser, "desk-report-taken-up").await;
}

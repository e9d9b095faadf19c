//! What people do in inzage: see who has something and who looked, choose, object, ask for a correction, act for somebody else.

use chrono::Datelike as _;
use kw_domain::{Clock as _, SystemClock};
use kw_testbed::browser::Browser;

use super::{Stage, TOOLS};

/// Signs in and gathers, for themselves.
pub(super) async fn gathered(stage: &Stage, who: &str) -> Browser {
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
    let text = browser.text().await.unwrap();
    for there in ["Plan jeugdhulp", "Jeugdgezondheid", "Verslavingszorg", "Ondersteuning door de gemeente"] {
        assert!(text.contains(there), "{there}: {text}");
    }
    assert!(!text.contains("niet compleet"), "{text}");
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
    // Nothing is chosen for anybody.
    browser.sees("Kies iets uit de lijst").await.unwrap();
    browser.fill("Waartegen maakt u bezwaar?", "Scholengroep De Linde: Schoolverzuim").await.unwrap();
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
async fn everything_is_on_paper_and_nothing_of_the_screen() {
    let stage = Stage::shared();
    let browser = gathered(&stage, "sanne").await;
    browser.press("Alles bewaren").await.unwrap();
    browser.sees("Alles over één persoon, opgevraagd door Sanne").await.unwrap();
    let pages = browser.printed(TOOLS.as_ref(), "inzage-paper").await.unwrap();
    let flat = |page: &String| page.split_whitespace().collect::<Vec<_>>().join(" ");
    let paper = pages.iter().map(flat).collect::<Vec<_>>().join(" ");
    for there in [
        "Alles over één persoon, opgevraagd door Sanne",
        "Organisaties met gegevens over u",
        "Jeugdzorg Demostad",
        "Hulp op elkaar afstemmen",
        "Dit staat in de logboeken van",
        "Per organisatie en soort gegevens: wie mag ze krijgen",
        "U heeft geen bezwaar gemaakt",
        "Niemand heeft een machtiging van u",
    ] {
        assert!(paper.contains(there), "{there}: {paper}");
    }
    for of_the_screen in [
        "Uitloggen",
        "Ingelogd blijven",
        "Bewaar als bestand",
        "Print deze pagina",
        "Direct naar de inhoud",
        "English",
    ] {
        assert!(!paper.contains(of_the_screen), "{of_the_screen}: {paper}");
    }
    assert!(pages.iter().all(|page| !page.trim().is_empty()), "an empty page");
}

#[tokio::test]
async fn a_person_has_something_corrected_and_sees_what_comes_of_it() {
    let stage = Stage::shared();
    let browser = gathered(&stage, "daan").await;
    browser.press("Wie heeft gegevens over mij").await.unwrap();
    browser.press("Laat iets verbeteren Scholengroep De Linde, Schoolverzuim").await.unwrap();
    browser.sees("Wat klopt er niet?").await.unwrap();
    stage.expect_sound(&browser, "inzage-correction-form").await;
    browser.fill("Uitleg", "Ik zit daar niet meer op school").await.unwrap();
    browser.press("Verstuur mijn verzoek").await.unwrap();
    browser.sees("Er klopt iets niet").await.unwrap();
    stage.expect_sound(&browser, "inzage-correction-refused").await;
    browser.fill("Wat klopt er niet?", "Iets anders, dat leg ik uit").await.unwrap();
    browser.fill("Uw e-mailadres", "daan@voorbeeld.example").await.unwrap();
    browser.tick("Ik weet dit zelf").await.unwrap();
    browser.press("Verstuur mijn verzoek").await.unwrap();
    browser.sees("Uw verzoek is verstuurd").await.unwrap();
    stage.expect_sound(&browser, "inzage-correction-sent").await;
    browser.press("Scholengroep De Linde").await.unwrap();
    browser.sees("Uw verzoek").await.unwrap();
    stage.expect_sound(&browser, "inzage-request").await;
}

#[tokio::test]
async fn a_person_sees_what_was_refused_and_taken_back() {
    let stage = Stage::shared();
    let browser = gathered(&stage, "daan").await;
    browser.press("Toestemming en bezwaar").await.unwrap();
    browser.sees("U zegt nee").await.unwrap();
    browser.sees("U gaf toestemming. Dat is voorbij.").await.unwrap();
    stage.expect_sound(&browser, "inzage-choices-refused").await;
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
    browser.fill("Geboortedatum van Daan", &format!("02-01-{year}")).await.unwrap();
    browser.press("Haal de gegevens van Daan op").await.unwrap();
    browser.sees("Opgehaald op").await.unwrap();
    let mut mistakes = Vec::new();
    for path in [
        "",
        "holders",
        "accesses",
        "choices",
        "choices/new",
        "objections/new",
        "mandates",
        "corrections",
        "print",
        "collected",
    ] {
        browser.go(&stage.at("inzage", &format!("/{path}"))).await.unwrap();
        let text = browser.text().await.unwrap();
        // What it says of the user's own dossiers elsewhere is about the user.
        if path == "collected" {
            assert!(text.contains("U handelt nu namens Daan. Mijn dossiers zijn van uzelf"), "{text}");
            continue;
        }
        assert!(text.contains("U handelt namens Daan"), "{path}: {text}");
        let said = browser.evaluate(SAID).await.unwrap().as_str().unwrap().to_lowercase();
        // A party is called so.
        let said = said.replace("mijn dossier", "");
        let words: Vec<&str> = said.split(|c: char| !c.is_alphabetic()).collect();
        for wrong in
            [&["mijn"][..], &["over", "u"], &["uw", "gegevens"], &["uw", "verzoeken"], &["u", "koos"]]
        {
            if words.windows(wrong.len()).any(|found| found == wrong) {
                mistakes.push(format!("/{path} says {wrong:?} of somebody else: {said}"));
            }
        }
        mistakes.extend(stage.mistakes(&browser, &format!("inzage-acting-{}", path.replace('/', "-"))).await);
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    browser.go(&stage.at("inzage", "/print")).await.unwrap();
    let paper = browser.printed(TOOLS.as_ref(), "inzage-paper-acting").await.unwrap().join(" ");
    assert!(paper.contains("Alles over Daan, opgevraagd door Riet"), "{paper}");
    assert!(paper.contains("U handelt namens Daan"), "{paper}");
}

/// The page's own words: title and all that is not on every page.
const SAID: &str = "return document.title + ' ' + document.querySelector('main').innerText";

//! Both scenarios of MedMij RFC0055, step by step, in a browser: over pages of inzage, the provider and the holder.

mod apart;
mod ends;
mod register;

use std::sync::LazyLock;

use anyhow::ensure;
use kw_domain::{Clock as _, SystemClock};
use kw_testbed::browser::Browser;
use tokio::sync::Mutex;

use super::Stage;

/// The tests share people, and so dossiers: one at a time.
pub(super) static TURN: LazyLock<Mutex<()>> = LazyLock::new(Mutex::default);

/// One step of the document: whoever fails says which.
async fn step(scenario: u8, number: &str, what: &str, doing: impl Future<Output = anyhow::Result<()>>) {
    if let Err(error) = Box::pin(doing).await {
        panic!("scenario {scenario}, step {number}, {what:?}: {error:#}");
    }
    eprintln!("scenario {scenario}, step {number}: {what}");
}

#[tokio::test]
async fn scenario_1_one_account_with_strictly_separated_dossiers() {
    let _turn = TURN.lock().await;
    let stage = Stage::shared();
    let browser = stage.browser().await;
    let b = &browser;
    let mut seen = Seen::default();
    step(1, "1", "Gebruiker geeft in PGO aan dat hij informatie voor een ander wil ophalen", async {
        enter(&stage, b, "eva").await?;
        stage.expect_sound(b, "collected-overview").await;
        own_dossier(b, "Eva", ["11", "2", &year(38)]).await?;
        ensure!(b.can_press("Een dossier over Lotte").await?, "nobody to do it for");
        Ok(())
    })
    .await;
    step(1, "2", "Gebruiker selecteert in de PGO de Vertegenwoordigde uit een lijst", async {
        b.press("Een dossier over Lotte").await?;
        stage.expect_sound(b, "collected-new").await;
        a_day(b, ["5", "1", &year(8)]).await?;
        b.press("Dossier maken").await?;
        b.press("Dossier van Lotte openen").await?;
        b.sees("U vertegenwoordigt deze persoon").await?;
        b.sees(&format!("geboortedatum: 5 januari {}", year(8))).await?;
        stage.expect_sound(b, "collected-dossier-empty").await;
        Ok(())
    })
    .await;
    step(1, "3", "De PGO stuurt een authorisation request naar de Autorisatieserver", async {
        b.press("Gegevens ophalen").await?;
        stage.expect_sound(b, "collected-collect").await;
        choose(b, YOUTH_CARE).await?;
        b.sees("U gaat nu naar").await?;
        stage.expect_sound(b, "collected-onwards").await;
        let address = b.evaluate(ONWARDS).await?.as_str().unwrap_or_default().to_owned();
        ensure!(address.contains("request_uri="), "no pushed request in {address}");
        ensure!(!address.contains(&year(8)) && !address.contains("Lotte"), "somebody is in {address}");
        Ok(())
    })
    .await;
    through_the_provider(&stage, b, 1, ["4", "5", "6", "7", "8", "9"], ("eva", "Lotte"), &mut seen).await;
    step(1, "10", "De autorisatieserver presenteert het toestemmingenscherm aan de PGO gebruiker", async {
        asks(b, ["Eva", "Lotte", YOUTH_CARE.1, "Mijn Dossier", YOUTH_CARE.0]).await?;
        b.sees("het ouderlijk gezag").await?;
        stage.expect_sound(b, "consent").await;
        b.press("Ja, ik geef toestemming").await
    })
    .await;
    step(1, "11", "ZA gebruikt de BSN van Vertegenwoordigde uit de Authenticatieverklaring", async {
        b.sees("Dit is opgehaald").await
    })
    .await;
    step(1, "12", "ZA wisselt via DVZA de informatie uit met de DVP", async {
        b.sees(&format!("{}, van {}", YOUTH_CARE.0, YOUTH_CARE.1)).await
    })
    .await;
    step(1, "13", "DVP ontvangt de informatie en stuurt deze naar de PGO van Vertegenwoordiger", async {
        b.sees("Wij controleerden dat het over Lotte gaat").await?;
        stage.expect_sound(b, "collected-confirm").await;
        Ok(())
    })
    .await;
    step(1, "14.1", "PGO weet om welke Vertegenwoordigde het hier gaat", async {
        let chosen = b.evaluate(CHOSEN).await?;
        ensure!(chosen.as_str().is_some_and(|text| text.starts_with("Lotte")), "{chosen} is chosen");
        Ok(())
    })
    .await;
    step(1, "14", "Vertegenwoordiger selecteert in PGO het dossier van de Vertegenwoordigde", async {
        b.tick("Eva, geboortedatum").await?;
        b.press("Ja, in dit dossier bewaren").await?;
        b.sees("Deze gegevens gaan over iemand anders dan dit dossier").await?;
        stage.expect_sound(b, "collected-confirm-another").await;
        b.press("Ja, in dit dossier bewaren").await?;
        b.sees("De gegevens staan in het dossier").await?;
        stage.expect_sound(b, "collected-dossier").await;
        Ok(())
    })
    .await;
    step(1, "14", "en nergens anders", async {
        b.press(YOUTH_CARE.0).await?;
        b.sees("Lotte").await?;
        b.sees(&format!("geboortedatum: 5 januari {}", year(8))).await?;
        stage.expect_sound(b, "collected-document").await;
        b.press("Mijn dossiers").await?;
        b.press("Dossier van Eva openen").await?;
        b.sees("Voor een ander dossier logt u opnieuw in").await?;
        stage.expect_sound(b, "collected-elsewhere").await;
        b.press("Opnieuw inloggen voor Eva").await?;
        stage.identify(b, "inzage", "eva").await;
        b.sees("Dit dossier gaat over uzelf").await?;
        b.sees("Er staat nog niets in dit dossier").await
    })
    .await;
}

#[tokio::test]
async fn scenario_2_one_dossier_with_several_users_and_limited_rights() {
    let _turn = TURN.lock().await;
    let stage = Stage::shared();
    let (his, hers) = (stage.browser().await, stage.browser().await);
    let (daan, b) = (&his, &hers);
    let mut seen = Seen::default();
    step(2, "1", "Gebruiker (Vertegenwoordiger) logt in bij de PGO van Vertegenwoordigde", async {
        enter(&stage, daan, "daan").await?;
        own_dossier(daan, "Daan", ["2", "1", &year(17)]).await?;
        daan.press("Dossier van Daan openen").await?;
        daan.press("Wie mag dit dossier gebruiken?").await?;
        stage.expect_sound(daan, "collected-users").await;
        daan.tick("Gegevens ophalen voor het dossier").await?;
        daan.tick(SCHOOL.0).await?;
        a_day(daan, ["31", "12", &year(-1)]).await?;
        daan.press("Uitnodiging maken").await?;
        daan.sees("U ziet haar maar één keer").await?;
        stage.expect_sound(daan, "collected-invitation").await;
        let code = daan.evaluate(CODE).await?.as_str().unwrap_or_default().to_owned();
        enter(&stage, b, "riet").await?;
        b.fill("Code van de uitnodiging", &code).await?;
        b.press("Uitnodiging gebruiken").await?;
        b.sees("U mag dit dossier nu gebruiken").await?;
        b.press("Dossier van Daan openen").await?;
        b.sees("met beperkte rechten").await?;
        b.sees("maar niet lezen").await?;
        stage.expect_sound(b, "collected-dossier-limited").await;
        Ok(())
    })
    .await;
    step(2, "2", "De PGO stuurt een authorisation request naar de Autorisatieserver", async {
        b.press("Gegevens ophalen").await?;
        choose(b, SCHOOL).await?;
        let address = b.evaluate(ONWARDS).await?.as_str().unwrap_or_default().to_owned();
        ensure!(address.contains("request_uri="), "no pushed request in {address}");
        Ok(())
    })
    .await;
    through_the_provider(&stage, b, 2, ["3", "4", "5", "6", "7", "8"], ("riet", "Daan"), &mut seen).await;
    step(2, "9", "De autorisatieserver presenteert het toestemmingenscherm aan de PGO gebruiker", async {
        asks(b, ["Riet", "Daan", SCHOOL.1, "Mijn Dossier", SCHOOL.0]).await?;
        b.sees("met een machtiging van deze persoon").await?;
        b.press("Ja, ik geef toestemming").await
    })
    .await;
    step(2, "10", "ZA gebruikt de BSN van Vertegenwoordigde uit de Authenticatieverklaring", async {
        b.sees("Dit is opgehaald").await
    })
    .await;
    step(2, "11", "ZA wisselt via DVZA de informatie uit met de DVP", async {
        b.sees(&format!("{}, van {}", SCHOOL.0, SCHOOL.1)).await
    })
    .await;
    step(2, "12", "DVP ontvangt de informatie en stuurt deze naar de PGO van Vertegenwoordigde", async {
        b.sees("Wij controleerden dat het over Daan gaat").await
    })
    .await;
    step(2, "13", "Informatie wordt opgeslagen in het dossier van de Vertegenwoordigde", async {
        b.press("Ja, in dit dossier bewaren").await?;
        b.sees("De gegevens staan in het dossier").await?;
        b.sees("maar niet lezen").await?;
        daan.press("Naar wie dit dossier mag gebruiken").await?;
        daan.sees("Mag ophalen, niet lezen").await?;
        daan.press("Terug naar het dossier van Daan").await?;
        daan.press(SCHOOL.0).await?;
        daan.sees("Daan").await?;
        daan.press("Terug naar het dossier van Daan").await?;
        daan.press("Wie mag dit dossier gebruiken?").await?;
        daan.press("Toegang van gebruiker 1 stoppen").await?;
        daan.sees("De toegang is gestopt").await?;
        b.press("Gegevens ophalen").await?;
        choose(b, SCHOOL).await?;
        b.sees_no_more("U gaat nu naar").await
    })
    .await;
}

#[tokio::test]
async fn another_birth_date_than_the_holder_has_ends_it_with_a_clear_message() {
    let _turn = TURN.lock().await;
    let stage = Stage::shared();
    let browser = stage.browser().await;
    let b = &browser;
    let done: anyhow::Result<()> = Box::pin(async {
        enter(&stage, b, "riet").await?;
        b.press("Een dossier over Daan").await?;
        b.fill("Naam van het dossier", "Kleinzoon").await?;
        a_day(b, ["31", "2", &year(17)]).await?;
        b.press("Dossier maken").await?;
        b.sees("Deze datum bestaat niet").await?;
        stage.expect_sound(b, "collected-new-wrong").await;
        a_day(b, ["3", "1", &year(17)]).await?;
        b.press("Dossier maken").await?;
        b.press("Dossier van Kleinzoon openen").await?;
        b.press("Gegevens ophalen").await?;
        choose(b, SCHOOL).await?;
        b.press("Naar ").await?;
        stage.identify(b, "inzage", "riet").await;
        b.tick("Daan (").await?;
        b.press("Verder").await?;
        b.sees("De geboortedatum klopt niet").await?;
        b.sees("Er zijn geen gegevens gedeeld").await?;
        stage.expect_sound(b, "consent-birth-date-differs").await;
        b.press("Terug naar uw persoonlijke omgeving").await?;
        b.sees("Er is niets opgehaald").await?;
        stage.expect_sound(b, "collected-refused").await;
        b.press("Terug naar het dossier van Kleinzoon").await?;
        b.sees("Er staat nog niets in dit dossier").await?;
        // It goes, so that another run finds nothing of it.
        b.press("Dit dossier weggooien").await?;
        b.sees("Het dossier van Kleinzoon weggooien?").await?;
        stage.expect_sound(b, "collected-delete").await;
        b.press("Ja, weggooien").await?;
        b.sees("Het dossier is weg").await
    })
    .await;
    done.unwrap();
}

#[tokio::test]
async fn whoever_refuses_or_stops_comes_back_with_nothing() {
    let _turn = TURN.lock().await;
    let stage = Stage::shared();
    let browser = stage.browser().await;
    let b = &browser;
    let done: anyhow::Result<()> = Box::pin(async {
        enter(&stage, b, "daan").await?;
        own_dossier(b, "Daan", ["2", "1", &year(17)]).await?;
        b.press("Dossier van Daan openen").await?;
        b.press("Gegevens ophalen").await?;
        b.press("Verder").await?;
        b.sees("Kies wat u wilt ophalen").await?;
        stage.expect_sound(b, "collected-collect-nothing").await;
        choose(b, SCHOOL).await?;
        b.press("Naar ").await?;
        stage.identify(b, "inzage", "daan").await;
        asks(b, ["Daan", "Over u", SCHOOL.1, "Mijn Dossier", SCHOOL.0]).await?;
        b.press("Nee, ik geef geen toestemming").await?;
        b.sees("U gaf geen toestemming").await?;
        b.press("Terug naar het dossier van Daan").await?;
        b.press("Gegevens ophalen").await?;
        choose(b, SCHOOL).await?;
        b.press("Naar ").await?;
        b.press("Stoppen en teruggaan").await?;
        b.sees("U bent gestopt met inloggen").await?;
        b.press("Terug naar uw persoonlijke omgeving").await?;
        b.sees("Er is niets opgehaald").await?;
        b.press("Terug naar het dossier van Daan").await?;
        b.press("Gegevens ophalen").await?;
        choose(b, SCHOOL).await?;
        b.press("Naar ").await?;
        for _ in 0..4 {
            b.fill("Naam", "daan").await?;
            b.fill("Geheim", "geraden").await?;
            b.press("Inloggen").await?;
            b.sees("De naam of het geheim klopt niet").await?;
        }
        stage.expect_sound(b, "provider-wrong").await;
        b.fill("Naam", "daan").await?;
        b.fill("Geheim", "geraden").await?;
        b.press("Inloggen").await?;
        b.sees("vijf keer fout").await?;
        stage.expect_sound(b, "provider-ended").await;
        Ok(())
    })
    .await;
    done.unwrap();
}

#[derive(Default)]
struct Seen {
    provider: String,
    statements: u64,
}

/// Steps 4 to 9 of scenario 1, 3 to 8 of scenario 2: somebody signs in and chooses for whom.
async fn through_the_provider(
    stage: &Stage,
    b: &Browser,
    scenario: u8,
    numbers: [&str; 6],
    (who, whom): (&str, &str),
    seen: &mut Seen,
) {
    let [sent, signs_in, onwards, chooses, stated, registered] = numbers;
    step(
        scenario,
        sent,
        "Autorisatie stuurt de gebruiker naar DigiD met de indicatie vertegenwoordiging",
        async {
            b.press("Naar ").await?;
            b.sees("U regelt dit voor iemand anders").await?;
            let url = b.url().await?;
            url.split("/sign-in/").next().unwrap_or_default().clone_into(&mut seen.provider);
            seen.statements = b.evaluate(STATEMENTS).await?.as_u64().unwrap_or_default();
            stage.expect_sound(b, "provider-sign-in").await;
            Ok(())
        },
    )
    .await;
    step(scenario, signs_in, "Gebruiker authenticeert bij DigiD", async {
        stage.identify(b, "inzage", who).await;
        b.sees("U bent ingelogd als").await
    })
    .await;
    step(
        scenario,
        onwards,
        "Gebruiker wordt doorgestuurd naar de voorziening voor Vrijwillig Machtigen",
        async {
            b.sees("Voor wie doet u dit?").await?;
            stage.expect_sound(b, "provider-choose").await;
            Ok(())
        },
    )
    .await;
    step(scenario, chooses, "Gebruiker selecteert de Vertegenwoordigde uit het machtigingsregister", async {
        b.press("Verder").await?;
        b.sees("Kies voor wie u dit doet").await?;
        b.tick(&format!("{whom} (")).await?;
        b.press("Verder").await
    })
    .await;
    step(scenario, stated, "DigiD levert een Authenticatieverklaring met beide BSN's", async {
        b.sees("gegevens geven aan").await
    })
    .await;
    step(scenario, registered, "DigiD registreert deze transactie", async {
        let asked = b.url().await?;
        b.go(&format!("{}/sign-in/nothing", seen.provider)).await?;
        let after = b.evaluate(STATEMENTS).await?.as_u64().unwrap_or_default();
        // Others sign in there meanwhile.
        ensure!(after > seen.statements, "{after} statements, {} before", seen.statements);
        b.go(&asked).await
    })
    .await;
}

/// Signs in here, and at the personal environment.
async fn enter(stage: &Stage, b: &Browser, who: &str) -> anyhow::Result<()> {
    stage.sign_in(b, "inzage", who).await;
    b.press("Mijn dossiers").await?;
    b.sees("Uw persoonlijke omgeving is van een andere organisatie").await?;
    stage.expect_sound(b, "collected-outside").await;
    b.press("Inloggen bij mijn persoonlijke omgeving").await?;
    stage.identify(b, "inzage", who).await;
    b.sees("Elk dossier gaat over één persoon").await
}

/// Makes the dossier about whoever signed in, unless there is one.
async fn own_dossier(b: &Browser, name: &str, date: [&str; 3]) -> anyhow::Result<()> {
    if !b.can_press(&format!("Dossier van {name} openen")).await? {
        b.press(&format!("Een dossier over mijzelf: {name}")).await?;
        a_day(b, date).await?;
        b.press("Dossier maken").await?;
        b.sees("Het dossier is gemaakt").await?;
    }
    Ok(())
}

/// Fills in a day.
async fn a_day(b: &Browser, [day, month, year]: [&str; 3]) -> anyhow::Result<()> {
    b.fill("Dag", day).await?;
    b.fill("Maand", month).await?;
    b.fill("Jaar", year).await
}

async fn choose(b: &Browser, (category, holder): (&str, &str)) -> anyhow::Result<()> {
    b.tick(&format!("{category} – {holder}")).await?;
    b.press("Verder").await
}

async fn asks(b: &Browser, words: [&str; 5]) -> anyhow::Result<()> {
    for word in words {
        b.sees(word).await?;
    }
    b.sees("Mag").await
}

const YOUTH_CARE: (&str, &str) = ("Plan jeugdhulp", "Jeugdzorg Demostad");
const SCHOOL: (&str, &str) = ("Schoolverzuim", "Scholengroep De Linde");

/// So many years ago.
pub(super) fn year(ago: i32) -> String {
    let now: i32 = SystemClock.now().date().to_string()[..4].parse().unwrap();
    (now - ago).to_string()
}

const ONWARDS: &str = "return document.querySelector('main a.nl-button').href";
const CHOSEN: &str = "return document.querySelector('input[name=dossier]:checked').labels[0].innerText";
const CODE: &str = "return document.getElementById('invitation-code').innerText";
const STATEMENTS: &str = "const asked = new XMLHttpRequest(); asked.open('GET', '/transactions', false); asked.send(); \
    return JSON.parse(asked.responseText).statements.length";

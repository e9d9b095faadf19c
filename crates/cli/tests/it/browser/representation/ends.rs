//! Where a collection ends before anything is collected: in each case people read what happened and what they can do, and the holder's log
//! shows that nothing was given.

use anyhow::ensure;
use kw_testbed::browser::Browser;

use super::register::{Mandate, given_by, withdraw};
use super::{SCHOOL, TURN, a_day, choose, enter, own_dossier, year};
use crate::browser::Stage;

#[tokio::test]
async fn a_mandate_that_is_withdrawn_meanwhile_gives_nothing() {
    let _turn = TURN.lock().await;
    let stage = Stage::shared();
    let browser = stage.browser().await;
    let b = &browser;
    let mandate = Mandate { of: ("eva", "daan"), kind: "voluntary", band: "from-16" }.give(&stage).await;
    let before = given_by(&stage, "school");
    let done: anyhow::Result<()> = Box::pin(async {
        enter(&stage, b, "eva").await?;
        dossier_about(b, "Daan", ["2", "1", &year(17)]).await?;
        to_the_holder(&stage, b, "eva", Some("Daan (")).await?;
        b.sees("Mag Scholengroep De Linde gegevens geven aan Mijn Dossier?").await?;
        withdraw(&stage, &mandate).await;
        b.press("Ja, ik geef toestemming").await?;
        b.sees("Er is niets opgehaald").await?;
        b.sees("Misschien is uw machtiging intussen ingetrokken").await?;
        b.sees("Kijk bij Machtigingen of ze nog geldt").await?;
        stage.expect_sound(b, "collected-refused-withdrawn").await;
        // What was collected earlier is closed as well, and whose dossier it is may still throw it away.
        b.press("Terug naar het dossier van Daan").await?;
        b.sees("U heeft nu geen machtiging voor deze persoon").await?;
        ensure!(b.url().await?.ends_with("/collected"), "the dossier is open");
        stage.expect_sound(b, "collected-mandate-gone").await;
        for page in ["collected/dossier", "collected/collect", "collected/users"] {
            b.go(&stage.at("inzage", &format!("/{page}"))).await?;
            b.sees("U heeft nu geen machtiging voor deze persoon").await?;
        }
        throw_away(b, "Daan").await
    })
    .await;
    done.unwrap();
    assert_eq!(given_by(&stage, "school"), before);
}

/// Tess is thirteen: too old for parental authority alone, too young to have given a mandate.
#[tokio::test]
async fn a_mandate_that_does_not_fit_the_age_gives_nothing() {
    let _turn = TURN.lock().await;
    let stage = Stage::shared();
    for (who, kind, band) in [("eva", "parental-authority", "under-12"), ("riet", "voluntary", "from-16")] {
        let mandate = Mandate { of: (who, "tess"), kind, band }.give(&stage).await;
        let before = given_by(&stage, "school");
        let browser = stage.browser().await;
        let b = &browser;
        let done: anyhow::Result<()> = Box::pin(async {
            enter(&stage, b, who).await?;
            dossier_about(b, "Tess", ["3", "1", &year(13)]).await?;
            to_the_holder(&stage, b, who, Some("Tess (")).await?;
            b.sees("Deze machtiging past niet bij de leeftijd van de persoon").await?;
            b.sees("Er zijn geen gegevens gedeeld").await?;
            stage.expect_sound(b, &format!("consent-age-{kind}")).await;
            b.press("Terug naar uw persoonlijke omgeving").await?;
            b.sees("Er is niets opgehaald").await?;
            empty_still(b, "Tess").await?;
            throw_away(b, "Tess").await
        })
        .await;
        done.unwrap_or_else(|error| panic!("{kind}: {error:#}"));
        assert_eq!(given_by(&stage, "school"), before, "{kind}");
        withdraw(&stage, &mandate).await;
    }
}

#[tokio::test]
async fn who_is_signed_out_in_the_middle_begins_again() {
    let _turn = TURN.lock().await;
    let stage = Stage::shared();
    let browser = stage.browser().await;
    let b = &browser;
    let before = given_by(&stage, "school");
    let done: anyhow::Result<()> = Box::pin(async {
        enter(&stage, b, "daan").await?;
        own_dossier(b, "Daan", ["2", "1", &year(17)]).await?;
        b.press("Dossier van Daan openen").await?;
        to_the_holder(&stage, b, "daan", None).await?;
        // In another tab they leave the personal environment.
        let question = b.url().await?;
        b.go(&stage.at("inzage", "/collected")).await?;
        b.press("Uitloggen bij mijn persoonlijke omgeving").await?;
        b.sees("U bent uitgelogd bij uw persoonlijke omgeving").await?;
        b.go(&question).await?;
        b.press("Ja, ik geef toestemming").await?;
        b.sees("Uw bezoek aan uw persoonlijke omgeving is voorbij. Log opnieuw in.").await?;
        stage.expect_sound(b, "collected-over").await;

        b.press("Inloggen bij mijn persoonlijke omgeving").await?;
        stage.identify(b, "inzage", "daan").await;
        b.press("Dossier van Daan openen").await?;
        to_the_holder(&stage, b, "daan", None).await?;
        // And this time, inzage.
        let question = b.url().await?;
        b.go(&stage.at("inzage", "/")).await?;
        b.press("Uitloggen").await?;
        b.sees("U bent uitgelogd").await?;
        b.go(&question).await?;
        b.press("Ja, ik geef toestemming").await?;
        b.sees("U bent niet meer ingelogd").await?;
        b.sees("Er is niets opgehaald").await?;
        stage.expect_sound(b, "collected-signed-out").await;
        b.press("Inloggen").await?;
        stage.identify(b, "inzage", "daan").await;
        b.sees("Uw persoonlijke omgeving is van een andere organisatie").await
    })
    .await;
    done.unwrap();
    assert_eq!(given_by(&stage, "school"), before);
}

/// Twins, born on the same day: nothing but the proof tells that these data are not of the dossier's person.
#[tokio::test]
async fn the_data_of_another_person_get_into_no_dossier() {
    let _turn = TURN.lock().await;
    let stage = Stage::shared();
    let browser = stage.browser().await;
    let b = &browser;
    let done: anyhow::Result<()> = Box::pin(async {
        enter(&stage, b, "eva").await?;
        dossier_about(b, "Sem", ["5", "1", &year(8)]).await?;
        to_the_holder(&stage, b, "eva", Some("Lotte (")).await?;
        b.sees("Lotte").await?;
        b.press("Ja, ik geef toestemming").await?;
        b.sees("De gegevens gaan over iemand anders dan dit dossier").await?;
        b.sees("Misschien koos u bij het inloggen een andere persoon").await?;
        b.sees("We hebben niets bewaard").await?;
        b.sees("Dossier van Sem").await?;
        stage.expect_sound(b, "collected-refused-another-person").await;
        empty_still(b, "Sem").await?;
        throw_away(b, "Sem").await
    })
    .await;
    done.unwrap();
}

/// From an open dossier to where the holder asks, or says why it does not. `whom`: for whom, where that is chosen.
async fn to_the_holder(stage: &Stage, b: &Browser, who: &str, whom: Option<&str>) -> anyhow::Result<()> {
    b.press("Gegevens ophalen").await?;
    choose(b, SCHOOL).await?;
    b.press("Naar ").await?;
    stage.identify(b, "inzage", who).await;
    if let Some(whom) = whom {
        b.tick(whom).await?;
        b.press("Verder").await?;
    }
    Ok(())
}

/// Opens the dossier about somebody whom the user represents; makes it where there is none.
pub(super) async fn dossier_about(b: &Browser, name: &str, born: [&str; 3]) -> anyhow::Result<()> {
    if !b.can_press(&format!("Dossier van {name} openen")).await? {
        b.press(&format!("Een dossier over {name}")).await?;
        a_day(b, born).await?;
        b.press("Dossier maken").await?;
    }
    b.press(&format!("Dossier van {name} openen")).await?;
    b.sees("U vertegenwoordigt deze persoon").await
}

async fn empty_still(b: &Browser, name: &str) -> anyhow::Result<()> {
    b.press(&format!("Terug naar het dossier van {name}")).await?;
    b.sees("Er staat nog niets in dit dossier").await?;
    ensure!(!b.can_press(SCHOOL.0).await?, "there is a document");
    Ok(())
}

/// The dossier that is open goes, so that another test finds nothing of it.
pub(super) async fn throw_away(b: &Browser, name: &str) -> anyhow::Result<()> {
    b.press("Dit dossier weggooien").await?;
    b.sees(&format!("Het dossier van {name} weggooien?")).await?;
    b.press("Ja, weggooien").await?;
    b.sees("Het dossier is weg").await
}

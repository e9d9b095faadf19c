//! Several people in one account: a dossier for each, and nothing of one in that of another.

use anyhow::ensure;
use kw_testbed::browser::Browser;

use super::ends::{dossier_about, throw_away};
use super::{TURN, YOUTH_CARE, choose, enter, year};
use crate::browser::Stage;

#[tokio::test]
async fn two_represented_people_in_one_account_have_a_dossier_each() {
    let _turn = TURN.lock().await;
    let stage = Stage::shared();
    let browser = stage.browser().await;
    let b = &browser;
    let done: anyhow::Result<()> = Box::pin(async {
        enter(&stage, b, "eva").await?;
        collect(&stage, b, "Lotte").await?;
        only_about(&stage, b, ["Lotte", "Sem"]).await?;
        // A page of Lotte's dossier stays open in another tab, which ends hers and nobody else's.
        b.press("Dit dossier weggooien").await?;
        b.sees("Het dossier van Lotte weggooien?").await?;
        let stale = b.evaluate(OF).await?.as_str().unwrap_or_default().to_owned();
        b.press("Nee, bewaren").await?;
        elsewhere(&stage, b, "Sem").await?;
        b.sees("Er staat nog niets in dit dossier").await?;
        for page in ["collected/delete", "collected/collect"] {
            b.go(&stage.at("inzage", &format!("/{page}"))).await?;
            b.evaluate(&format!("document.querySelector('input[name=of]').value = '{stale}'")).await?;
            b.press(if page.ends_with("delete") { "Ja, weggooien" } else { "Verder" }).await?;
            b.sees("Er is niets gedaan. U deed dit op een pagina van een ander dossier dan nu open is.")
                .await?;
            b.sees("Dossier van Sem").await?;
        }
        stage.expect_sound(b, "collected-other-tab").await;
        b.press("Naar al mijn dossiers").await?;
        collect(&stage, b, "Sem").await?;
        only_about(&stage, b, ["Sem", "Lotte"]).await?;
        throw_away(b, "Sem").await?;
        // A session is of one dossier, and ends with it.
        b.press("Inloggen bij mijn persoonlijke omgeving").await?;
        stage.identify(b, "inzage", "eva").await;
        b.press("Dossier van Lotte openen").await?;
        only_about(&stage, b, ["Lotte", "Sem"]).await?;
        throw_away(b, "Lotte").await
    })
    .await;
    done.unwrap();
}

async fn collect(stage: &Stage, b: &Browser, name: &str) -> anyhow::Result<()> {
    let here = format!("Verder in het dossier van {name}");
    if b.can_press(&here).await? {
        b.press(&here).await?;
    } else {
        dossier_about(b, name, ["5", "1", &year(8)]).await?;
    }
    b.press("Gegevens ophalen").await?;
    choose(b, YOUTH_CARE).await?;
    b.press("Naar ").await?;
    stage.identify(b, "inzage", "eva").await;
    b.tick(&format!("{name} (")).await?;
    b.press("Verder").await?;
    b.press("Ja, ik geef toestemming").await?;
    b.sees(&format!("Wij controleerden dat het over {name} gaat")).await?;
    b.press("Ja, in dit dossier bewaren").await?;
    b.sees("De gegevens staan in het dossier").await
}

/// The document in the dossier that is open is about the one and says nothing of the other.
async fn only_about(stage: &Stage, b: &Browser, [one, other]: [&str; 2]) -> anyhow::Result<()> {
    b.press(YOUTH_CARE.0).await?;
    b.sees(&format!("Dossier van {one}")).await?;
    let text = b.text().await?;
    ensure!(text.matches(one).count() > 1, "the document is not about {one}: {text}");
    ensure!(!text.contains(other), "{other} is in the dossier of {one}: {text}");
    stage.expect_sound(b, &format!("collected-document-{}", one.to_lowercase())).await;
    b.press(&format!("Terug naar het dossier van {one}")).await
}

/// From one dossier to another, through another sign-in.
async fn elsewhere(stage: &Stage, b: &Browser, name: &str) -> anyhow::Result<()> {
    b.press("Naar al mijn dossiers").await?;
    if !b.can_press(&format!("Dossier van {name} openen")).await? {
        b.press(&format!("Een dossier over {name}")).await?;
        super::a_day(b, ["5", "1", &year(8)]).await?;
        b.press("Dossier maken").await?;
    }
    b.press(&format!("Dossier van {name} openen")).await?;
    b.sees("Voor een ander dossier logt u opnieuw in").await?;
    b.press(&format!("Opnieuw inloggen voor {name}")).await?;
    stage.identify(b, "inzage", "eva").await;
    b.sees(&format!("Dossier van {name}")).await
}

/// Whose dossier the form of this page is about.
const OF: &str = "return document.querySelector('main input[name=of]').value";

//! A mandate between two people, each at a browser of their own: asked for by one, confirmed by the other, used, and taken back.

use chrono::Datelike as _;
use kw_demo::people::People;
use kw_domain::{Clock as _, SystemClock};
use kw_testbed::browser::Browser;

use super::representation::TURN;
use super::{Stage, inzage::gathered};

#[tokio::test]
async fn one_asks_the_other_confirms_and_takes_it_back() {
    let _turn = TURN.lock().await;
    let stage = Stage::shared();
    let family = People::make(40).family;
    let born = format!("02-01-{}", SystemClock.now().date().year() - 17);
    let done: anyhow::Result<()> = Box::pin(async {
        let hers = gathered(&stage, "eva").await;
        let eva = &hers;
        eva.press("Machtigingen").await?;
        eva.press("Een machtiging regelen").await?;
        eva.press("Vraag de machtiging aan").await?;
        eva.sees("Kies wie wie helpt").await?;
        stage.expect_sound(eva, "inzage-mandate-refused").await;
        eva.tick("Ik wil iets voor iemand anders regelen").await?;
        eva.fill("Burgerservicenummer van de ander", family.boy.bsn.expose()).await?;
        eva.fill("Geboortedatum van de ander (alleen als u de ander gaat helpen)", &born).await?;
        eva.tick("Schoolverzuim").await?;
        eva.tick("gegevens bekijken").await?;
        eva.press("Vraag de machtiging aan").await?;
        eva.sees("De machtiging is aangevraagd").await?;
        eva.sees("Wacht op bevestiging").await?;
        stage.expect_sound(eva, "inzage-mandate-requested").await;
        not_offered(&stage, eva).await?;

        let his = gathered(&stage, "daan").await;
        let daan = &his;
        daan.press("Machtigingen").await?;
        daan.press("Bekijk en bevestig").await?;
        daan.sees("Iemand wil iets voor u mogen regelen").await?;
        stage.expect_sound(daan, "inzage-mandate-confirm").await;
        let number = "Burgerservicenummer van degene die u bedoelt";
        daan.fill(number, family.grandmother.bsn.expose()).await?;
        daan.press("Ja, ik bevestig dit").await?;
        daan.sees("Deze machtiging is niet met deze persoon").await?;
        stage.expect_sound(daan, "inzage-mandate-confirm-refused").await;
        daan.fill(number, family.mother.bsn.expose()).await?;
        daan.press("Ja, ik bevestig dit").await?;
        daan.sees("De machtiging is bevestigd").await?;
        stage.expect_sound(daan, "inzage-mandate-confirmed").await;

        // The provider has it from the register: nobody told it.
        eva.go(&stage.at("inzage", "/acting")).await?;
        eva.press("Voor iemand die mij een machtiging gaf").await?;
        stage.identify(eva, "inzage", "eva").await;
        eva.tick("Daan (u heeft een machtiging gekregen)").await?;
        eva.press("Verder").await?;
        eva.sees("U handelt namens Daan").await?;
        eva.sees("gegevens bekijken").await?;

        eva.fill("Geboortedatum", &born).await?;
        eva.press("Haal ").await?;
        eva.press("Wie heeft gegevens over Daan").await?;
        eva.sees("Schoolverzuim").await?;
        daan.press("Trek deze machtiging in").await?;
        daan.sees("De machtiging is ingetrokken").await?;
        stage.expect_sound(daan, "inzage-mandate-withdrawn").await;
        // What the register said is worth two seconds.
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        eva.reload().await?;
        eva.sees("De machtiging is voorbij").await?;
        eva.sees_no_more("Schoolverzuim").await?;
        stage.expect_sound(eva, "inzage-mandate-over").await;
        not_offered(&stage, eva).await
    })
    .await;
    done.unwrap();
}

/// Who chooses for whom to act is not offered Daan, and stops.
async fn not_offered(stage: &Stage, b: &Browser) -> anyhow::Result<()> {
    b.go(&stage.at("inzage", "/acting")).await?;
    b.press("Voor iemand die mij een machtiging gaf").await?;
    stage.identify(b, "inzage", "eva").await;
    b.sees("U heeft nu geen machtiging om dit voor iemand anders te doen").await?;
    stage.expect_sound(b, "provider-choose-nobody").await;
    b.press("Stoppen en teruggaan").await
}

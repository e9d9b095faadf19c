//! Mandates that people ask for, confirm and take back themselves.

use kw_testbed::{Visitor, between};

use super::{BORN, Bed, FRIEND, PERSON};

pub(super) async fn asked_for_confirmed_and_taken_back(bed: &Bed, sanne: &mut Visitor) {
    bed.send(sanne, "/collect", &[("born", BORN)]).await;
    let given = [
        ("direction", "represented"),
        ("number", FRIEND),
        ("born", BORN),
        ("categories", "school-attendance"),
        ("acts", "view"),
    ];
    let own: Vec<_> =
        given.iter().map(|(name, value)| (*name, if *name == "number" { PERSON } else { value })).collect();
    let refused = bed.send(sanne, "/mandates", &own).await;
    assert!(
        refused.text.contains("Dit is uw eigen nummer") && !refused.text.contains(PERSON),
        "{}",
        refused.text
    );
    // Whatever she types, she is fifteen, and it ends when she is sixteen.
    let older: Vec<_> = given
        .iter()
        .map(|(name, value)| (*name, if *name == "born" { "1990-01-01" } else { value }))
        .collect();
    let active = bed.send(sanne, "/mandates", &older).await;
    for word in ["De machtiging is aangevraagd", "<dd>Geldt</dd>", "20 juli 2027"] {
        assert!(active.text.contains(word), "{word}: {}", active.text);
    }
    let path = between(&active.text, "action=\"/mandates/", "\"").unwrap().to_owned();

    // The same mandate has another name in another session, and what another session names is nothing here.
    let mut riet = bed.browser("riet", None).await;
    bed.send(&mut riet, "/collect", &[]).await;
    let strange = bed.send(&mut riet, &format!("/mandates/{path}"), &[]).await;
    assert_eq!(strange.status.as_u16(), 404, "{}", strange.text);
    let withdrawn = bed.send(sanne, &format!("/mandates/{path}"), &[]).await;
    assert!(withdrawn.text.contains("De machtiging is ingetrokken"), "{}", withdrawn.text);

    // Of whom nobody knows the age, nobody has a mandate.
    let unknown: Vec<_> =
        given.iter().map(|(name, value)| (*name, if *name == "number" { PERSON } else { value })).collect();
    let refused = bed.send(&mut riet, "/mandates", &unknown).await;
    assert!(refused.text.contains("Wij weten niet hoe oud u bent"), "{}", refused.text);

    // Somebody says that she is of age, or a small child.
    let said = |born: &'static str| {
        let field = move |(name, value): &(&'static str, &'static str)| match *name {
            "direction" => (*name, "representative"),
            "number" => (*name, PERSON),
            "born" => (*name, born),
            _ => (*name, *value),
        };
        given.iter().map(field).collect::<Vec<_>>()
    };
    let refused = bed.send(&mut riet, "/mandates", &said("2020-01-01")).await;
    assert!(refused.text.contains("Op deze leeftijd kan deze machtiging niet"), "{}", refused.text);
    let waits = bed.send(&mut riet, "/mandates", &said("1990-01-01")).await;
    assert!(waits.text.contains("Wacht op bevestiging"), "{}", waits.text);
    bed.send(sanne, "/collect", &[("born", BORN)]).await;
    let page = bed.page(sanne, "/mandates").await;
    let (before, _) = page.text.split_once("/confirm\"").unwrap_or_else(|| panic!("{}", page.text));
    let older = format!("/mandates/{}", before.rsplit('/').next().unwrap());
    let page = bed.page(sanne, &format!("{older}/confirm")).await;
    assert!(page.text.contains("een andere leeftijd dan die van u"), "{}", page.text);
    let refused = bed.send(sanne, &format!("{older}/confirm"), &[("number", FRIEND)]).await;
    assert!(refused.text.contains("een andere leeftijd dan die van u"), "{}", refused.text);
    assert!(!bed.page(sanne, "/mandates").await.text.contains("<dd>Geldt</dd>"));
    bed.send(sanne, &format!("{older}/withdraw"), &[]).await;

    // Somebody asks to act for her: she confirms it only by saying who it is.
    let asked: Vec<_> = given
        .iter()
        .map(|(name, value)| match *name {
            "direction" => (*name, "representative"),
            "number" => (*name, PERSON),
            _ => (*name, *value),
        })
        .collect();
    let waits = bed.send(&mut riet, "/mandates", &asked).await;
    assert!(waits.text.contains("Wacht op bevestiging"), "{}", waits.text);
    bed.send(sanne, "/collect", &[("born", BORN)]).await;
    let page = bed.page(sanne, "/mandates").await;
    let (before, _) = page.text.split_once("/confirm\"").unwrap_or_else(|| panic!("{}", page.text));
    let path = format!("/mandates/{}/confirm", before.rsplit('/').next().unwrap());
    bed.page(sanne, &path).await;
    let wrong = bed.send(sanne, &path, &[("number", "999991802")]).await;
    assert!(wrong.text.contains("niet met deze persoon"), "{}", wrong.text);
    let confirmed = bed.send(sanne, &path, &[("number", FRIEND)]).await;
    assert!(
        confirmed.text.contains("De machtiging is bevestigd") && confirmed.text.contains("<dd>Geldt</dd>"),
        "{}",
        confirmed.text
    );
}

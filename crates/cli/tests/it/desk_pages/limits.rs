//! What somebody may not do, they cannot do by address either; and nothing of a person is where it should not be.

use kw_testbed::Visitor;

use super::asking::name_of;
use super::bed::{Bed, PERSON};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_has_their_own_dossiers_and_their_own_duties() {
    let Some(bed) = Bed::start().await else { return };
    let mut mira = bed.visitor("m.consulent").await;
    let page = bed.whole(&mut mira, PERSON, "Z-1").await;
    let (dossier, id) = (page.url.to_string(), page.url.path().rsplit('/').next().unwrap().to_owned());

    // A colleague, and the same person in another browser.
    let mut kees = bed.visitor("k.kwaliteit").await;
    let mut elsewhere = bed.visitor("m.consulent").await;
    for visitor in [&mut kees, &mut elsewhere] {
        for path in [
            format!("/dossiers/{id}"),
            format!("/dossiers/{id}/news?seen=0"),
            format!("/dossiers/{id}/report/0"),
            format!("/dossiers/{id}/report/0/0"),
        ] {
            let seen = visitor.get(&bed.at(&path)).await;
            assert_eq!(seen.status.as_u16(), 404, "{path}: {}", seen.text);
            assert!(!seen.text.contains("De Linde"));
        }
    }
    let nobody = Visitor::new().get(&dossier).await;
    assert_eq!(nobody.status.as_u16(), 303);

    let some = "01931b3e-7d5a-7000-8000-000000000001";
    let refused = [
        ("m.consulent", format!("/reports/received/{some}"), None),
        ("m.consulent", "/matches/figures".to_owned(), None),
        ("m.consulent", format!("/reviews/{some}"), Some("verdict")),
        ("m.consulent", format!("/reports/received/{some}"), Some("status")),
        ("k.kwaliteit", "/matches".to_owned(), None),
        ("k.kwaliteit", format!("/matches/{some}"), None),
        ("k.kwaliteit", format!("/matches/{some}/contact"), Some("x")),
        ("k.kwaliteit", format!("/matches/{some}/coordinated"), Some("x")),
    ];
    for (account, path, posted) in refused {
        let visitor = if account == "m.consulent" { &mut mira } else { &mut kees };
        let token = visitor.get(&bed.at("/signals")).await.token();
        let seen = match posted {
            None => visitor.get(&bed.at(&path)).await,
            Some(field) => visitor.post(&bed.at(&path), &[("_token", &token), (field, "justified")]).await,
        };
        assert_eq!(seen.status.as_u16(), 403, "{account} {path}: {}", seen.text);
        assert!(seen.text.contains("Dit mag niet"), "{path}");
    }
    // Somebody without a purpose of their own cannot ask in the name of another role.
    let start = kees.get(&bed.at("/")).await;
    assert!(start.text.contains("mag u in deze keten niets opzoeken"), "{}", start.text);
    let token = start.token();
    let form = [
        ("_token", token.as_str()),
        ("case", "Z-9"),
        ("what", "coordinate-help municipal-consultant"),
        ("basis", "listed"),
        ("bsn", PERSON),
    ];
    assert_eq!(kees.post(&bed.at("/"), &form).await.status.as_u16(), 422);
    let mut forged = form;
    forged[0] = ("_token", "of somebody else");
    assert_eq!(mira.post(&bed.at("/"), &forged).await.status.as_u16(), 403);

    // What is on the screen is gone with the session.
    let token = mira.get(&dossier).await.token();
    mira.post(&bed.at("/sign-out"), &[("_token", &token)]).await;
    assert_eq!(mira.get(&dossier).await.status.as_u16(), 303);
    let mut again = bed.visitor("m.consulent").await;
    assert_eq!(again.get(&dossier).await.status.as_u16(), 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_with_mistakes_comes_back_without_the_number() {
    let Some(bed) = Bed::start().await else { return };
    let mut mira = bed.visitor("m.consulent").await;
    let token = mira.get(&bed.at("/")).await.token();
    let mut form = vec![
        ("_token", token.as_str()),
        ("case", "zaak 999990342"),
        ("what", "coordinate-help municipal-consultant"),
        ("basis", "motivated"),
        ("bsn", "9999.90.342"),
        ("birth_date", "31-02-2011"),
        ("categories", "police-report"),
    ];
    let seen = mira.post(&bed.at("/"), &form).await;
    assert_eq!(seen.status.as_u16(), 422);
    for field in ["case", "reason", "birth_date", "categories"] {
        assert!(seen.text.contains(&format!("href=\"#{field}\"")), "{field}: {}", seen.text);
    }
    assert!(seen.text.contains("•••••••42"), "{}", seen.text);
    let input = seen.text.split("id=\"bsn\"").nth(1).unwrap();
    assert!(input[..60].contains("value=\"\""), "{input}");
    // The number is kept for the next attempt of this form.
    let name = name_of(&seen).to_owned();
    form = vec![
        ("form", name.as_str()),
        ("_token", token.as_str()),
        ("case", "Z-1"),
        ("what", "coordinate-help municipal-consultant"),
        ("basis", "listed"),
        ("bsn", ""),
    ];
    let seen = mira.post(&bed.at("/"), &form).await;
    assert_eq!(seen.status.as_u16(), 303, "{}", seen.text);
    // Sent twice it leads to the same, and the number is kept no longer: not for another question of this form, nor of another one.
    let twice = mira.post(&bed.at("/"), &form).await;
    assert_eq!(twice.header("location"), seen.header("location"));
    form[2] = ("case", "Z-2");
    assert_eq!(mira.post(&bed.at("/"), &form).await.status.as_u16(), 422);
    form[0] = ("form", "0123456789abcdef0123456789abcdef");
    assert_eq!(mira.post(&bed.at("/"), &form).await.status.as_u16(), 422);
    // A number that fails the elfproef is none.
    form[5] = ("bsn", "999990341");
    let seen = mira.post(&bed.at("/"), &form).await;
    assert!(seen.text.contains("id=\"bsn-problem\"") && !seen.text.contains("999990341"), "{}", seen.text);

    // Nothing of it is in a log of the desk or the partner process.
    let logs = bed.town.kept();
    let mut folders = vec![logs];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "log") {
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                assert!(!text.contains(PERSON), "{}", path.display());
            }
        }
    }
}

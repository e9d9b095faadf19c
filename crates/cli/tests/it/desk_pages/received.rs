//! What others doubt about the own organisation's data: taken up and settled at the desk, and what the reporter hears of it.

use std::time::Duration;

use kw_agreement::draft::IdentityProviderDraft;
use kw_testbed::{Seen, Visitor};
use serde_json::Value;

use super::bed::{Bed, MUNICIPALITY, PERSON};
use crate::town::{Town, until};

/// A purpose for which nobody has to be proven: the reporter has no provider.
fn without_proof(town: &Town) {
    town.agree(|draft| {
        let other = draft.purposes["coordinate-help"].clone();
        draft.purposes.insert("check-data".to_owned(), other);
    });
}

/// Youth care doubts two values of the municipality; the report's name.
fn doubt(town: &Town) -> String {
    let mut arguments = vec!["feedback", "report", "--bsn", "-", "--birth-date", "2011-03-04"];
    arguments.extend([
        "--purpose",
        "check-data",
        "--case",
        "JZ-7",
        "--basis",
        "motivated",
        "--reason",
        "intake",
    ]);
    arguments.extend(["--role", "youth-care-worker", "--actor", "w.werker", "--holder", MUNICIPALITY]);
    arguments.extend(["--category", "municipal-support", "--pointer", "/person/address/city"]);
    arguments.extend(["--doubted", "X", "--proposed", "Demostad <b>"]);
    arguments.extend(["--strong-suspicion", "--own-knowledge", "--knows-definition"]);
    arguments.extend(["--contact-name", "W. Werker", "--contact-email", "w.werker@jeugdzorg.example"]);
    until("a report", || {
        let ran = town.run_with_input("youth-care", &arguments, &format!("{PERSON}\n"));
        let sent = (ran.code == 0).then(|| ran.json()).filter(|sent| sent["delivery"] == "delivered");
        sent.map(|sent| sent["id"].as_str().unwrap().to_owned()).ok_or_else(|| format!("{ran:?}"))
    })
}

fn of_reporter(town: &Town, id: &str) -> Value {
    town.run("youth-care", &["feedback", "show", id]).expect(0).json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_that_was_received_is_taken_up_and_settled_and_its_reporter_hears_why() {
    let Some(bed) = Bed::changed(without_proof).await else { return };
    let (id, bed) = tokio::task::spawn_blocking(move || (doubt(&bed.town), bed)).await.unwrap();
    let mut kees = bed.visitor("k.kwaliteit").await;
    let list = kees.get(&bed.at("/reports")).await;
    let path = format!("/reports/received/{id}");
    assert!(list.text.contains(&path), "{}", list.text);
    let path = bed.at(&path);
    let page = kees.get(&path).await;
    for part in [
        "Jeugdzorg Demostad",
        "Ondersteuning door de gemeente",
        "Persoon › Adres › Woonplaats",
        "Demostad &#60;b&#62;",
    ] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    let token = page.token();

    // What a step needs is asked for before anything is done.
    for (form, field) in [
        (vec![("status", "settled")], "outcome"),
        (vec![("status", "settled"), ("outcome", "rejected")], "note"),
        (vec![("status", "planned"), ("planned_for", "binnenkort")], "planned_for"),
        (vec![("status", "wrong-holder")], "handler"),
        (vec![("status", "nothing-such")], "status"),
        (vec![("status", "")], "note"),
    ] {
        let mut form = form;
        form.push(("_token", &token));
        let refused = kees.post(&path, &form).await;
        assert_eq!(refused.status.as_u16(), 422, "{form:?}");
        assert!(refused.text.contains(&format!("href=\"#{field}\"")), "{field}: {}", refused.text);
    }
    let (still, bed, id) = {
        let asked = id.clone();
        tokio::task::spawn_blocking(move || (of_reporter(&bed.town, &asked), bed, id)).await.unwrap()
    };
    assert_eq!(still["status"], "reported", "{still}");

    let taken = kees
        .post(&path, &[("_token", &token), ("status", "in-progress"), ("note", "We zoeken het uit.")])
        .await;
    assert_eq!(taken.status.as_u16(), 303, "{}", taken.text);
    let taken = kees.follow(taken).await;
    assert!(
        taken.text.contains("In behandeling") && taken.text.contains("We zoeken het uit."),
        "{}",
        taken.text
    );
    // What can be done next does not have what was done.
    assert!(!taken.text.contains("value=\"in-progress\""), "{}", taken.text);
    let settled = [
        ("_token", token.as_str()),
        ("status", "settled"),
        ("outcome", "rejected"),
        ("note", "De brief klopt."),
    ];
    let settled = kees.post(&path, &settled).await;
    let settled = kees.follow(settled).await;
    for part in ["Afgehandeld", "De brief klopt.", "Ongegrond"] {
        assert!(settled.text.contains(part), "{part}: {}", settled.text);
    }
    assert!(!settled.text.contains("name=\"status\""), "what is settled stays: {}", settled.text);
    let after = kees.post(&path, &[("_token", &token), ("status", "in-progress")]).await;
    assert!(after.status.is_client_error(), "{}", after.text);

    let told = tokio::task::spawn_blocking(move || of_reporter(&bed.town, &id)).await.unwrap();
    assert_eq!((&told["status"], &told["outcome"]), (&"settled".into(), &"rejected".into()), "{told}");
    assert!(told.to_string().contains("De brief klopt."), "{told}");
}

/// Their proof is soon too old for others.
fn short_proofs(town: &Town) {
    without_proof(town);
    town.agree(|draft| {
        let provider = IdentityProviderDraft { max_age: Some("PT1M".to_owned()), ..Default::default() };
        draft.partner_mut(MUNICIPALITY).unwrap().identity_provider = Some(provider);
    });
}

/// Sends a form with a proof that is too old, and signs in again: the page of the form, with what was written.
async fn sent_too_late(bed: &Bed, who: (&mut Visitor, &str), path: &str, form: &[(&str, &str)]) -> Seen {
    let (visitor, account) = who;
    let sent = visitor.post(&bed.at(path), form).await;
    assert_eq!(sent.status.as_u16(), 303, "{}", sent.text);
    let to = sent.header("location").to_owned();
    assert!(to.starts_with("/sign-in?") && to.contains("again=true"), "{to}");
    assert!(!to.contains("geschreven"), "{to}");
    let page = visitor.sign_in(&bed.at(&to), account).await;
    assert_eq!(page.status.as_u16(), 200, "{}", page.text);
    for there in ["Wat u invulde, staat er nog", "lang aan geschreven"] {
        assert!(page.text.contains(there), "{path}, {there}: {}", page.text);
    }
    page
}

/// The same form, of the page that is there after signing in again.
fn with<'a>(token: &'a str, form: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let field = |(name, value): &(&'a str, &'a str)| (*name, if *name == "_token" { token } else { *value });
    form.iter().map(field).collect()
}

/// Asks on a ground of one's own: the page before it is asked, and where that is the confirmation, what comes of it.
async fn question(bed: &Bed, visitor: &mut Visitor, token: &str, (basis, case): (&str, &str)) -> Seen {
    let form = [
        ("_token", token),
        ("case", case),
        ("what", "coordinate-help municipal-consultant"),
        ("basis", basis),
        ("reason", "zorgen om het gezin"),
        ("bsn", PERSON),
        ("birth_date", "04-03-2011"),
    ];
    let asked = visitor.post(&bed.at("/"), &form).await;
    let page = visitor.follow(asked).await;
    if basis == "motivated" {
        let gone = visitor.post(page.url.as_str(), &[("_token", &page.token())]).await;
        let dossier = bed.at(gone.header("location"));
        return bed.settled(visitor, &dossier).await;
    }
    page
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_is_there_after_signing_in_again_and_emergency_says_why() {
    const WRITTEN: &str = "Hier is lang aan geschreven.";
    let Some(bed) = Bed::changed(short_proofs).await else { return };
    let (id, bed) = tokio::task::spawn_blocking(move || (doubt(&bed.town), bed)).await.unwrap();
    let mut mira = bed.visitor("m.consulent").await;
    let dossier = bed.whole(&mut mira, PERSON, "Z-2026-31").await;
    question(&bed, &mut mira, &dossier.token(), ("motivated", "Z-2026-30")).await;
    let links = dossier.text.split("href=\"").filter_map(|rest| rest.split('"').next());
    let report = links.into_iter().find(|path| path.contains("/report/")).unwrap().to_owned();
    let form = mira.sign_in(&bed.at(&report), "m.consulent").await;
    assert_eq!(form.url.path(), report, "{}", form.text);
    let mut kees = bed.visitor("k.kwaliteit").await;
    let received = format!("/reports/received/{id}");
    let token = kees.get(&bed.at(&received)).await.token();
    let reviews = kees.get(&bed.at("/reviews")).await;
    tokio::time::sleep(Duration::from_secs(21)).await;

    // A report, of which a browser shows no files again.
    let name = kw_testbed::between(&form.text, "name=\"form\" value=\"", "\"").unwrap().to_owned();
    let own = form.token();
    let doubt = [
        ("_token", own.as_str()),
        ("form", name.as_str()),
        ("row", "0"),
        ("proposed", "anders"),
        ("explanation", WRITTEN),
        ("suspicion", "yes"),
        ("knowledge", "yes"),
        ("definition", "yes"),
        ("name", "Mira"),
        ("email", "mira@demostad.example"),
    ];
    let page = sent_too_late(&bed, (&mut mira, "m.consulent"), &report, &doubt).await;
    assert_eq!(page.url.path(), report);
    assert!(page.text.contains("value=\"mira@demostad.example\"") && page.text.contains("value=\"anders\""));
    assert!(page.text.contains(&name), "it is the same report");
    let own = page.token();
    let sent = mira.post(&bed.at(&report), &with(&own, &doubt)).await;
    assert!(sent.header("location").starts_with("/reports/sent/"), "{}", sent.text);
    let sent = sent.header("location").to_owned();

    // What is said about a report that was received.
    let says = [("_token", token.as_str()), ("status", "in-progress"), ("note", WRITTEN)];
    let page = sent_too_late(&bed, (&mut kees, "k.kwaliteit"), &received, &says).await;
    assert_eq!(page.url.path(), received);
    let token = page.token();
    let done = kees.post(&bed.at(&received), &with(&token, &says)).await;
    assert_eq!(done.header("location"), received, "{}", done.text);

    // A review, and a withdrawal.
    tokio::time::sleep(Duration::from_secs(21)).await;
    let judged = kw_testbed::between(&reviews.text, "action=\"/reviews/", "\"").unwrap();
    let verdict = [("_token", token.as_str()), ("verdict", "unjustified"), ("note", WRITTEN)];
    let path = format!("/reviews/{judged}");
    let page = sent_too_late(&bed, (&mut kees, "k.kwaliteit"), &path, &verdict).await;
    assert!(page.text.contains("value=\"unjustified\" checked"), "{}", page.text);
    let done = kees.post(&bed.at(&path), &with(&page.token(), &verdict)).await;
    assert_eq!(done.header("location"), "/reviews", "{}", done.text);
    let again = kees.get(&bed.at(&path)).await;
    assert_eq!(again.header("location"), "/reviews", "it is there once");

    let back = [("_token", own.as_str()), ("note", WRITTEN)];
    let path = format!("{sent}/withdrawal");
    let page = sent_too_late(&bed, (&mut mira, "m.consulent"), &path, &back).await;
    assert_eq!(page.url.path(), sent);
    let own = page.token();

    // In an emergency the page says why there is another sign-in, before it.
    tokio::time::sleep(Duration::from_secs(21)).await;
    let why = question(&bed, &mut mira, &own, ("emergency", "Z-2026-32")).await;
    assert!(why.url.path().starts_with("/questions/"), "{}", why.url);
    assert!(
        why.text.contains("U zoekt bij nood. Daarom vragen wij u nog een keer in te loggen"),
        "{}",
        why.text
    );
    let to = why.attributes("href").find(|link| link.starts_with("/sign-in?")).unwrap();
    let to = to.replace("&amp;", "&").replace("&#38;", "&");
    let confirm = mira.sign_in(&bed.at(&to), "m.consulent").await;
    assert_eq!(confirm.url.path(), why.url.path());
    assert!(
        confirm.text.contains("krijgen meteen een melding")
            || confirm.text.contains("krijgt daar meteen een melding"),
        "{}",
        confirm.text
    );
}

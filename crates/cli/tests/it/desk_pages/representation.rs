//! Somebody acts for another: chosen before anything is fetched, in sight on every page, refused when it does not hold.

use kw_agreement::draft::{AgeBandDraft, MandateDraft};
use kw_testbed::{Seen, Visitor};

use super::bed::{Bed, MUNICIPALITY, PERSON};
use crate::town::{Town, until};

/// In no source of the demonstration.
const PARENT: &str = "999999321";
const STRANGER: &str = "999991802";

/// The municipality registers parental authority, and its consultants may ask for whom somebody represents.
fn admitted(town: &Town) {
    town.agree(|draft| {
        let band = |name: &str, from, below, confirmed_by: &[&str]| AgeBandDraft {
            name: name.into(),
            from,
            below,
            confirmed_by: confirmed_by.iter().map(|side| (*side).to_owned()).collect(),
        };
        let parental = MandateDraft {
            registrars: vec![MUNICIPALITY.into()],
            categories: vec!["youth-care-plan".into(), "school-attendance".into()],
            acts: vec!["feedback".into(), "view".into()],
            max_term: "P12Y".into(),
            // As wide as this, so that the test does not depend on the day on which it runs.
            ages: vec![band("under-1", 0, Some(1), &[]), band("any-age", 1, None, &["represented"])],
        };
        draft.representation.kinds.insert("parental-authority".into(), parental);
        let coordinate = draft.purposes.get_mut("coordinate-help").unwrap();
        coordinate.representation = true;
        coordinate.denials = Some("told".to_owned());
    });
}

/// A mandate of the parent that is active, over what both holders have; its name.
fn mandate(town: &Town, band: &str) -> String {
    let mut arguments = vec!["mandates", "register", "--kind", "parental-authority", "--age-band", band];
    arguments.extend(["--valid-until", "2036-01-01T00:00:00Z", "--act", "view", "--act", "feedback"]);
    arguments.extend(["--category", "youth-care-plan", "--category", "school-attendance"]);
    let people = format!("{PARENT}\n{PERSON}\n");
    // Services that have just started wait until the logs of the others confirm their own.
    let id = until("a mandate", || {
        let ran = town.run_with_input("municipality", &arguments, &people);
        if ran.code == 0 {
            Ok(ran.json()["id"].as_str().unwrap().to_owned())
        } else {
            Err(format!("{ran:?}"))
        }
    });
    if band == "any-age" {
        let confirm = ["mandates", "confirm", "--mandate", &id, "--side", "represented"];
        town.run_with_input("municipality", &confirm, PERSON).expect(0);
    }
    id
}

fn withdraw(town: &Town, id: &str) {
    town.run("municipality", &["mandates", "withdraw", "--mandate", id]).expect(0);
}

async fn ask(bed: &Bed, visitor: &mut Visitor, case: &str, more: &[(&'static str, &str)]) -> Seen {
    let token = visitor.get(&bed.at("/")).await.token();
    let mut form = vec![
        ("_token", token.as_str()),
        ("case", case),
        ("what", "coordinate-help municipal-consultant"),
        ("basis", "listed"),
        ("bsn", PERSON),
        ("behalf", "yes"),
    ];
    form.extend(more);
    visitor.post(&bed.at("/"), &form).await
}

async fn asked(bed: &Bed, visitor: &mut Visitor, case: &str, representative: &str) -> Seen {
    let more = [
        ("birth_date", "04-03-2011"),
        ("person_name", "Sanne de <b>Vries"),
        ("representative", representative),
    ];
    let seen = ask(bed, visitor, case, &more).await;
    assert_eq!(seen.status.as_u16(), 303, "{}", seen.text);
    let dossier = bed.at(seen.header("location"));
    bed.settled(visitor, &dossier).await
}

fn in_sight(page: &Seen) {
    for part in ["U bekijkt gegevens van Sanne de &#60;b&#62;Vries", "4 maart 2011", "•••••••42"]
    {
        assert!(page.text.contains(part), "{part} on {}: {}", page.url, page.text);
    }
    assert!(!page.text.contains(PARENT) && !page.text.contains(PERSON), "no number on {}", page.url);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_somebody_represents_is_chosen_first_and_stays_in_sight() {
    let Some(bed) = Bed::changed(admitted).await else { return };
    let mut mira = bed.visitor("m.consulent").await;
    let start = mira.get(&bed.at("/")).await;
    assert!(start.text.contains("Iemand anders handelt namens deze persoon"), "{}", start.text);

    // Half a representation is none, and nothing is asked.
    let refused = ask(&bed, &mut mira, "Z-half", &[]).await;
    assert_eq!(refused.status.as_u16(), 422);
    for field in ["birth_date", "person_name", "representative"] {
        assert!(refused.text.contains(&format!("href=\"#{field}\"")), "{field}: {}", refused.text);
    }
    let same = [("birth_date", "04-03-2011"), ("person_name", "Sanne"), ("representative", PERSON)];
    let refused = ask(&bed, &mut mira, "Z-half", &same).await;
    assert!(refused.text.contains("Iemand kan zichzelf niet vertegenwoordigen"), "{}", refused.text);
    let accesses = mira.get(&bed.at("/accesses")).await;
    assert!(!accesses.text.contains("Z-half"), "nothing was asked");

    let bed = tokio::task::spawn_blocking(move || (mandate(&bed.town, "any-age"), bed));
    let (id, bed) = bed.await.unwrap();
    let page = asked(&bed, &mut mira, "Z-17", PARENT).await;
    in_sight(&page);
    for part in ["Jeugdzorg Demostad", "De Linde", "Plan jeugdhulp", "Schoolverzuim"] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    assert!(!page.text.contains("Jeugdgezondheid"), "not what the mandate is not about: {}", page.text);
    in_sight(&mira.get(page.url.as_str()).await);
    let links = page.text.split("href=\"").filter_map(|rest| rest.split('"').next());
    let reports: Vec<String> = links.filter(|path| path.contains("/report/")).map(str::to_owned).collect();
    for path in [reports.first().unwrap(), reports.last().unwrap()] {
        in_sight(&mira.get(&bed.at(path)).await);
    }

    // What is asked with a reason is first shown, with whom it is about.
    let reasoned = [
        ("birth_date", "04-03-2011"),
        ("person_name", "Sanne de <b>Vries"),
        ("representative", PARENT),
        ("basis", "motivated"),
        ("reason", "de moeder vroeg erom"),
    ];
    let token = mira.get(&bed.at("/")).await.token();
    let mut form = vec![
        ("_token", token.as_str()),
        ("case", "Z-18"),
        ("what", "coordinate-help municipal-consultant"),
        ("bsn", PERSON),
        ("behalf", "yes"),
    ];
    form.extend(reasoned);
    let confirm = mira.post(&bed.at("/"), &form).await;
    let confirm = mira.follow(confirm).await;
    assert!(confirm.url.path().starts_with("/questions/"), "{}", confirm.url);
    in_sight(&confirm);
    assert!(confirm.text.contains("Vertegenwoordiging"), "{}", confirm.text);

    // Somebody else, and nobody any more.
    let refused = asked(&bed, &mut mira, "Z-19", STRANGER).await;
    assert!(refused.text.contains("Deze vertegenwoordiging geldt niet"), "{}", refused.text);
    assert!(!refused.text.contains("De Linde"), "{}", refused.text);
    in_sight(&refused);
    let bed = tokio::task::spawn_blocking(move || {
        withdraw(&bed.town, &id);
        bed
    });
    let bed = bed.await.unwrap();
    let refused = asked(&bed, &mut mira, "Z-20", PARENT).await;
    assert!(refused.text.contains("Deze vertegenwoordiging geldt niet"), "{}", refused.text);

    // The source knows the age better than the register.
    let bed = tokio::task::spawn_blocking(move || (mandate(&bed.town, "under-1"), bed)).await.unwrap().1;
    let refused = asked(&bed, &mut mira, "Z-21", PARENT).await;
    for part in
        ["Geweigerd", "De leeftijd past niet bij de machtiging", "Let op: dit dossier is niet compleet"]
    {
        assert!(refused.text.contains(part), "{part}: {}", refused.text);
    }
    in_sight(&refused);
}

//! From a case to a dossier, a report about it, and what is recorded of all that.

use kw_testbed::{Seen, between};

use super::bed::{Bed, ELSEWHERE, PERSON};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caseworker_goes_from_a_case_to_a_dossier_and_doubts_a_value() {
    let Some(bed) = Bed::start().await else { return };
    let mut mira = bed.visitor("m.consulent").await;
    let start = mira.get(&bed.at("/")).await;
    assert!(start.text.contains("Hulp op elkaar afstemmen"), "{}", start.text);
    // What only others may ask is not offered.
    assert!(!start.text.contains("quality-officer") && !start.text.contains("enforce-attendance"));

    let page = bed.whole(&mut mira, PERSON, "Z-2026-17").await;
    for part in [
        "Dit dossier is",
        "Verschillen",
        "Jeugdzorg Demostad",
        "De Linde",
        "0970 555 0199",
        "•••••••42",
        "4 maart 2011",
    ] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    assert!(!page.text.contains(PERSON), "the number is not in the page");
    assert!(page.text.len() < 150 * 1024, "{} bytes", page.text.len());

    // Every value has a form of its own.
    let report = page.text.split("href=\"").filter_map(|rest| rest.split('"').next());
    let report =
        report.into_iter().find(|path| path.contains("/report/") && path.matches('/').count() == 5).unwrap();
    let form = mira.get(&bed.at(report)).await;
    assert!(
        form.text.contains("Geboren") && form.text.contains("4 maart 2011"),
        "whom it is about stays in sight"
    );
    let token = form.token();
    let incomplete = [("_token", token.as_str()), ("suspicion", "yes"), ("name", "Mira"), ("email", "mira")];
    let refused = mira.post(&bed.at(report), &incomplete).await;
    assert_eq!(refused.status.as_u16(), 422);
    for part in ["id=\"knowledge-problem\"", "id=\"email-problem\"", "href=\"#definition\"", "value=\"mira\""]
    {
        assert!(refused.text.contains(part), "{part}: {}", refused.text);
    }
    let complete = [
        ("_token", token.as_str()),
        ("proposed", "anders"),
        ("suspicion", "yes"),
        ("knowledge", "yes"),
        ("definition", "yes"),
        ("name", "Mira Consulent"),
        ("email", "mira@demostad.example"),
        ("reference", "M-1"),
        ("form", name_of(&form)),
    ];
    let sent = mira.post(&bed.at(report), &complete).await;
    assert_eq!(sent.status.as_u16(), 303, "{}", sent.text);
    let twice = mira.post(&bed.at(report), &complete).await;
    assert_eq!(twice.header("location"), sent.header("location"), "who presses twice reports once");
    let mut changed = complete;
    changed[1] = ("proposed", "nog anders");
    let changed = mira.post(&bed.at(report), &changed).await;
    assert_eq!(changed.status.as_u16(), 303, "{}", changed.text);
    assert_ne!(changed.header("location"), sent.header("location"), "what was changed is another report");
    let sent = mira.follow(sent).await;
    assert!(sent.url.path().starts_with("/reports/sent/"), "{}", sent.url);
    assert!(sent.text.contains("Gemeld") && sent.text.contains("M-1"), "{}", sent.text);
    let list = mira.get(&bed.at("/reports")).await;
    assert!(list.text.contains(sent.url.path()), "{}", list.text);
    let again = mira.get(page.url.as_str()).await;
    assert!(again.text.contains("Uw organisatie heeft hier al twijfel over gemeld"), "{}", again.text);

    let accesses = mira.get(&bed.at("/accesses")).await;
    for part in ["Dossier opgevraagd", "Twijfel gemeld", "Z-2026-17", "Hulp op elkaar afstemmen"] {
        assert!(accesses.text.contains(part), "{part}: {}", accesses.text);
    }
    // Nobody sees what a colleague reported, but for those whose work it is; and who reads it is recorded.
    let mut lot = bed.visitor("l.leerplicht").await;
    let others = lot.get(&bed.at("/reports")).await;
    assert!(!others.text.contains("/reports/sent/"), "{}", others.text);
    let path = sent.url.to_string();
    assert_eq!(lot.get(&path).await.status.as_u16(), 404);
    let token = others.token();
    let withdrawn = lot.post(&format!("{path}/withdrawal"), &[("_token", &token)]).await;
    assert_eq!(withdrawn.status.as_u16(), 404);
    let mut kees = bed.visitor("k.kwaliteit").await;
    assert!(kees.get(&path).await.text.contains("M-1"));
    let read = kees.get(&bed.at("/accesses")).await;
    assert!(read.text.contains("Melding gelezen"), "{}", read.text);
    let others = kees.get(&bed.at("/accesses")).await;
    assert!(!others.text.contains("Z-2026-17"), "nobody sees what a colleague looked up");
    for path in ["/signals", "/matches", "/reviews"] {
        let seen = mira.get(&bed.at(path)).await;
        assert_eq!(seen.status.as_u16(), 200, "{path}: {}", seen.text);
        assert!(!seen.text.contains(PERSON), "{path}");
    }
    let matches = mira.get(&bed.at("/matches")).await;
    // As coordinator the municipality sees those of others too.
    let mut followed = false;
    for path in matches.text.split("href=\"").filter_map(|rest| rest.split('"').next()) {
        if !path.starts_with("/matches/") || path.ends_with("figures") {
            continue;
        }
        let one = mira.get(&bed.at(path)).await;
        assert!(!one.text.contains(PERSON), "{path}");
        if !one.text.contains("Onze eigen gegevens") || !one.text.contains("We hebben contact") {
            continue;
        }
        let token = one.token();
        let said = mira.post(&format!("{}/contact", one.url), &[("_token", &token)]).await;
        let said = mira.follow(said).await;
        assert!(
            said.text.contains("In contact sinds") && !said.text.contains("We hebben contact"),
            "{}",
            said.text
        );
        let said = mira.post(&format!("{}/coordinated", one.url), &[("_token", &token)]).await;
        let said = mira.follow(said).await;
        assert!(said.text.contains("Afgestemd sinds"), "{}", said.text);
        followed = true;
        break;
    }
    assert!(followed, "{}", matches.text);
}

/// The name that a page gave its form.
pub(super) fn name_of(page: &Seen) -> &str {
    between(&page.text, "name=\"form\" value=\"", "\"").unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tabs_are_two_forms_and_a_form_that_is_sent_twice_asks_once() {
    let Some(bed) = Bed::start().await else { return };
    let mut mira = bed.visitor("m.consulent").await;
    let (anna, bram) = (mira.get(&bed.at("/")).await, mira.get(&bed.at("/")).await);
    let token = anna.token();
    let form = |page: &Seen, case: &'static str, bsn: &'static str, born: &'static str| {
        [
            ("_token", token.clone()),
            ("form", name_of(page).to_owned()),
            ("case", case.to_owned()),
            ("what", "coordinate-help municipal-consultant".to_owned()),
            ("basis", "listed".to_owned()),
            ("bsn", bsn.to_owned()),
            ("birth_date", born.to_owned()),
        ]
    };
    let mut sent = async |fields: &[(&str, String)]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        mira.post(&bed.at("/"), &fields).await
    };
    for (page, bsn, masked) in [(&anna, PERSON, "•••••••42"), (&bram, ELSEWHERE, "•••••••34")]
    {
        let refused = sent(&form(page, "Z-1", bsn, "31-02-2011")).await;
        assert_eq!(refused.status.as_u16(), 422);
        assert!(refused.text.contains(masked) && name_of(&refused) == name_of(page), "{}", refused.text);
    }
    let asked = form(&anna, "Z-1", "", "04-03-2011");
    let first = sent(&asked).await;
    assert_eq!(first.status.as_u16(), 303, "{}", first.text);
    let twice = sent(&asked).await;
    assert_eq!(twice.header("location"), first.header("location"));
    let changed = sent(&form(&anna, "Z-2", PERSON, "04-03-2011")).await;
    assert_eq!(changed.status.as_u16(), 303, "{}", changed.text);
    assert_ne!(changed.header("location"), first.header("location"), "another case is another question");
    let empty = sent(&form(&anna, "Z-3", "", "04-03-2011")).await;
    assert_eq!(empty.status.as_u16(), 422, "a number is kept until its form led somewhere");
    let stranger = sent(&form(&anna, "Z-3", ELSEWHERE, "")).await;
    assert_ne!(stranger.header("location"), first.header("location"));
    let page = mira.get(&bed.at(first.header("location"))).await;
    assert!(page.text.contains("•••••••42") && !page.text.contains("•••••••34"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_will_be_recorded_is_shown_before_anything_is_asked_and_a_colleague_judges_it() {
    let Some(bed) = Bed::start().await else { return };
    let mut mira = bed.visitor("m.consulent").await;
    // So that the chain is awake.
    bed.whole(&mut mira, PERSON, "Z-0").await;
    let before = mira.get(&bed.at("/accesses")).await;
    let token = before.token();
    let question = |basis: &'static str| {
        [
            ("_token", token.clone()),
            ("case", "Z-2026-18".to_owned()),
            ("what", "coordinate-help municipal-consultant".to_owned()),
            ("basis", basis.to_owned()),
            ("reason", "signalen van <b>school</b>".to_owned()),
            ("bsn", ELSEWHERE.to_owned()),
        ]
    };
    let form = question("motivated");
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let asked = mira.post(&bed.at("/"), &form).await;
    let confirm = mira.follow(asked).await;
    assert!(confirm.url.path().starts_with("/questions/"), "{}", confirm.url);
    for part in [
        "m.consulent",
        "Consulent jeugd",
        "Z-2026-18",
        "Jeugdwet",
        "signalen van &#60;b&#62;school",
        "binnen 14 dagen",
        "Kwaliteitsmedewerker",
    ] {
        assert!(confirm.text.contains(part), "{part}: {}", confirm.text);
    }
    assert!(!confirm.text.contains(ELSEWHERE) && confirm.text.contains("•••••••34"));
    let still = mira.get(&bed.at("/accesses")).await;
    assert!(!still.text.contains("Z-2026-18"), "nothing is recorded yet, because nothing was asked");

    let token = confirm.token();
    let gone = mira.post(confirm.url.as_str(), &[("_token", &token)]).await;
    let dossier = bed.at(gone.header("location"));
    let page = bed.settled(&mut mira, &dossier).await;
    assert!(page.text.contains("De Linde"), "{}", page.text);
    let twice = mira.post(confirm.url.as_str(), &[("_token", &token)]).await;
    assert_eq!(twice.status.as_u16(), 303, "who presses twice gets what they asked");
    assert_eq!(bed.at(twice.header("location")), dossier);
    let again = mira.get(confirm.url.as_str()).await;
    assert_eq!(bed.at(again.header("location")), dossier);

    // Emergency wants a sign-in of just now, which there is, and says who hears of it.
    let form = question("emergency");
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let asked = mira.post(&bed.at("/"), &form).await;
    let confirm = mira.follow(asked).await;
    assert!(confirm.text.contains("krijgen meteen een melding"), "{}", confirm.text);

    let own = mira.get(&bed.at("/reviews")).await;
    assert!(own.text.contains("Z-2026-18") && !own.text.contains("Oordeel opslaan"), "{}", own.text);
    let mut kees = bed.visitor("k.kwaliteit").await;
    let due = kees.get(&bed.at("/reviews")).await;
    // There are others than hers.
    let (_, of_hers) = due.text.split_once("Z-2026-18").unwrap();
    let path = between(of_hers, "action=\"/reviews/", "\"").unwrap();
    let path = bed.at(&format!("/reviews/{path}"));
    let token = due.token();
    let refused = kees.post(&path, &[("_token", &token), ("note", "bsn 999990342")]).await;
    assert_eq!(refused.status.as_u16(), 422);
    assert!(refused.text.contains("id=\"verdict-problem\""), "{}", refused.text);
    let judged = kees.post(&path, &[("_token", &token), ("verdict", "justified"), ("note", "terecht")]).await;
    assert_eq!(judged.status.as_u16(), 303, "{}", judged.text);
    let own = mira.get(&bed.at("/reviews")).await;
    assert!(own.text.contains("Terecht"), "{}", own.text);
}

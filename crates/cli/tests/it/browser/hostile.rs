//! What other parties write is text on every page, and nothing else: harm is planted by real calls in every field that one of them
//! controls, and a real browser reads all pages with it.

use std::collections::BTreeSet;
use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kw_client::LocalClient;
use kw_demo::people::People;
use kw_domain::{CaseReference, Category, FeedbackId, Oin, Purpose};
use kw_protocol::dossier::DossierRequest;
use kw_protocol::feedback::{AnnotateFeedback, FeedbackListed, NewAnnotation};
use kw_protocol::local::choices::{ObjectionDecisionRequest, ObjectionRequest};
use kw_protocol::local::feedback::FeedbackRequest;
use kw_protocol::query::{Relation, RelationBasis};
use kw_testbed::browser::Browser;
use serde_json::{Value, json};

use super::Stage;
use super::every_page::{kind, links};

/// Marks what runs, and what becomes an element.
const ELEMENT: &str = "<img src=x onerror=\"window.kwHarm=1\" data-kw-harm>kwHarm";
const OUT_OF_A_TAG: &str = "\"><script>window.kwHarm=1</script><b data-kw-harm>kwHarm";
const ATTRIBUTE: &str = "' onfocus='window.kwHarm=1' autofocus data-kw-harm='kwHarm";
const OUT_OF_A_FIELD: &str = "</textarea></title><svg onload=window.kwHarm=1 data-kw-harm>kwHarm";
const ADDRESS: &str = "javascript:window.kwHarm=1";

/// Known to all partners: what they say differs.
const MAIN: (&str, &str) = ("999990342", "2011-03-04");
/// Known to the school and the youth care provider.
const PUPIL: &str = "999975134";
const MUNICIPALITY: &str = "00000099000000013000";
const YOUTH_CARE: &str = "00000099000000011000";
const SCHOOL: &str = "00000099000000012000";
/// What only this test writes.
const MARK: &str = "HARM-3";

/// The school's own file has harm in every field of one pupil, whose birth date it tells.
fn hostile_documents(stage: &Stage) -> String {
    let file = stage.kept().join("partners/school/source/leerlingen.json");
    let mut data: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let pupils = data["leerlingen"].as_array_mut().unwrap();
    let pupil = pupils.iter_mut().find(|pupil| pupil["bsn"] == PUPIL).unwrap();
    let born = pupil["birthDate"].as_str().unwrap().to_owned();
    pupil["person"]["givenName"] = json!(ELEMENT);
    pupil["person"]["familyName"] = json!(OUT_OF_A_TAG);
    pupil["person"]["address"] = json!({ "street": ADDRESS, "postcode": ATTRIBUTE, "city": OUT_OF_A_FIELD });
    pupil["contact"] = json!({ "phone": ELEMENT, "name": ADDRESS, "email": ATTRIBUTE });
    pupil["school"] =
        json!({ "name": OUT_OF_A_TAG, ELEMENT: ADDRESS, OUT_OF_A_TAG: ATTRIBUTE, ATTRIBUTE: ELEMENT });
    let beside = file.with_extension("new");
    fs::write(&beside, data.to_string()).unwrap();
    fs::rename(beside, file).unwrap();
    born
}

fn motivated(role: &str) -> DossierRequest {
    let actor = json!({ "id": "j.jansen", "role": role });
    DossierRequest {
        subject: format!("nl.bsn:{}", MAIN.0),
        birth_date: Some(MAIN.1.to_owned()),
        purpose: Purpose::parse("coordinate-help").unwrap(),
        actor: serde_json::from_value(actor).unwrap(),
        case: CaseReference::parse("HARM-1").unwrap(),
        categories: Vec::new(),
        holders: Vec::new(),
        relation: Relation { basis: RelationBasis::Motivated, reason: Some(ELEMENT.to_owned()) },
        representation: None,
    }
}

/// A doubt with harm in all that its reporter writes.
async fn doubt(reporter: &LocalClient, role: &str, holder: &str, category: &str) -> FeedbackId {
    let asked = motivated(role);
    let dossier = reporter.dossier(&asked).await.unwrap();
    let (holder, category) = (Oin::parse(holder).unwrap(), Category::parse(category).unwrap());
    let differing = dossier.differences.iter().flat_map(|one| &one.values);
    let draft = differing.map(|held| &held.feedback).find(|draft| draft.holder == holder);
    let draft = draft.unwrap_or_else(|| panic!("nothing differs at {holder}"));
    assert_eq!(draft.category, category);
    let mut attributes = draft.attributes.clone();
    for attribute in &mut attributes {
        attribute.proposed = Some(OUT_OF_A_TAG.into());
    }
    let contact = json!({
        "name": ELEMENT, "email": "\"<b/data-kw-harm>\"@evil.example", "phone": "0970 555 0100", "department": OUT_OF_A_FIELD,
    });
    let picture = STANDARD.encode(b"\x89PNG\r\n\x1a\n0000");
    let request: FeedbackRequest = serde_json::from_value(json!({
        "subject": asked.subject, "birthDate": asked.birth_date, "purpose": asked.purpose, "actor": asked.actor,
        "case": asked.case, "relation": asked.relation, "holder": holder, "category": category, "handle": draft.handle,
        "reference": "<b>kwHarm", "attributes": attributes, "explanation": format!("{ELEMENT} {OUT_OF_A_FIELD} {ATTRIBUTE}"),
        "doubt": { "strongSuspicion": true, "ownKnowledge": true, "knowsDefinition": true },
        "contact": contact,
        "attachments": [{ "name": "<img src=x data-kw-harm>kwHarm.png", "mediaType": "image/png", "description": ELEMENT, "content": picture }],
    }))
    .unwrap();
    reporter.report_feedback(&request).await.unwrap().id
}

/// What a holder writes to a person who objected: the registration stays, and this is why.
async fn reasons_of_a_holder(stage: &Stage) {
    let girl = People::make(super::desk::PEOPLE).family.girl;
    let objection: ObjectionRequest = serde_json::from_value(json!({
        "subject": format!("nl.bsn:{}", girl.bsn.expose()), "holder": SCHOOL, "category": "school-attendance",
        "declared": { "givenBy": "subject" }, "reason": "incorrect",
    }))
    .unwrap();
    let objection = stage.local("municipality").submit_objection(&objection).await.unwrap();
    let decision: ObjectionDecisionRequest = serde_json::from_value(json!({
        "verdict": "rejected", "reasons": format!("{ELEMENT} {OUT_OF_A_TAG} {OUT_OF_A_FIELD}"),
        "actor": motivated("care-coordinator").actor,
    }))
    .unwrap();
    stage.local("school").decide_objection(objection.id, &decision).await.unwrap();
}

/// Has something corrected, and the holder answers to it.
async fn correction_with_an_answer(b: &Browser, stage: &Stage) {
    b.press("Wie heeft gegevens over mij").await.unwrap();
    b.press("Laat iets verbeteren").await.unwrap();
    b.fill("Wat klopt er niet?", "Iets anders, dat leg ik uit").await.unwrap();
    b.fill("Wat moet het zijn?", MARK).await.unwrap();
    b.fill("Uitleg", "dit klopt niet").await.unwrap();
    b.fill("Uw e-mailadres", "tess@voorbeeld.example").await.unwrap();
    b.tick("Ik weet dit zelf").await.unwrap();
    b.press("Verstuur mijn verzoek").await.unwrap();
    b.sees("Uw verzoek is verstuurd").await.unwrap();
    let school = stage.local("school");
    let listed = FeedbackListed { limit: Some(200), ..FeedbackListed::default() };
    let mut answered = 0;
    for report in school.received_feedback(&listed).await.unwrap().reports {
        let view = school.received_feedback_report(report.id).await.unwrap();
        if view.attributes.iter().any(|one| one.proposed == Some(MARK.into())) {
            let annotation: NewAnnotation = serde_json::from_value(json!({
                "status": "in-progress", "note": format!("{ELEMENT} {OUT_OF_A_TAG} {OUT_OF_A_FIELD} {ATTRIBUTE}"),
            }))
            .unwrap();
            let answer = AnnotateFeedback { actor: motivated("care-coordinator").actor, annotation };
            school.annotate_received_feedback(report.id, &answer).await.unwrap();
            answered += 1;
        }
    }
    assert_eq!(answered, 1, "the school has the request");
}

/// Asks at the desk, on a ground with a reason.
async fn ask(b: &Browser, stage: &Stage, ground: &str, person: (&str, &str)) {
    b.go(&stage.at("desk", "/")).await.unwrap();
    b.fill("Zaaknummer", "HARM-2").await.unwrap();
    b.tick("Hulp op elkaar afstemmen").await.unwrap();
    b.tick(ground).await.unwrap();
    b.fill("Reden", &format!("{ELEMENT} {OUT_OF_A_TAG} {OUT_OF_A_FIELD}")).await.unwrap();
    b.fill("Burgerservicenummer", person.0).await.unwrap();
    b.fill("Geboortedatum", person.1).await.unwrap();
    b.press("Gegevens zoeken").await.unwrap();
    b.sees("Dit wordt vastgelegd").await.unwrap();
}

/// What somebody with a browser sees of it.
#[derive(Default)]
struct Read {
    wrong: Vec<String>,
    /// Pages on which the harm can be read.
    shown: BTreeSet<String>,
}

impl Read {
    async fn page(&mut self, b: &Browser, name: &str) {
        let found = b.evaluate(FOUND).await.unwrap();
        if found["harm"] != json!(null) || found["elements"] != json!([]) {
            self.wrong.push(format!("{name}: {found}"));
        }
        self.wrong.extend(b.complaints().await.unwrap().into_iter().map(|one| format!("{name}: {one}")));
        if found["shown"] == true {
            self.shown.insert(name.to_owned());
        }
    }

    /// Every page from here on.
    async fn all(&mut self, b: &Browser, stage: &Stage, application: &str) {
        let here = b.evaluate("return location.pathname").await.unwrap();
        let mut open = vec!["/".to_owned(), here.as_str().unwrap().to_owned()];
        let (mut known, mut of_one_kind) = (BTreeSet::new(), std::collections::BTreeMap::<_, usize>::new());
        while let Some(path) = open.pop() {
            let away = ["/assets/", "/language/", "/sign-in", "/download", "/exports/file"];
            if !known.insert(path.clone()) || away.iter().any(|one| path.starts_with(one)) {
                continue;
            }
            // The first of a list are the latest.
            let seen = of_one_kind.entry(kind(&path)).or_default();
            *seen += 1;
            if *seen > ENOUGH {
                continue;
            }
            b.go(&stage.at(application, &path)).await.unwrap();
            self.page(b, &format!("{application}{}", kind(&path))).await;
            open.extend(links(b).await.into_iter().rev());
        }
    }
}

#[tokio::test]
async fn what_others_write_is_text_on_every_page() {
    let stage = Stage::shared();
    let (municipality, youth_care) = (stage.local("municipality"), stage.local("youth-care"));
    let born = hostile_documents(&stage);
    let sent = doubt(&municipality, "municipal-consultant", YOUTH_CARE, "youth-care-plan").await;
    let annotation: NewAnnotation = serde_json::from_value(json!({
        "status": "in-progress", "note": format!("{ELEMENT} {OUT_OF_A_FIELD}"),
        "contact": { "name": OUT_OF_A_TAG, "email": "a@evil.example", "department": ELEMENT },
    }))
    .unwrap();
    let actor = motivated("youth-care-worker").actor;
    let noted = AnnotateFeedback { actor, annotation };
    youth_care.annotate_received_feedback(sent, &noted).await.unwrap();
    let received = doubt(&youth_care, "youth-care-worker", MUNICIPALITY, "municipal-support").await;
    reasons_of_a_holder(&stage).await;

    let mut read = Read::default();
    let b = stage.browser().await;
    stage.sign_in(&b, "desk", "consulent jeugd").await;
    ask(&b, &stage, "Er is nood", MAIN).await;
    read.page(&b, "desk-confirm").await;
    b.press("Vastleggen en zoeken").await.unwrap();
    ask(&b, &stage, "Wij hebben geen dossier, maar ik heb een goede reden", (PUPIL, &born)).await;
    b.press("Vastleggen en zoeken").await.unwrap();
    b.sees("Alle antwoorden zijn binnen").await.unwrap();
    read.page(&b, "desk-dossier").await;
    read.all(&b, &stage, "desk").await;
    for path in [format!("/reports/sent/{sent}"), format!("/reports/received/{received}")] {
        b.go(&stage.at("desk", &path)).await.unwrap();
        read.page(&b, &format!("desk{}", kind(&path))).await;
    }
    drop(b);

    let b = stage.browser().await;
    stage.sign_in(&b, "console", "auditor").await;
    b.go(&stage.at("console", "/log")).await.unwrap();
    b.fill("Zaak", "HARM-2").await.unwrap();
    b.press("Zoeken").await.unwrap();
    read.page(&b, "console-log").await;
    let found = links(&b).await.into_iter().filter(|path| path.starts_with("/log/switchboard/"));
    let found: Vec<_> = found.collect();
    assert!(!found.is_empty());
    for path in &found {
        b.go(&stage.at("console", path)).await.unwrap();
        read.page(&b, "console-record").await;
    }
    b.go(&stage.at("console", "/anomalies")).await.unwrap();
    b.press("Zoek wat opvalt").await.unwrap();
    read.page(&b, "console-anomalies").await;
    read.all(&b, &stage, "console").await;
    drop(b);

    for who in ["sanne", "tess"] {
        let b = stage.browser().await;
        stage.sign_in(&b, "inzage", who).await;
        b.press("Haal mijn gegevens op").await.unwrap();
        b.sees("Opgehaald op").await.unwrap();
        if who == "tess" {
            correction_with_an_answer(&b, &stage).await;
        }
        b.go(&stage.at("inzage", "/corrections/new")).await.unwrap();
        read.all(&b, &stage, "inzage").await;
    }

    assert!(read.wrong.is_empty(), "{}", read.wrong.join("\n"));
    eprintln!("the harm can be read on {:?}", read.shown);
    // What deserves a look has codes and counts, and no text of others.
    for page in [
        "desk-confirm",
        "desk-dossier",
        "desk/accesses",
        "desk/dossiers/*/report/*",
        "desk/reviews",
        "desk/reports/sent/*",
        "desk/reports/received/*",
        "console-record",
        "console/stories/*",
        "inzage/choices",
        "inzage/corrections/*",
        "inzage/print",
    ] {
        assert!(read.shown.contains(page), "it is not on {page}: {:?}", read.shown);
    }
}

/// Pages of one kind that are read.
const ENOUGH: usize = 12;

const FOUND: &str = "
    const at = [...document.querySelectorAll('[data-kw-harm], [onerror], [onload], [onfocus], main script, iframe, a[href^=\"javascript:\"]')];
    return {
        harm: window.kwHarm ?? null,
        elements: at.map(one => one.outerHTML.slice(0, 200)),
        shown: document.body.innerText.includes('kwHarm'),
    };";

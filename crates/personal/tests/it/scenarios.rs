//! The two scenarios of MedMij RFC0055, and what must be refused in them.

use kw_ledger::{Event, Outcome};
use kw_protocol::mandate::MandateAct;

use crate::bed::Bed;
use crate::browser::{Browser, CATEGORY, text};
use crate::world::Holder::{Careful, Careless};
use crate::world::Who;

/// A parent with a child, signed in, with the child's dossier open in this session.
struct Scene {
    bed: Bed,
    browser: Browser,
    parent: Who,
    child: Who,
    mandate: String,
    dossier: String,
}

async fn scene(born_at_source: &'static str, born_as_given: &str) -> Scene {
    let bed = Bed::start().await;
    let (parent, child) = (bed.world.add("Eva", "1985-02-11"), bed.world.add("Noor", born_at_source));
    let mandate = bed.world.give(parent, child, "parental-authority").to_string();
    let mut browser = bed.browser();
    assert_eq!(browser.sign_in(parent).await.0, 200);
    let (status, founded) = browser.found_for(&mandate, born_as_given).await;
    assert_eq!(status, 201, "{founded}");
    let dossier = text(&founded, "id");
    assert_eq!(browser.bind(&dossier).await.0, 200);
    Scene { bed, browser, parent, child, mandate, dossier }
}

#[tokio::test]
async fn scenario_1_one_account_has_strictly_separated_dossiers() {
    let Scene { mut bed, mut browser, child, mandate, dossier, parent } =
        scene("2016-04-05", "20160405").await;
    // 2: the list has exactly those for whom there is a mandate, with the dossier that is there.
    let (_, list) = browser.get("/v1/represented-persons").await;
    assert_eq!(
        (list[0]["mandate"].as_str(), list[0]["dossier"].as_str()),
        (Some(&*mandate), Some(&*dossier))
    );
    assert_eq!(list[0]["label"], "Noor");
    // 3: the birth date is pushed, and in no address.
    let underway = browser.start(bed.holder).await.unwrap();
    assert!(!underway.address.contains("2016"), "{}", underway.address);
    let pushed = bed.world.pushed(&underway.request_uri);
    assert_eq!(pushed.birth_date.unwrap().reveal(), "20160405");
    assert_eq!(pushed.scope, "youth-care onbehalfofchild");
    // 4 to 13: what comes back waits, and nothing is in the dossier yet.
    let (status, view) = browser.come_back(&underway, child, true, Careful).await;
    assert_eq!((status, view["state"].as_str()), (200, Some("received")), "{view}");
    assert_eq!(view["dossier"], dossier.as_str(), "14.1: preselected");
    assert_eq!(browser.documents(&dossier).await.1.as_array().map(Vec::len), Some(0));
    // 14: the user's own dossier is a wrong choice, and refused.
    let (_, own) = browser.found_own("19850211").await;
    let own = text(&own, "id");
    let (status, _) = browser.confirm(&underway.id, &own).await;
    assert_eq!(status, 409);
    let (status, view) = browser.confirm(&underway.id, &dossier).await;
    assert_eq!((status, view["state"].as_str()), (200, Some("stored")), "{view}");
    let (_, list) = browser.documents(&dossier).await;
    let (status, document) = browser.get(&format!("/v1/documents/{}", text(&list[0], "id"))).await;
    assert_eq!((status, document["content"]["document"]["about"].as_u64()), (200, Some(child as u64)));
    // Another dossier takes another session, and shows nothing of this one.
    assert_eq!(browser.bind(&own).await.0, 409);
    browser.sign_in(parent).await;
    assert_eq!(browser.bind(&own).await.0, 200);
    assert_eq!(browser.get(&format!("/v1/documents/{}", text(&list[0], "id"))).await.0, 404);
    assert_eq!(browser.documents(&own).await.1.as_array().map(Vec::len), Some(0));
    bed.stop().await;
    assert_eq!(bed.documents_and_wrong_ones(), (1, 0));
    let records = bed.records();
    let stored: Vec<_> = records.iter().filter(|record| record.event == Event::DocumentStored).collect();
    assert_eq!(stored.len(), 2, "the wrong choice and the right one");
    assert_eq!(stored[0].decision.reason.as_deref(), Some("wrong-dossier"));
    assert_eq!((stored[1].result, stored[1].count), (Outcome::Success, Some(1)));
    let under = format!("parental-authority:{mandate}");
    assert!(stored.iter().all(|record| record.representation.as_ref() == Some(&under)));
    assert!(stored.iter().all(|record| record.subject.is_some() && record.actor.is_some()));
}

#[tokio::test]
async fn scenario_2_one_dossier_has_users_with_limited_rights() {
    let mut bed = Bed::start().await;
    let (grandmother, helper) = (bed.world.add("Riet", "1941-09-30"), bed.world.add("Ali", "1990-01-02"));
    let mut own = bed.browser();
    own.sign_in(grandmother).await;
    let dossier = text(&own.found_own("19410930").await.1, "id");
    own.bind(&dossier).await;
    let invitation = |view: bool, collect: bool| serde_json::json!({ "view": view, "collect": collect, "until": "2099-01-01T00:00:00Z" });
    let path = format!("/v1/dossiers/{dossier}/invitations");
    let (status, invited) = own.post(&path, invitation(false, true)).await;
    assert_eq!(status, 201, "{invited}");
    let acceptance = serde_json::json!({ "code": text(&invited, "code") });

    // Without a mandate of the person, a stolen invitation opens nothing.
    let mut other = bed.browser();
    other.sign_in(helper).await;
    assert_eq!(other.post("/v1/invitations/acceptances", acceptance.clone()).await.0, 403);
    let mandate = bed.world.give(helper, grandmother, "voluntary");
    other.sign_in(helper).await;
    let (status, taken) = other.post("/v1/invitations/acceptances", acceptance.clone()).await;
    assert_eq!(status, 201, "{taken}");
    assert_eq!(other.post("/v1/invitations/acceptances", acceptance).await.0, 404, "once");

    // 1 to 13: the representative collects; the dossier is the one of the session.
    assert_eq!(other.bind(&dossier).await.0, 200);
    let underway = other.start(bed.holder).await.unwrap();
    assert_eq!(bed.world.pushed(&underway.request_uri).scope, "youth-care onbehalfof");
    let (_, view) = other.come_back(&underway, grandmother, true, Careful).await;
    assert_eq!(view["state"], "received", "{view}");
    assert_eq!(other.confirm(&underway.id, &dossier).await.1["state"], "stored");
    // The right was to collect, not to read.
    assert_eq!(other.documents(&dossier).await.0, 403);
    assert_eq!(own.documents(&dossier).await.1.as_array().map(Vec::len), Some(1));
    // Only the person decides who uses it.
    assert_eq!(other.get(&format!("/v1/dossiers/{dossier}/users")).await.0, 403);
    let (_, users) = own.get(&format!("/v1/dossiers/{dossier}/users")).await;
    let user = text(&users[0], "account");
    assert_eq!(users[0]["mandate"], mandate.to_string());

    // Taken back: at once, in a session that is open too.
    let end = format!("/v1/dossiers/{dossier}/users/{user}");
    assert_eq!(own.call(reqwest::Method::DELETE, &end, None).await.0, 204);
    assert_eq!(other.start(bed.holder).await.err().map(|answer| answer.0), Some(403));
    bed.stop().await;
    assert_eq!(bed.documents_and_wrong_ones(), (1, 0));
}

#[tokio::test]
async fn a_mandate_goes_no_further_in_the_dossier_than_it_says() {
    for part in [(CATEGORY, MandateAct::Feedback), ("school-attendance", MandateAct::View)] {
        let Scene { mut bed, mut browser, parent, child, mandate, dossier } =
            scene("2016-04-05", "20160405").await;
        let underway = browser.start(bed.holder).await.unwrap();
        browser.come_back(&underway, child, true, Careful).await;
        assert_eq!(browser.confirm(&underway.id, &dossier).await.1["state"], "stored");
        bed.world.withdraw(mandate.parse().unwrap());
        bed.world.give_in_part(parent, child, "parental-authority", part);

        browser.sign_in(parent).await;
        assert_eq!(browser.bind(&dossier).await.0, 200);
        assert_eq!(browser.start(bed.holder).await.err().map(|answer| answer.0), Some(403), "{part:?}");
        let (status, documents) = browser.documents(&dossier).await;
        assert!(status == 403 || documents.as_array().is_some_and(Vec::is_empty), "{part:?}: {documents}");
        let (_, collections) = browser.get("/v1/collections").await;
        assert!(collections.as_array().is_some_and(Vec::is_empty), "{part:?}: {collections}");
        bed.stop().await;
    }
}

#[tokio::test]
async fn what_somebody_was_invited_to_ends_with_the_mandate_they_came_in_with() {
    let mut bed = Bed::start().await;
    let (grandmother, helper) = (bed.world.add("Riet", "1941-09-30"), bed.world.add("Ali", "1990-01-02"));
    let mut own = bed.browser();
    own.sign_in(grandmother).await;
    let dossier = text(&own.found_own("19410930").await.1, "id");
    own.bind(&dossier).await;
    let limits = serde_json::json!({ "view": true, "collect": true, "until": "2099-01-01T00:00:00Z" });
    let (_, invited) = own.post(&format!("/v1/dossiers/{dossier}/invitations"), limits).await;
    let first = bed.world.give(helper, grandmother, "voluntary");
    let mut other = bed.browser();
    other.sign_in(helper).await;
    let acceptance = serde_json::json!({ "code": text(&invited, "code") });
    assert_eq!(other.post("/v1/invitations/acceptances", acceptance).await.0, 201);
    assert_eq!(other.bind(&dossier).await.0, 200);

    bed.world.withdraw(first);
    bed.world.give(helper, grandmother, "voluntary");
    other.sign_in(helper).await;
    assert_eq!(other.bind(&dossier).await.0, 403, "another mandate takes another invitation");
    bed.stop().await;
}

#[tokio::test]
async fn a_mandate_that_was_withdrawn_opens_nothing_at_the_next_sign_in() {
    let Scene { mut bed, mut browser, parent, mandate, dossier, .. } = scene("2016-04-05", "20160405").await;
    bed.world.withdraw(mandate.parse().unwrap());
    browser.sign_in(parent).await;
    let (status, problem) = browser.bind(&dossier).await;
    assert_eq!(status, 403, "{problem}");
    let (_, dossiers) = browser.get("/v1/dossiers").await;
    assert_eq!(dossiers[0]["accessible"], false);
    // It may still be destroyed by whom it belongs to.
    let path = format!("/v1/dossiers/{dossier}");
    assert_eq!(browser.call(reqwest::Method::DELETE, &path, None).await.0, 204);
    bed.stop().await;
    assert_eq!(bed.dossiers().len(), 0);
    let refused = bed.records().into_iter().filter(|record| record.result == Outcome::Refused);
    assert_eq!(
        refused.map(|record| record.decision.reason.unwrap()).collect::<Vec<_>>(),
        ["mandate-missing"]
    );
}

#[tokio::test]
async fn what_a_careless_holder_delivers_about_another_person_is_kept_nowhere() {
    let Scene { mut bed, mut browser, parent, child, dossier, .. } = scene("2016-04-05", "20160405").await;
    let twin = bed.world.add("Noor", "2016-04-05");
    for wrong in [twin, parent] {
        let underway = browser.start(bed.holder).await.unwrap();
        let (_, view) = browser.come_back(&underway, wrong, true, Careless).await;
        assert_eq!((&view["state"], &view["reason"]), (&"refused".into(), &"subject-mismatch".into()));
        assert_eq!(browser.confirm(&underway.id, &dossier).await.0, 409, "nothing waits");
    }
    // The same session may go on with the right person.
    let underway = browser.start(bed.holder).await.unwrap();
    assert_eq!(browser.come_back(&underway, child, true, Careless).await.1["state"], "received");
    bed.stop().await;
    assert_eq!(bed.documents_and_wrong_ones(), (0, 0));
}

#[tokio::test]
async fn another_birth_date_is_refused_even_with_the_right_binding() {
    let Scene { mut bed, mut browser, child, .. } = scene("2016-04-05", "20160406").await;
    let underway = browser.start(bed.holder).await.unwrap();
    let (_, view) = browser.come_back(&underway, child, true, Careless).await;
    assert_eq!((&view["state"], &view["reason"]), (&"refused".into(), &"birth-date-mismatch".into()));
    // An honest holder does not even come so far.
    let underway = browser.start(bed.holder).await.unwrap();
    let (_, view) = browser.come_back(&underway, child, true, Careful).await;
    assert_eq!((&view["state"], &view["reason"]), (&"refused".into(), &"access-denied".into()));
    bed.stop().await;
    let refused = bed.records().into_iter().filter(|record| record.result == Outcome::Refused);
    let reasons: Vec<_> = refused.map(|record| (record.event, record.decision.reason.unwrap())).collect();
    assert_eq!(
        reasons,
        [
            (Event::DocumentStored, "birth-date-mismatch".to_owned()),
            (Event::AuthorisationDecided, "access-denied".to_owned()),
        ]
    );
}

#[tokio::test]
async fn partial_birth_dates_are_compared_at_the_coarser_precision() {
    for (held, given) in [("2016-04-00", "20160405"), ("2016-04-05", "20160400")] {
        let Scene { mut bed, mut browser, child, dossier, .. } = scene(held, given).await;
        let underway = browser.start(bed.holder).await.unwrap();
        assert_eq!(browser.come_back(&underway, child, true, Careful).await.1["state"], "received");
        assert_eq!(browser.confirm(&underway.id, &dossier).await.1["state"], "stored", "{held} {given}");
        bed.stop().await;
    }
}

#[tokio::test]
async fn where_only_the_year_is_known_two_people_must_confirm() {
    let Scene { mut bed, mut browser, child, dossier, .. } = scene("2016-00-00", "20160405").await;
    let underway = browser.start(bed.holder).await.unwrap();
    assert_eq!(browser.come_back(&underway, child, true, Careful).await.1["state"], "received");
    for _ in 0..2 {
        // The same person twice is one person.
        let (status, view) = browser.confirm(&underway.id, &dossier).await;
        assert_eq!((status, &view["state"]), (200, &"awaiting-second-person".into()), "{view}");
    }
    assert_eq!(browser.documents(&dossier).await.1.as_array().map(Vec::len), Some(0));
    bed.stop().await;
    assert_eq!(bed.documents_and_wrong_ones(), (0, 0));
}

#[tokio::test]
async fn the_person_of_the_dossier_is_second_person_enough() {
    let mut bed = Bed::start().await;
    let (person, helper) = (bed.world.add("Riet", ""), bed.world.add("Ali", "1990-01-02"));
    bed.world.give(helper, person, "voluntary");
    let (mut own, mut other) = (bed.browser(), bed.browser());
    own.sign_in(person).await;
    let dossier = text(&own.found_own("19410930").await.1, "id");
    own.bind(&dossier).await;
    let limits = serde_json::json!({ "view": true, "collect": true, "until": "2099-01-01T00:00:00Z" });
    let (_, invited) = own.post(&format!("/v1/dossiers/{dossier}/invitations"), limits).await;
    other.sign_in(helper).await;
    let acceptance = serde_json::json!({ "code": text(&invited, "code") });
    assert_eq!(other.post("/v1/invitations/acceptances", acceptance).await.0, 201);
    other.bind(&dossier).await;
    let underway = other.start(bed.holder).await.unwrap();
    other.come_back(&underway, person, true, Careless).await;
    assert_eq!(other.confirm(&underway.id, &dossier).await.1["state"], "awaiting-second-person");
    assert_eq!(own.confirm(&underway.id, &dossier).await.1["state"], "stored");
    bed.stop().await;
    assert_eq!(bed.documents_and_wrong_ones(), (1, 0));
}

#[tokio::test]
async fn consent_that_is_refused_ends_the_collection() {
    let Scene { mut bed, mut browser, child, .. } = scene("2016-04-05", "20160405").await;
    let underway = browser.start(bed.holder).await.unwrap();
    let (_, view) = browser.come_back(&underway, child, false, Careful).await;
    assert_eq!((&view["state"], &view["reason"]), (&"refused".into(), &"access-denied".into()));
    bed.stop().await;
}

#[tokio::test]
async fn what_comes_back_in_another_browser_or_twice_is_refused() {
    let Scene { mut bed, mut browser, child, .. } = scene("2016-04-05", "20160405").await;
    let underway = browser.start(bed.holder).await.unwrap();
    let parent = browser.who;
    let back = bed.world.decide(&underway.request_uri, parent, child, true, Careful);
    assert_eq!(bed.browser().get(&back).await.0, 403, "another browser");
    assert_eq!(browser.get(&back).await.1["state"], "received");
    assert_eq!(browser.get(&back).await.0, 403, "twice");
    // A sign-in that began elsewhere signs nobody in here.
    let (_, started) = browser.post("/v1/sign-ins", serde_json::Value::Null).await;
    let state = crate::browser::parameter(&text(&started, "address"), "state");
    let path = format!("/v1/sign-ins/callback?state={state}&code=signed-in-0");
    assert_eq!(bed.browser().get(&path).await.0, 403);
    bed.stop().await;
}

#[tokio::test]
async fn an_answer_that_another_holder_gives_is_refused() {
    let Scene { mut bed, mut browser, child, parent, .. } = scene("2016-04-05", "20160405").await;
    for (issuer, state) in [("https://other.example", "refused"), ("https://holder.example:8446", "received")]
    {
        let underway = browser.start(bed.holder).await.unwrap();
        let back = bed.world.decide(&underway.request_uri, parent, child, true, Careful);
        let (_, view) = browser.get(&format!("{back}&iss={issuer}")).await;
        assert_eq!(view["state"], state, "{view}");
    }
    bed.stop().await;
}

#[tokio::test]
async fn a_session_of_somebody_else_reaches_nothing_of_a_dossier() {
    let Scene { mut bed, mut browser, child, dossier, .. } = scene("2016-04-05", "20160405").await;
    let underway = browser.start(bed.holder).await.unwrap();
    browser.come_back(&underway, child, true, Careful).await;
    let stranger = bed.world.add("Kim", "1999-09-09");
    let mut other = bed.browser();
    other.sign_in(stranger).await;
    assert_eq!(other.bind(&dossier).await.0, 404);
    let own = text(&other.found_own("19990909").await.1, "id");
    other.bind(&own).await;
    assert_eq!(other.get(&format!("/v1/collections/{}", underway.id)).await.0, 404);
    assert_eq!(other.confirm(&underway.id, &dossier).await.0, 404);
    assert_eq!(other.confirm(&underway.id, &own).await.0, 404);
    assert_eq!(other.documents(&dossier).await.0, 404);
    assert_eq!(other.call(reqwest::Method::DELETE, &format!("/v1/dossiers/{dossier}"), None).await.0, 404);
    bed.stop().await;
}

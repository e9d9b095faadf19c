use std::time::Duration;

use kw_domain::ResolutionId;
use kw_ledger::{Event, Outcome, Verdict};
use kw_protocol::access_log::{AccessLogSearch, Resolution, ResolutionState};
use kw_protocol::problem::ProblemCode;

use super::bed::{Bed, indices, oin, reader, refused, request, search, somebody};

fn under(resolution: ResolutionId) -> AccessLogSearch {
    AccessLogSearch { resolution: Some(resolution), ..search("{}") }
}

/// A request that the first auditor made about the subject of a query.
async fn requested(bed: &Bed) -> Resolution {
    let (index, names) = bed.happened(bed.record(Event::QueryAnswered, "j.jansen"), &[somebody()]).await;
    bed.inspection.request_resolution(&reader("a.first", 1), None, &request(index, names[0])).await.unwrap()
}

#[tokio::test]
async fn two_auditors_find_everything_about_one_subject_and_nothing_about_others() {
    let bed = Bed::new();
    let (anna, bram) = (somebody(), somebody());
    let (batch, named) = bed.happened(bed.record(Event::PointersRegistered, "x"), &[bram, anna, bram]).await;
    bed.happened(bed.record(Event::QueryAnswered, "j.jansen"), &[bram]).await;
    let (asked, names) = bed.happened(bed.record(Event::QueryAnswered, "p.peters"), &[anna]).await;
    let (first, second) = (reader("a.first", 1), reader("b.second", 2));

    let resolution =
        bed.inspection.request_resolution(&first, None, &request(asked, names[0])).await.unwrap();
    assert_eq!((resolution.state, resolution.approved_by), (ResolutionState::Requested, None));
    let record = bed.last().await;
    assert_eq!((record.event, record.party), (Event::ResolutionRequested, first.party));
    assert_eq!(record.relation.unwrap().reason.as_deref(), Some("complaint 7"));
    assert_eq!(record.search, Some(format!(r#"{{"filter":{{}},"resolution":"{}"}}"#, resolution.id)));

    refused(bed.search(&first, &under(resolution.id)).await, ProblemCode::Denied);
    let agreed = bed.inspection.approve_resolution(&second, None, resolution.id).await.unwrap();
    assert_eq!(agreed.state, ResolutionState::Approved);
    assert_eq!(agreed.approved_by.unwrap().auditor, second.person);
    let record = bed.last().await;
    assert_eq!((record.event, record.actor.unwrap().id), (Event::ResolutionApproved, second.person.clone()));

    let pages = bed.all(&first, &under(resolution.id)).await;
    let found: Vec<_> = pages.iter().flat_map(|page| &page.entries).collect();
    // The request and the approval are about her as well. The refused search was about nobody.
    assert_eq!(found.len(), 4);
    assert_eq!((found[3].index, &found[3].references), (batch, &vec![named[1]]), "the others stay unnamed");
    assert_eq!((found[2].index, &found[2].references), (asked, &names));
    // The other one may use it as well, and then sees that the first one looked.
    let pages = bed.all(&second, &under(resolution.id)).await;
    let newest = pages[0].entries[0].record.as_ref().unwrap();
    assert!(newest.contains(r#""event":"access-log-searched""#) && newest.contains("a.first"));
    assert!(!format!("{pages:?}").contains(&anna.to_string()), "who it is nobody is told");
}

#[tokio::test]
async fn a_filter_narrows_what_a_resolution_opens() {
    let bed = Bed::new();
    let resolution = requested(&bed).await;
    bed.inspection.approve_resolution(&reader("b.second", 2), None, resolution.id).await.unwrap();
    let asked =
        AccessLogSearch { resolution: Some(resolution.id), ..search(r#"{"event":"query-answered"}"#) };
    let pages = bed.all(&reader("a.first", 1), &asked).await;
    assert_eq!(indices(&pages), [0]);
    assert!(bed.last().await.search.unwrap().contains(&resolution.id.to_string()));
}

#[tokio::test]
async fn one_person_or_one_certificate_cannot_agree_with_itself_and_the_attempt_is_recorded() {
    let bed = Bed::new();
    let resolution = requested(&bed).await;
    for (person, certificate, reason) in [
        ("a.first", 1, "resolution-same-person"),
        ("a.first", 2, "resolution-same-person"),
        ("A.First", 2, "resolution-same-person"),
        ("b.second", 1, "resolution-same-certificate"),
    ] {
        let second = reader(person, certificate);
        refused(bed.inspection.approve_resolution(&second, None, resolution.id).await, ProblemCode::Denied);
        let record = bed.last().await;
        assert_eq!((record.event, record.result), (Event::ResolutionApproved, Outcome::Refused));
        assert_eq!(record.decision.verdict, Verdict::Denied);
        assert_eq!(record.decision.reason.as_deref(), Some(reason));
        assert_eq!(record.actor.unwrap().id, second.person);
    }
    refused(bed.search(&reader("a.first", 1), &under(resolution.id)).await, ProblemCode::Denied);
    assert_eq!(bed.last().await.decision.reason.as_deref(), Some("resolution-not-approved"));
}

#[tokio::test]
async fn a_resolution_stands_for_a_day_and_a_request_for_a_week() {
    let bed = Bed::new();
    let (first, second) = (reader("a.first", 1), reader("b.second", 2));
    let (used, late) = (requested(&bed).await, requested(&bed).await);
    bed.inspection.approve_resolution(&second, None, used.id).await.unwrap();
    bed.clock.advance(Duration::from_hours(24).checked_sub(Duration::from_secs(1)).unwrap());
    bed.search(&first, &under(used.id)).await.unwrap();
    bed.clock.advance(Duration::from_secs(1));
    refused(bed.search(&first, &under(used.id)).await, ProblemCode::Denied);
    let record = bed.last().await;
    assert_eq!((record.event, record.result), (Event::AccessLogSearched, Outcome::Refused));
    assert_eq!(record.decision.reason.as_deref(), Some("resolution-expired"));
    let open = bed.inspection.resolutions().await.unwrap().resolutions;
    assert_eq!(open.iter().map(|one| one.id).collect::<Vec<_>>(), [late.id]);
    bed.clock.advance(Duration::from_hours(6 * 24));
    refused(bed.inspection.approve_resolution(&second, None, late.id).await, ProblemCode::Denied);
    assert!(bed.inspection.resolutions().await.unwrap().resolutions.is_empty());
}

#[tokio::test]
async fn only_the_two_may_use_it() {
    let bed = Bed::new();
    let resolution = requested(&bed).await;
    bed.inspection.approve_resolution(&reader("b.second", 2), None, resolution.id).await.unwrap();
    refused(bed.search(&reader("c.third", 3), &under(resolution.id)).await, ProblemCode::Denied);
    let mut elsewhere = reader("a.first", 1);
    elsewhere.party = oin("00000099000000004000");
    refused(bed.search(&elsewhere, &under(resolution.id)).await, ProblemCode::Denied);
}

#[tokio::test]
async fn it_is_agreed_to_once_also_when_two_try_at_the_same_time() {
    let bed = Bed::new();
    let resolution = requested(&bed).await;
    let (second, third) = (reader("b.second", 2), reader("c.third", 3));
    let (one, other) = tokio::join!(
        bed.inspection.approve_resolution(&second, None, resolution.id),
        bed.inspection.approve_resolution(&third, None, resolution.id),
    );
    let (agreed, refusal) = if one.is_ok() { (one, other) } else { (other, one) };
    assert!(agreed.is_ok());
    refused(refusal, ProblemCode::Conflict);
}

#[tokio::test]
async fn what_is_unknown_is_not_found_and_recorded() {
    let bed = Bed::new();
    let resolution = requested(&bed).await;
    let nobody = ResolutionId::from_bytes([0; 16]);
    refused(
        bed.inspection.approve_resolution(&reader("b.second", 2), None, nobody).await,
        ProblemCode::NotFound,
    );
    refused(bed.search(&reader("a.first", 1), &under(nobody)).await, ProblemCode::NotFound);
    let (index, names) = bed.happened(bed.record(Event::QueryAnswered, "x"), &[somebody()]).await;
    let asked = request(index - 1, names[0]);
    refused(
        bed.inspection.request_resolution(&reader("a.first", 1), None, &asked).await,
        ProblemCode::NotFound,
    );
    let record = bed.last().await;
    assert_eq!(record.decision.reason.as_deref(), Some("subject-unknown"));
    assert_eq!(bed.inspection.resolutions().await.unwrap().resolutions, [resolution]);
}

#[tokio::test]
async fn a_request_needs_a_reason_and_one_way_to_name_the_subject() {
    let bed = Bed::new();
    let (index, names) = bed.happened(bed.record(Event::QueryAnswered, "x"), &[somebody()]).await;
    let good = serde_json::to_value(request(index, names[0])).unwrap();
    let subject = serde_json::json!({ "element": "A".repeat(43), "epoch": 1 });
    for (field, value, pointer) in [
        ("reason", serde_json::json!("  "), "/reason"),
        ("reason", serde_json::json!("about 999990342"), "/reason"),
        ("reason", serde_json::json!("x".repeat(501)), "/reason"),
        ("reason", serde_json::json!("a\nb"), "/reason"),
        ("auditor", serde_json::json!("999990342"), "/auditor"),
        ("index", serde_json::Value::Null, ""),
        ("reference", serde_json::Value::Null, ""),
        ("subject", subject.clone(), ""),
    ] {
        let mut asked = good.clone();
        asked[field] = value;
        let asked = serde_json::from_value(asked).unwrap();
        let answer = bed.inspection.request_resolution(&reader("a.first", 1), None, &asked).await;
        let refusal = refused(answer, ProblemCode::Invalid);
        assert_eq!(refusal.fields()[0].pointer, pointer, "{field}");
        assert!(!format!("{refusal:?}").contains("999990342"));
    }
    let element = serde_json::json!({ "auditor": "a.first", "reason": "r", "subject": subject });
    let asked = serde_json::from_value(element).unwrap();
    let answer = bed.inspection.request_resolution(&reader("a.first", 1), None, &asked).await;
    assert_eq!(
        refused(answer, ProblemCode::Invalid).fields()[0].pointer,
        "/subject",
        "nothing here finds one"
    );
}

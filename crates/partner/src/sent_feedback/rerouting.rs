//! A holder says that another one should handle a report.

use kw_agreement::Agreement;
use kw_domain::{Category, Oin};
use kw_protocol::feedback::{FeedbackReport, FeedbackStatus, FeedbackView};
use kw_protocol::local::feedback::FeedbackRequest;
use kw_store::partner::SentFeedback;

use super::MOST_HOLDERS;

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Onward {
    /// It goes to this holder.
    To(Oin),
    /// It stays where it is; the reporter is told why.
    Stays(&'static str),
}

/// Where a report goes that its holder says is another's. `content` is what it came in with, as long as that is kept.
pub(super) fn onward(
    agreement: &Agreement,
    own: Oin,
    report: &SentFeedback,
    view: &FeedbackView,
    content: Option<&FeedbackRequest>,
) -> Onward {
    let named =
        view.annotations.iter().rev().find(|one| one.content.status == Some(FeedbackStatus::WrongHolder));
    let Some(handler) = named.and_then(|one| one.content.handler) else { return Onward::Stays("no-handler") };
    let was_asked =
        handler == report.holder || report.sent_on_by.iter().any(|(before, _)| *before == handler);
    if was_asked {
        Onward::Stays("handler-was-asked")
    } else if handler == own {
        Onward::Stays("handler-is-reporter")
    } else if report.sent_on_by.len() + 1 >= MOST_HOLDERS {
        Onward::Stays("too-many-holders")
    } else {
        match content {
            None => Onward::Stays("content-is-gone"),
            Some(request) if kinds_at(agreement, request, handler).is_empty() => {
                Onward::Stays("handler-may-not-see")
            }
            Some(_) => Onward::To(handler),
        }
    }
}

/// In which kinds of data a holder may be told of a report by itself: the one that it is about, or another in which every doubted value
/// is an attribute that the agreement says both have.
pub(super) fn kinds_at(agreement: &Agreement, request: &FeedbackRequest, holder: Oin) -> Vec<Category> {
    let Some(partner) = agreement.partner(holder).filter(|partner| !partner.suspended) else {
        return Vec::new();
    };
    let places = || request.attributes.iter().map(|one| one.pointer.as_str());
    let may_go = |to: &&Category| {
        request.category == **to
            || places().all(|place| place_in(agreement, place, &request.category, to).is_some())
    };
    partner.registers.iter().filter(may_go).cloned().collect()
}

/// Where another kind of data has what stands at this place in one.
fn place_in(agreement: &Agreement, place: &str, from: &Category, to: &Category) -> Option<String> {
    agreement.shared_attributes().iter().find_map(|shared| {
        let (there, here) = (shared.values.get(from)?, shared.values.get(to)?);
        let rest = place.strip_prefix(there.as_str())?;
        (rest.is_empty() || rest.starts_with('/')).then(|| format!("{here}{rest}"))
    })
}

/// The same report in the words of another kind of data: shared values only, and nothing that was said or sent for the eyes of the first
/// holder. None when not every value is shared.
pub(super) fn translate(
    agreement: &Agreement,
    mut report: FeedbackReport,
    from: &Category,
    to: &Category,
) -> Option<FeedbackReport> {
    if from == to {
        return Some(report);
    }
    for attribute in &mut report.attributes {
        attribute.pointer = place_in(agreement, &attribute.pointer, from, to)?;
    }
    (report.explanation, report.attachments) = (None, Vec::new());
    Some(report)
}

#[cfg(test)]
mod tests {
    use kw_domain::{FeedbackId, Instant, TransactionId};
    use kw_protocol::feedback::FeedbackKind;
    use kw_protocol::local::feedback::FeedbackDelivery;

    use super::*;

    const YOUTH: &str = include_str!("../../../../examples/chains/youth.toml");

    fn oin(number: u8) -> Oin {
        Oin::parse(&format!("00000099{number:09}000")).unwrap()
    }

    fn category(name: &str) -> Category {
        Category::parse(name).unwrap()
    }

    fn stored(before: &[u8]) -> SentFeedback {
        let at = Instant::from_millis(0);
        SentFeedback {
            id: FeedbackId::new(at, [1; 10]),
            version: 0,
            about: [0; 16],
            kind: FeedbackKind::Report,
            holder: oin(2),
            category: category("school-attendance"),
            reference: None,
            pointers: Vec::new(),
            delivery: FeedbackDelivery::Delivered,
            status: Some(FeedbackStatus::WrongHolder),
            outcome: None,
            reason: None,
            sent_on_by: before.iter().map(|one| (oin(*one), category("school-attendance"))).collect(),
            must_tell: false,
            must_look: false,
            transaction: TransactionId::new(at, [1; 10]),
            attempts: 0,
            next_at: None,
            claimed_until: None,
            queued_at: at,
            sent_at: at,
            changed_at: at,
        }
    }

    fn view(handler: Option<u8>) -> FeedbackView {
        let party = |number| serde_json::json!({"oin": oin(number), "name": "x"});
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let wrong = serde_json::json!({
            "id": id, "at": "2026-11-22T10:00:00Z", "side": "holder", "party": oin(2), "status": "wrong-holder",
            "handler": handler.map(oin),
        });
        let view = serde_json::json!({
            "id": id, "kind": "report", "reporter": party(1), "holder": party(2), "handler": party(2),
            "category": "school-attendance", "attributes": [], "status": "wrong-holder",
            "receivedAt": "2026-11-22T10:00:00Z", "takeUpBy": "2026-11-30T10:00:00Z", "overdue": false,
            "annotations": [wrong],
        });
        serde_json::from_value(view).unwrap()
    }

    fn request(pointers: &[&str]) -> FeedbackRequest {
        let attributes: Vec<_> =
            pointers.iter().map(|pointer| serde_json::json!({"pointer": pointer, "doubted": 1})).collect();
        serde_json::from_value(serde_json::json!({
            "subject": "nl.bsn:999990342", "purpose": "coordinate-help", "case": "Z-1", "relation": {"basis": "listed"},
            "actor": {"id": "j.jansen", "role": "worker", "assurance": "asserted"},
            "holder": oin(12), "category": "school-attendance", "attributes": attributes,
            "explanation": "seen at home", "attachments": [{"name": "a.pdf", "mediaType": "application/pdf", "content": "JVBERi0="}],
            "doubt": {"strongSuspicion": true, "ownKnowledge": true, "knowsDefinition": true},
            "contact": {"name": "J", "email": "j@example.nl"},
        }))
        .unwrap()
    }

    #[test]
    fn a_report_goes_on_by_itself_only_to_whom_the_agreement_lets_see_what_it_says() {
        let agreement = Agreement::parse(YOUTH).unwrap();
        let (school, town, health) = (oin(12), oin(13), oin(14));
        let kinds = |pointers: &[&str], holder| {
            let found = kinds_at(&agreement, &request(pointers), holder);
            found.iter().map(|one| one.as_str().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(kinds(&["/person/address/city"], town), ["municipal-support"]);
        assert_eq!(kinds(&["/school/class"], school), ["school-attendance"]);
        for alien in [&["/school/class"][..], &["/person/address/city", "/school/class"], &["/person"]] {
            assert_eq!(kinds(alien, town), [""; 0], "{alien:?}");
            assert_eq!(kinds(alien, health), [""; 0], "{alien:?}");
        }
        assert_eq!(kinds(&["/person/address/city"], oin(99)), [""; 0], "nobody of this chain");
        let (from, to) = (category("school-attendance"), category("municipal-support"));
        let id = stored(&[]).id;
        let told = |pointer| translate(&agreement, request(&[pointer]).report(id), &from, &to);
        let shared = told("/contact/phone").unwrap();
        assert!(shared.explanation.is_none() && shared.attachments.is_empty(), "not for their eyes");
        assert_eq!(told("/school/class"), None);
        let same = translate(&agreement, request(&["/school/class"]).report(id), &from, &from).unwrap();
        assert!(same.explanation.is_some() && same.attachments.len() == 1);
    }

    #[test]
    fn a_report_goes_on_to_whom_the_holder_names_and_never_in_a_circle() {
        let agreement = Agreement::parse(YOUTH).unwrap();
        let (shared, own) = (request(&["/contact/phone"]), request(&["/school/class"]));
        for (before, handler, content, expected) in [
            (&[][..], Some(14), Some(&shared), Onward::To(oin(14))),
            (&[4], Some(14), Some(&shared), Onward::To(oin(14))),
            (&[], None, Some(&shared), Onward::Stays("no-handler")),
            (&[], Some(2), Some(&shared), Onward::Stays("handler-was-asked")),
            (&[14], Some(14), Some(&shared), Onward::Stays("handler-was-asked")),
            (&[], Some(1), Some(&shared), Onward::Stays("handler-is-reporter")),
            (&[4, 5], Some(14), Some(&shared), Onward::Stays("too-many-holders")),
            (&[], Some(14), None, Onward::Stays("content-is-gone")),
            (&[], Some(14), Some(&own), Onward::Stays("handler-may-not-see")),
        ] {
            assert_eq!(
                onward(&agreement, oin(1), &stored(before), &view(handler), content),
                expected,
                "{before:?} {handler:?}"
            );
        }
    }

    #[test]
    fn what_two_kinds_of_data_share_is_found_where_the_other_has_it() {
        let moved = YOUTH
            .replace("municipal-support = \"/person/address/city\"", "municipal-support = \"/contact/name\"");
        let agreement = Agreement::parse(&moved).unwrap();
        let report = |pointer: &str| -> FeedbackReport {
            serde_json::from_value(serde_json::json!({
                "id": "01890a5d-ac96-774b-bcce-b302099a8057", "attributes": [{"pointer": pointer, "doubted": 1}],
                "doubt": {"strongSuspicion": true, "ownKnowledge": true, "knowsDefinition": true},
                "contact": {"name": "J", "email": "j@example.nl"},
            }))
            .unwrap()
        };
        let (school, town) = (category("school-attendance"), category("municipal-support"));
        let place = |pointer| {
            Some(translate(&agreement, report(pointer), &school, &town)?.attributes[0].pointer.clone())
        };
        assert_eq!(place("/person/address/city").as_deref(), Some("/contact/name"));
        assert_eq!(place("/school/name"), None);
        let same = translate(&agreement, report("/person/address/city"), &school, &school);
        assert_eq!(same, Some(report("/person/address/city")));
    }
}

//! A holder says that another one should handle a report.

use kw_agreement::Agreement;
use kw_domain::{Category, Oin};
use kw_protocol::feedback::{FeedbackReport, FeedbackStatus, FeedbackView};
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

/// Where a report goes that its holder says is another's.
pub(super) fn onward(own: Oin, report: &SentFeedback, view: &FeedbackView, has_content: bool) -> Onward {
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
    } else if !has_content {
        Onward::Stays("content-is-gone")
    } else {
        Onward::To(handler)
    }
}

/// The same report in the words of another kind of data: what both share stands elsewhere there.
pub(super) fn translate(
    agreement: &Agreement,
    mut report: FeedbackReport,
    from: &Category,
    to: &Category,
) -> FeedbackReport {
    if from == to {
        return report;
    }
    for attribute in &mut report.attributes {
        let place = agreement.shared_attributes().iter().find_map(|shared| {
            let (there, here) = (shared.values.get(from)?, shared.values.get(to)?);
            let rest = attribute.pointer.strip_prefix(there.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then(|| format!("{here}{rest}"))
        });
        if let Some(place) = place {
            attribute.pointer = place;
        }
    }
    report
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

    #[test]
    fn a_report_goes_on_to_whom_the_holder_names_and_never_in_a_circle() {
        for (before, handler, has_content, expected) in [
            (&[][..], Some(3), true, Onward::To(oin(3))),
            (&[4], Some(3), true, Onward::To(oin(3))),
            (&[], None, true, Onward::Stays("no-handler")),
            (&[], Some(2), true, Onward::Stays("handler-was-asked")),
            (&[3], Some(3), true, Onward::Stays("handler-was-asked")),
            (&[], Some(1), true, Onward::Stays("handler-is-reporter")),
            (&[4, 5], Some(3), true, Onward::Stays("too-many-holders")),
            (&[], Some(3), false, Onward::Stays("content-is-gone")),
        ] {
            assert_eq!(
                onward(oin(1), &stored(before), &view(handler), has_content),
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
        let place =
            |pointer| translate(&agreement, report(pointer), &school, &town).attributes[0].pointer.clone();
        assert_eq!(place("/person/address/city"), "/contact/name");
        assert_eq!(place("/school/name"), "/school/name");
        assert_eq!(
            translate(&agreement, report("/person/address/city"), &school, &school),
            report("/person/address/city")
        );
    }
}

//! Mistakes in `[roles.*]` and `[purposes.*]`.

use super::{assert_each_is_found_alone, errors, mistake};
use crate::youth;

#[test]
fn about_roles() {
    assert_each_is_found_alone(vec![
        mistake(
            "kinds = [\"youth-care\"]",
            "kinds = [\"youth-cares\"]",
            "roles.youth-care-worker.kinds[0]",
            "no such kind",
        ),
        mistake(
            "kinds = [\"youth-care\"]",
            "kinds = []",
            "roles.youth-care-worker.kinds",
            "one kind of partner",
        ),
        mistake(
            "kinds = [\"youth-care\"]",
            "kinds = [\"school\", \"school\"]",
            "roles.youth-care-worker.kinds[1]",
            "twice",
        ),
        mistake(
            "kinds = [\"youth-care\"]",
            "kinds = \"school\"",
            "roles.youth-care-worker.kinds",
            "expected a list",
        ),
    ]);
}

#[test]
fn about_purposes() {
    let activity = "\"https://register.demostad.example/verwerkingen/toezicht-leerplicht\"";
    let activity_path = "purposes.enforce-attendance.processing_activity";
    let bases = "relation_bases = [\"listed\", \"motivated\"]";
    assert_each_is_found_alone(vec![
        mistake(
            "legal_basis = \"Leerplichtwet 1969, art. 16\"\n",
            "",
            "purposes.enforce-attendance.legal_basis",
            "missing",
        )
        .at("[purposes.enforce-attendance]"),
        mistake(
            "\"Leerplichtwet 1969, art. 16\"",
            "\"  \"",
            "purposes.enforce-attendance.legal_basis",
            "one line",
        ),
        mistake(activity, "\"leerplicht\"", activity_path, "URI of a processing activity"),
        mistake(activity, "\"ftp://a/b\"", activity_path, "URI of a processing activity"),
        mistake(activity, "\"urn:\"", activity_path, "URI of a processing activity"),
        mistake(
            bases,
            "relation_bases = [\"friend\"]",
            "purposes.enforce-attendance.relation_bases[0]",
            "none of",
        ),
        mistake(
            bases,
            "relation_bases = []",
            "purposes.enforce-attendance.relation_bases",
            "without a ground",
        ),
        mistake(
            bases,
            "relation_bases = [\"listed\", \"listed\"]",
            "purposes.enforce-attendance.relation_bases[1]",
            "twice",
        ),
        mistake(
            "attendance-officer = [\"school-attendance\", \"municipal-support\"]",
            "attendance-officer = [\"school-attendance\", \"police\"]",
            "purposes.enforce-attendance.roles.attendance-officer[1]",
            "no such category",
        ),
        mistake(
            "attendance-officer = [\"school-attendance\", \"municipal-support\"]",
            "attendance-officer = []",
            "purposes.enforce-attendance.roles.attendance-officer",
            "without categories",
        ),
        mistake(
            "attendance-officer = [\"school-attendance\", \"municipal-support\"]",
            "attendance-office = [\"school-attendance\", \"municipal-support\"]",
            "purposes.enforce-attendance.roles.attendance-office",
            "no such role",
        ),
    ]);
}

#[test]
fn a_reference_that_is_nearly_right_is_recognised() {
    let text = super::change(
        youth::TEXT,
        "care-coordinator = [\"school-attendance\"]",
        "care-coordinator = [\"school-atendance\"]",
    );
    assert_eq!(errors(&text)[0].next_step, "did you mean school-attendance?");
}

//! Mistakes in `[[partners]]` and `[shared_attributes.*]`.

use super::{assert_each_is_found_alone, change, errors, mistake};
use crate::youth;

#[test]
fn about_partners() {
    assert_each_is_found_alone(vec![
        mistake(
            "oin = \"00000099000000012000\"",
            "oin = \"00000099000000011000\"",
            "partners[1].oin",
            "has a partner with this OIN already",
        ),
        mistake("name = \"GGD Demoregio\"", "name = \"\"", "partners[3].name", "one line"),
        mistake("population = 900", "population = 0", "partners[4].population", "has files on people"),
        mistake("population = 900", "population = 30_000_001", "partners[4].population", "out of bounds"),
        mistake(
            "registers = [\"addiction-care\"]",
            "registers = [\"gambling\"]",
            "partners[4].registers[0]",
            "no such category",
        ),
        mistake(
            "population = 900",
            "population = 900\nsuspended = 1",
            "partners[4].suspended",
            "expected true or false",
        )
        .at("suspended = 1"),
        mistake(
            "population = 900",
            "population = 900\nbudgets = { query = { burst = 1, hour = 2 } }",
            "partners[4].budgets.query.day",
            "missing",
        )
        .at("budgets = {"),
    ]);
}

#[test]
fn a_kind_in_another_form_is_refused_where_it_stands_and_where_it_was_meant() {
    let found = errors(&change(youth::TEXT, "kind = \"school\"", "kind = \"School\""));
    let [role, other, partner] = &found[..] else { panic!("{found:#?}") };
    assert_eq!(role.path, "roles.care-coordinator.kinds[0]");
    assert_eq!(other.path, "roles.quality-officer.kinds[1]");
    assert!(!role.next_step.contains("School"), "{role}");
    assert_eq!(partner.path, "partners[1].kind");
    assert!(partner.reason.starts_with("a kind of partner has 1 to 64"), "{partner}");
}

#[test]
fn production_admits_no_test_numbers() {
    let text = change(youth::TEXT, "environment = \"test\"", "environment = \"production\"");
    let found = errors(&text);
    let refused: Vec<&str> = found.iter().map(|error| error.path.as_str()).collect();
    assert_eq!(
        refused,
        [
            "operators",
            "switchboard.oin",
            "pseudonymiser.oin",
            "partners[0].oin",
            "partners[1].oin",
            "partners[2].oin",
            "partners[3].oin",
            "partners[4].oin",
            "auditors[0].oin",
            "auditors[1].oin",
        ]
    );
    // The same file with numbers as Logius issues them, and two people who may widen it.
    let operator = |name, letter: &str| {
        format!("\n[[operators]]\nname = \"{name}\"\nkey = \"{}\"\n", letter.repeat(10) + &"A".repeat(33))
    };
    let text =
        text.replace("\"00000099", "\"00000001") + &operator("jansen", "b") + &operator("de-vries", "c");
    assert!(errors(&text).is_empty(), "{:#?}", errors(&text));
}

#[test]
fn about_shared_attributes() {
    let pointers = "values]\nyouth-care-plan = \"/contact/phone\"";
    let path = "shared_attributes.phone.values.youth-care-plan";
    let last = "youth-care-plan = ";
    assert_each_is_found_alone(vec![
        mistake(pointers, "values]\nyouth-care-plan = \"contact/phone\"", path, "JSON Pointer").at(last),
        mistake(pointers, "values]\nyouth-care-plan = \"\"", path, "JSON Pointer").at(last),
        mistake(pointers, "values]\nyouth-care-plan = \"/a~2b\"", path, "JSON Pointer").at(last),
        mistake(pointers, "values]\nyouth-care-plan = \"/a~\"", path, "JSON Pointer").at(last),
        mistake(
            pointers,
            "values]\nyouth-care-plans = \"/contact/phone\"",
            "shared_attributes.phone.values.youth-care-plans",
            "no such category",
        )
        .at("youth-care-plans = "),
        mistake(
            "title = { nl = \"Telefoonnummer\", en = \"Phone number\" }",
            "title = { nl = \"Telefoonnummer\", en = \"Phone number\" }\nauthoritative = \"00000099000000001000\"",
            "shared_attributes.phone.authoritative",
            "is no partner",
        )
        .at("authoritative = "),
    ]);
    assert!(errors(&change(youth::TEXT, pointers, "values]\nyouth-care-plan = \"/a~1b/~0\"")).is_empty());
}

#[test]
fn the_authoritative_holder_gives_the_attribute() {
    let text = change(
        youth::TEXT,
        "en = \"City\" }\nauthoritative = \"00000099000000013000\"",
        "en = \"City\" }\nauthoritative = \"00000099000000011000\"",
    );
    let text = change(&text, "values]\nyouth-care-plan = \"/person/address/city\"\n", "values]\n");
    let found = errors(&text);
    assert_eq!(found.len(), 1);
    assert!(found[0].reason.contains("registers none of the categories"), "{found:?}");
}

#[test]
fn a_mistake_in_a_partner_is_not_blamed_on_what_refers_to_it() {
    let text = change(youth::TEXT, "population = 30_000", "population = \"many\"");
    let paths: Vec<String> = errors(&text).into_iter().map(|error| error.path).collect();
    assert_eq!(paths, ["partners[2].population"]);
}

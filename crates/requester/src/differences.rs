//! Where holders say different things about what they share.

use kw_agreement::SharedAttribute;
use kw_protocol::dossier::{Difference, HeldValue, Section};
use kw_protocol::feedback::{DoubtedAttribute, FeedbackDraft};
use serde_json::Value;

/// The shared attributes to which at least two holders give different values, with everybody's value.
///
/// Values are compared as JSON. A value that is missing or `null` is no value: not knowing is not contradicting.
pub(crate) fn find(sections: &[Section], attributes: &[SharedAttribute]) -> Vec<Difference> {
    attributes.iter().filter_map(|attribute| difference(sections, attribute)).collect()
}

fn difference(sections: &[Section], attribute: &SharedAttribute) -> Option<Difference> {
    let mut values: Vec<HeldValue> =
        sections.iter().filter_map(|section| held_value(section, attribute)).collect();
    let contradicted = |one: &HeldValue| {
        values.iter().any(|other| other.holder.oin != one.holder.oin && other.value != one.value)
    };
    if !values.iter().any(contradicted) {
        return None;
    }
    propose(&mut values);
    Some(Difference { attribute: attribute.name.clone(), authoritative: attribute.authoritative, values })
}

fn held_value(section: &Section, attribute: &SharedAttribute) -> Option<HeldValue> {
    let pointer = attribute.values.get(&section.category)?;
    let value = section.document.as_ref()?.pointer(pointer)?;
    if value == &Value::Null {
        return None;
    }
    let provenance = section.provenance.as_ref()?;
    let doubted = DoubtedAttribute { pointer: pointer.clone(), doubted: Some(value.clone()), proposed: None };
    Some(HeldValue {
        holder: section.holder.clone(),
        category: section.category.clone(),
        source: provenance.source.clone(),
        pointer: pointer.clone(),
        value: value.clone(),
        as_of: provenance.as_of,
        authoritative: attribute.authoritative == Some(section.holder.oin),
        under_investigation: provenance.under_investigation.iter().any(|place| touches(place, pointer)),
        open_reports: Vec::new(),
        feedback: FeedbackDraft {
            holder: section.holder.oin,
            category: section.category.clone(),
            handle: section.handle,
            attributes: vec![doubted],
            observed_at: provenance.as_of,
        },
    })
}

/// What the authoritative holder says is proposed to the others, as long as it says one thing.
fn propose(values: &mut [HeldValue]) {
    let mut leading = values.iter().filter(|held| held.authoritative).map(|held| &held.value);
    let Some(value) = leading.next().cloned() else { return };
    if leading.any(|other| *other != value) {
        return;
    }
    for held in values.iter_mut().filter(|held| held.value != value) {
        for attribute in &mut held.feedback.attributes {
            attribute.proposed = Some(value.clone());
        }
    }
}

/// Whether one place is the other, or inside it.
pub fn touches(one: &str, other: &str) -> bool {
    let inside = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    inside(one, other) || inside(other, one)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use kw_agreement::Localised;
    use kw_domain::{Category, Handle, Instant, Oin, SourceName, TransactionId};
    use kw_protocol::dossier::{Party, SectionStatus};
    use kw_protocol::pull::Provenance;
    use serde_json::json;

    use super::*;

    fn attribute() -> SharedAttribute {
        SharedAttribute {
            name: "address".to_owned(),
            title: Localised { nl: "Adres".to_owned(), en: "Address".to_owned() },
            values: BTreeMap::from([
                (Category::parse("school").unwrap(), "/address".to_owned()),
                (Category::parse("care").unwrap(), "/client/address".to_owned()),
            ]),
            authoritative: Some(oin(9)),
        }
    }

    fn oin(number: u8) -> Oin {
        Oin::parse(&format!("00000099{number:09}000")).unwrap()
    }

    fn section(holder: u8, category: &str, document: Value) -> Section {
        Section {
            holder: Party { oin: oin(holder), name: format!("holder {holder}") },
            category: Category::parse(category).unwrap(),
            status: SectionStatus::Delivered,
            reason: None,
            as_of: Some(Instant::from_millis(0)),
            document: Some(document),
            provenance: Some(Provenance {
                source: SourceName::parse("files").unwrap(),
                as_of: Instant::from_millis(0),
                under_investigation: Vec::new(),
            }),
            birth_date_compared: None,
            transaction: TransactionId::new(Instant::from_millis(0), [holder; 10]),
            handle: Some(Handle::from_bytes([holder; 16])),
            open_reports: Vec::new(),
        }
    }

    #[test]
    fn different_values_are_shown_side_by_side_with_who_says_what() {
        let mut care = section(2, "care", json!({"client": {"address": {"city": "Ede"}}}));
        care.provenance.as_mut().unwrap().under_investigation.push("/client".to_owned());
        let found = find(&[section(1, "school", json!({"address": {"city": "Tiel"}})), care], &[attribute()]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].attribute.as_str(), found[0].authoritative), ("address", Some(oin(9))));
        let said: Vec<_> = found[0]
            .values
            .iter()
            .map(|held| (held.holder.oin, held.value["city"].clone(), held.under_investigation))
            .collect();
        assert_eq!(said, [(oin(1), json!("Tiel"), false), (oin(2), json!("Ede"), true)]);
    }

    #[test]
    fn what_the_authoritative_holder_says_is_proposed_to_the_others() {
        let school = section(1, "school", json!({"address": "Tiel"}));
        let care = section(2, "care", json!({"client": {"address": "Ede"}}));
        let proposals = |sections: &[Section]| -> Vec<_> {
            let found = find(sections, &[attribute()]).remove(0);
            found.values.iter().map(|held| held.feedback.attributes[0].proposed.clone()).collect()
        };
        assert_eq!(
            proposals(&[school.clone(), care.clone()]),
            [None, None],
            "the one that counts says nothing"
        );
        let register = section(9, "school", json!({"address": "Ede"}));
        let all = [school, care, register];
        assert_eq!(proposals(&all), [Some(json!("Ede")), None, None]);
        let found = find(&all, &[attribute()]).remove(0);
        let draft = &found.values[0].feedback;
        assert_eq!((draft.holder, draft.handle), (oin(1), Some(Handle::from_bytes([1; 16]))));
        assert_eq!(
            (draft.attributes[0].pointer.as_str(), &draft.attributes[0].doubted),
            ("/address", &Some(json!("Tiel")))
        );
        assert_eq!((found.values[0].source.as_str(), found.values[0].authoritative), ("files", false));
        assert!(found.values[2].authoritative);
    }

    #[test]
    fn the_same_value_in_another_order_is_no_difference() {
        let school = section(1, "school", json!({"address": {"city": "Ede", "street": "A"}}));
        let care = section(2, "care", json!({"client": {"address": {"street": "A", "city": "Ede"}}}));
        assert_eq!(find(&[school, care], &[attribute()]), []);
    }

    #[test]
    fn a_value_that_is_missing_contradicts_nobody() {
        let school = section(1, "school", json!({"address": "Ede"}));
        for silent in [json!({}), json!({"client": {}}), json!({"client": {"address": null}})] {
            assert_eq!(find(&[school.clone(), section(2, "care", silent)], &[attribute()]), []);
        }
        let mut nothing = section(2, "care", json!({}));
        nothing.document = None;
        assert_eq!(find(&[school, nothing], &[attribute()]), []);
    }

    #[test]
    fn one_holder_does_not_differ_from_itself() {
        let school = section(1, "school", json!({"address": "Ede"}));
        let care = section(1, "care", json!({"client": {"address": "Tiel"}}));
        assert_eq!(find(&[school.clone(), care.clone()], &[attribute()]), []);
        let other = section(2, "school", json!({"address": "Ede"}));
        assert_eq!(find(&[school, care, other], &[attribute()])[0].values.len(), 3);
    }

    #[test]
    fn a_place_under_investigation_covers_what_is_inside_it_and_nothing_beside_it() {
        assert!(touches("/a", "/a") && touches("/a", "/a/b") && touches("/a/b", "/a") && touches("", "/a"));
        assert!(!touches("/a", "/ab") && !touches("/ab", "/a") && !touches("/a/b", "/a/c"));
    }
}

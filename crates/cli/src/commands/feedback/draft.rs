//! From a dossier, or from arguments, to which value of which holder is doubted.

use std::path::Path;

use kw_domain::{Category, Handle, Instant, Oin};
use kw_protocol::dossier::{Difference, Dossier, HeldValue, Section};
use kw_protocol::feedback::DoubtedAttribute;
use serde_json::Value;

use crate::failure::Failure;

/// What the command line says.
pub(super) struct Chosen<'a> {
    pub(super) holders: &'a [Oin],
    pub(super) categories: &'a [Category],
    pub(super) difference: Option<usize>,
    pub(super) section: Option<usize>,
    pub(super) pointer: Option<&'a str>,
    pub(super) doubted: Option<Value>,
    pub(super) proposed: Option<Value>,
}

/// Which value of which holder.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) holder: Oin,
    pub(super) category: Category,
    pub(super) handle: Option<Handle>,
    pub(super) attributes: Vec<DoubtedAttribute>,
    pub(super) observed_at: Option<Instant>,
}

/// Reads a dossier as `dossier --json` wrote it.
pub(super) fn read(path: &Path) -> Result<Dossier, Failure> {
    let wrong = |what: String| Failure::usage(what, "give --from the output of `ketenwijzer dossier --json`");
    let text =
        std::fs::read(path).map_err(|error| wrong(format!("cannot read {}: {error}", path.display())))?;
    // What serde says of it may repeat a value.
    serde_json::from_slice(&text).map_err(|_| wrong(format!("{} holds no dossier", path.display())))
}

/// JSON, or else text.
pub(super) fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

pub(super) fn by_hand(chosen: &Chosen<'_>) -> Result<Draft, Failure> {
    let ([holder], [category], Some(pointer)) = (chosen.holders, chosen.categories, chosen.pointer) else {
        return Err(Failure::usage(
            "it is not said which value is doubted",
            "give --from with --difference or --section, or one --holder, one --category and --pointer",
        ));
    };
    let attribute = DoubtedAttribute {
        pointer: pointer.to_owned(),
        doubted: chosen.doubted.clone(),
        proposed: chosen.proposed.clone(),
    };
    Ok(Draft {
        holder: *holder,
        category: category.clone(),
        handle: None,
        attributes: vec![attribute],
        observed_at: None,
    })
}

pub(super) fn from_dossier(dossier: &Dossier, chosen: &Chosen<'_>) -> Result<Draft, Failure> {
    match (chosen.difference, chosen.section) {
        (Some(number), None) => {
            let difference = number.checked_sub(1).and_then(|place| dossier.differences.get(place));
            of_difference(difference.ok_or_else(|| none("difference", dossier.differences.len()))?, chosen)
        }
        (None, Some(number)) => {
            let section = number.checked_sub(1).and_then(|place| dossier.sections.get(place));
            of_section(section.ok_or_else(|| none("section", dossier.sections.len()))?, chosen)
        }
        _ => Err(Failure::usage(
            "it is not said which value of the dossier is doubted",
            "add --difference, or --section with --pointer",
        )),
    }
}

fn of_difference(difference: &Difference, chosen: &Chosen<'_>) -> Result<Draft, Failure> {
    let is_meant = |held: &&HeldValue| {
        let named = chosen.holders.is_empty() || chosen.holders.contains(&held.holder.oin);
        let of_kind = chosen.categories.is_empty() || chosen.categories.contains(&held.category);
        let doubtful =
            !chosen.holders.is_empty() || held.feedback.attributes.iter().any(|one| one.proposed.is_some());
        named && of_kind && doubtful
    };
    let meant: Vec<&HeldValue> = difference.values.iter().filter(is_meant).collect();
    let [held] = meant.as_slice() else {
        return Err(Failure::usage(
            "it is not said whose value is doubted",
            "add --holder, and --category where that holder has several",
        ));
    };
    let mut attributes = held.feedback.attributes.clone();
    if let Some(proposed) = &chosen.proposed {
        for attribute in &mut attributes {
            attribute.proposed = Some(proposed.clone());
        }
    }
    Ok(Draft {
        holder: held.feedback.holder,
        category: held.feedback.category.clone(),
        handle: held.feedback.handle,
        attributes,
        observed_at: Some(held.feedback.observed_at),
    })
}

fn of_section(section: &Section, chosen: &Chosen<'_>) -> Result<Draft, Failure> {
    let pointer = chosen
        .pointer
        .ok_or_else(|| Failure::usage("there is no --pointer", "add --pointer to --section"))?;
    let there = section.document.as_ref().and_then(|document| document.pointer(pointer)).cloned();
    let attribute = DoubtedAttribute {
        pointer: pointer.to_owned(),
        doubted: chosen.doubted.clone().or(there),
        proposed: chosen.proposed.clone(),
    };
    if attribute.doubted.is_none() && attribute.proposed.is_none() {
        return Err(Failure::usage(
            format!("the section's document has nothing at {pointer}"),
            "name a place that the document has, or say with --proposed what is missing there",
        ));
    }
    Ok(Draft {
        holder: section.holder.oin,
        category: section.category.clone(),
        handle: section.handle,
        attributes: vec![attribute],
        observed_at: section.as_of,
    })
}

fn none(what: &str, count: usize) -> Failure {
    let there = if count == 1 { "is 1".to_owned() } else { format!("are {count}") };
    Failure::usage(format!("the dossier has no such {what}"), format!("there {there}; count from 1"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn oin(number: u8) -> Oin {
        Oin::parse(&format!("00000099{number:09}000")).unwrap()
    }

    fn dossier() -> Dossier {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let held = |number: u8, city: &str, proposed: Value| {
            json!({
                "holder": {"oin": oin(number), "name": "x"}, "category": "care", "source": "files", "pointer": "/city",
                "value": city, "asOf": "2026-11-22T10:00:00Z", "underInvestigation": false,
                "feedback": {"holder": oin(number), "category": "care", "observedAt": "2026-11-22T10:00:00Z",
                    "attributes": [{"pointer": "/city", "doubted": city, "proposed": proposed}]},
            })
        };
        serde_json::from_value(json!({
            "query": id, "assembledAt": "2026-11-22T10:00:00Z", "complete": true, "holdersMayBeWithheld": true,
            "sections": [{"holder": {"oin": oin(1), "name": "x"}, "category": "care", "status": "delivered",
                "asOf": "2026-11-22T10:00:00Z", "document": {"city": "Ede"}, "transaction": id}],
            "differences": [{"attribute": "city", "authoritative": oin(2),
                "values": [held(1, "Ede", json!("Tiel")), held(2, "Tiel", Value::Null)]}],
            "receipt": {"origin": "x", "index": 1, "salt": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
        }))
        .unwrap()
    }

    fn chosen() -> Chosen<'static> {
        Chosen {
            holders: &[],
            categories: &[],
            difference: None,
            section: None,
            pointer: None,
            doubted: None,
            proposed: None,
        }
    }

    #[test]
    fn one_step_leads_from_a_difference_to_the_value_that_does_not_count() {
        let draft = from_dossier(&dossier(), &Chosen { difference: Some(1), ..chosen() }).unwrap();
        let attribute = &draft.attributes[0];
        assert_eq!(
            (draft.holder, &attribute.doubted, &attribute.proposed),
            (oin(1), &Some(json!("Ede")), &Some(json!("Tiel")))
        );
        let other = [oin(2)];
        let draft =
            from_dossier(&dossier(), &Chosen { difference: Some(1), holders: &other, ..chosen() }).unwrap();
        assert_eq!((draft.holder, &draft.attributes[0].proposed), (oin(2), &None));
        for number in [0, 2] {
            assert!(from_dossier(&dossier(), &Chosen { difference: Some(number), ..chosen() }).is_err());
        }
    }

    #[test]
    fn any_value_of_a_section_can_be_doubted() {
        let named =
            Chosen { section: Some(1), pointer: Some("/city"), proposed: Some(value("Tiel")), ..chosen() };
        let draft = from_dossier(&dossier(), &named).unwrap();
        let attribute = &draft.attributes[0];
        assert_eq!((&attribute.doubted, &attribute.proposed), (&Some(json!("Ede")), &Some(json!("Tiel"))));
        let nowhere = Chosen { section: Some(1), pointer: Some("/nope"), ..chosen() };
        assert!(from_dossier(&dossier(), &nowhere).is_err(), "neither doubted nor proposed");
        let missing = Chosen { pointer: Some("/street"), ..named };
        assert_eq!(from_dossier(&dossier(), &missing).unwrap().attributes[0].doubted, None);
    }

    #[test]
    fn by_hand_everything_is_said() {
        let (holders, categories) = ([oin(1)], [Category::parse("care").unwrap()]);
        let named = Chosen {
            holders: &holders,
            categories: &categories,
            pointer: Some("/hours"),
            doubted: Some(value("12")),
            ..chosen()
        };
        assert_eq!(by_hand(&named).unwrap().attributes[0].doubted, Some(json!(12)));
        assert!(by_hand(&Chosen { holders: &[], ..named }).is_err());
    }
}

//! What a Patient says: who it is, whether it still counts, and which resources are theirs.

use kw_adapter::mapping::{RowFault, read_birth_date, read_subject};
use kw_adapter_rest::api::names_subject;
use kw_domain::{BirthDate, Subject};
use serde_json::{Map, Value};
use url::Url;

use crate::bundle::{id_in, is_id};
use crate::config::Selection;

/// A Patient as it is now.
pub(crate) enum Patient {
    /// Somebody.
    Here { subject: Subject, birth_date: Option<BirthDate> },
    /// Not in use any more, or merged into another one.
    Gone,
}

impl Patient {
    /// Reads a Patient resource.
    pub(crate) fn read(resource: &Map<String, Value>, bsn_system: &str) -> Result<Self, RowFault> {
        let links = resource.get("link").and_then(Value::as_array).into_iter().flatten();
        let merged = links.into_iter().any(|link| link["type"] == "replaced-by");
        if merged || resource.get("active").and_then(Value::as_bool) == Some(false) {
            return Ok(Self::Gone);
        }
        let subject = subject(resource, bsn_system)?;
        // It comes into addresses.
        if id(resource).is_some_and(|id| names_subject(id, &subject)) {
            return Err(RowFault::KeyNamesSubject);
        }
        let birth_date = resource.get("birthDate").map(read_birth_date).transpose()?.flatten();
        Ok(Self::Here { subject, birth_date })
    }
}

/// The logical id, if it has a usable one.
pub(crate) fn id(resource: &Map<String, Value>) -> Option<&str> {
    resource.get("id").and_then(Value::as_str).filter(|id| is_id(id))
}

/// The one number among the identifiers that are in use.
fn subject(resource: &Map<String, Value>, bsn_system: &str) -> Result<Subject, RowFault> {
    let identifiers = resource.get("identifier").and_then(Value::as_array).into_iter().flatten();
    let current =
        identifiers.filter(|identifier| identifier["system"] == bsn_system && identifier["use"] != "old");
    let mut found = None;
    for value in current.filter_map(|identifier| identifier.get("value")) {
        let subject = read_subject(value)?;
        if found.as_ref().is_some_and(|known| *known != subject) {
            return Err(RowFault::SubjectUnclear);
        }
        found = Some(subject);
    }
    found.ok_or(RowFault::BsnMissing)
}

/// Whose a resource is: the logical ids of Patients of this server that it is about.
pub(crate) fn patients_of<'a>(
    resource: &'a Map<String, Value>,
    selection: &Selection,
    base: &Url,
) -> Vec<&'a str> {
    if selection.is_patient() {
        return id(resource).into_iter().collect();
    }
    let own = |value: &'a Value| value.as_str().and_then(|reference| own_patient(reference, base));
    if let Some(pointer) = &selection.reference {
        let mut parts = pointer.split('/').skip(1);
        let first = parts.next().and_then(|part| resource.get(part));
        let found = first.and_then(|at| parts.try_fold(at, |at, part| at.get(part)));
        return found.and_then(own).into_iter().collect();
    }
    let members = MEMBERS.iter().filter_map(|member| resource.get(*member));
    members.filter_map(|member| member.get("reference")).filter_map(own).collect()
}

/// The elements that tell whose a resource is.
pub(crate) fn elements(selection: &Selection) -> String {
    match &selection.reference {
        Some(pointer) => pointer.split('/').nth(1).unwrap_or_default().to_owned(),
        None => MEMBERS.join(","),
    }
}

/// A reference to a Patient of this server: relative, or with its address.
fn own_patient<'a>(reference: &'a str, base: &Url) -> Option<&'a str> {
    let elsewhere = reference.contains("://") && !reference.starts_with(base.as_str());
    if elsewhere { None } else { id_in(reference, "Patient") }
}

/// Where resources of the patient compartment name their patient.
const MEMBERS: [&str; 4] = ["subject", "patient", "beneficiary", "for"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SYSTEM: &str = "http://fhir.nl/fhir/NamingSystem/bsn";

    fn read(value: Value) -> Result<Patient, RowFault> {
        Patient::read(value.as_object().unwrap(), SYSTEM)
    }

    fn bsn(number: &str) -> Value {
        json!({"system": SYSTEM, "value": number})
    }

    #[test]
    fn a_patient_is_known_by_the_number_in_use_and_a_partial_birth_date_is_one() {
        let old = json!({"system": SYSTEM, "value": "999994086", "use": "old"});
        let other = json!({"system": "urn:oid:1.2", "value": "1"});
        let found =
            read(json!({"id": "a", "identifier": [other, old, bsn("999990342")], "birthDate": "2012-05"}));
        let Ok(Patient::Here { subject, birth_date }) = found else { panic!() };
        assert_eq!(subject, Subject::parse("nl.bsn:999990342").unwrap());
        assert_eq!(birth_date, BirthDate::parse("2012-05").ok());
    }

    #[test]
    fn a_patient_out_of_use_or_merged_is_gone() {
        for gone in [
            json!({"active": false, "identifier": [bsn("999990342")]}),
            json!({"active": true, "link": [{"type": "replaced-by", "other": {"reference": "Patient/b"}}]}),
        ] {
            assert!(matches!(read(gone), Ok(Patient::Gone)));
        }
        let kept = json!({"link": [{"type": "replaces"}], "identifier": [bsn("999990342")]});
        assert!(matches!(read(kept), Ok(Patient::Here { .. })));
    }

    #[test]
    fn a_patient_who_cannot_be_told_is_refused() {
        assert_eq!(read(json!({})).err(), Some(RowFault::BsnMissing));
        let two = json!({"identifier": [bsn("999990342"), bsn("999994086")]});
        assert_eq!(read(two).err(), Some(RowFault::SubjectUnclear));
        let named = json!({"id": "999990342", "identifier": [bsn("999990342")]});
        assert_eq!(read(named).err(), Some(RowFault::KeyNamesSubject));
        let born = json!({"identifier": [bsn("999990342")], "birthDate": "soon"});
        assert!(matches!(read(born).err(), Some(RowFault::BirthDate(_))));
    }

    #[test]
    fn whose_a_resource_is_stands_in_the_usual_places_or_where_the_configuration_says() {
        let base = Url::parse("https://fhir.example/r4/").unwrap();
        let of = |resource: Value, selection: Value| {
            let selection: Selection = serde_json::from_value(selection).unwrap();
            let resource = resource.as_object().unwrap().clone();
            patients_of(&resource, &selection, &base).join(" ")
        };
        let about = |reference: &str| json!({"subject": {"reference": reference}});
        assert_eq!(of(about("Patient/a"), json!("Condition")), "a");
        assert_eq!(of(about("https://fhir.example/r4/Patient/a"), json!("Condition")), "a");
        assert_eq!(of(about("https://other.example/r4/Patient/a"), json!("Condition")), "");
        assert_eq!(of(about("Group/a"), json!("Condition")), "");
        assert_eq!(of(json!({"patient": {"reference": "Patient/b"}}), json!("AllergyIntolerance")), "b");
        let other = json!({"type": "Appointment", "reference": "/participant/0"});
        assert_eq!(of(json!({"participant": {"0": "Patient/c"}}), other), "c");
    }
}

//! Partners that have files: exports from the system they work in.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::DemoError;
use crate::files::write;
use crate::people::{Holder, People, Person};

/// A CSV file as a Dutch spreadsheet saves it: a byte-order mark, semicolons, dates with the day first, quoted fields.
pub(super) fn youth_care(people: &People, folder: &Path) -> Result<Value, DemoError> {
    let mut text = String::from(
        "\u{feff}Plannummer;BSN;Voornaam;Achternaam;Geboortedatum;Straat;Postcode;Woonplaats;Telefoon;Soort hulp;Status;Gestart op;Hulpverlener\r\n",
    );
    for (at, person) in people.known_to(Holder::YouthCare).enumerate() {
        let kind = ["ambulante hulp", "gezinsbegeleiding", "\"hulp, thuis\""][at % 3];
        let status = ["loopt", "loopt", "wordt afgesloten"][at % 3];
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "J-{:05};{};{};{};{};{};{};{};{};{kind};{status};{};J. de Bruin\r\n",
            at + 1,
            person.bsn.expose(),
            person.given_name,
            person.family_name,
            day_first(&person.birth_date),
            person.street,
            person.postcode,
            person.town,
            person.phone,
            day_first("2025-09-01"),
        );
    }
    write(&folder.join("jeugdhulp.csv"), text)?;
    Ok(json!([{
        "name": "dossiers", "kind": "files", "folder": "source",
        "categories": { "youth-care-plan": {
            "file": "jeugdhulp.csv", "id_column": "Plannummer",
            "columns": {
                "Voornaam": "/person/givenName",
                "Achternaam": "/person/familyName",
                "Geboortedatum": { "to": "/person/birthDate", "type": "date" },
                "Straat": "/person/address/street",
                "Postcode": "/person/address/postcode",
                "Woonplaats": "/person/address/city",
                "Telefoon": "/contact/phone",
                "Soort hulp": "/plan/kind",
                "Status": "/plan/status",
                "Gestart op": { "to": "/plan/startedOn", "type": "date" },
                "Hulpverlener": "/plan/worker",
            },
        } },
    }]))
}

/// A JSON file as a pupil administration exports it.
pub(super) fn school(people: &People, folder: &Path) -> Result<Value, DemoError> {
    let main = people.main().bsn.clone();
    let pupil = |(at, person): (usize, &Person)| {
        // The school got a new number from the parents, and nobody told the others: a difference to be seen.
        let phone = if person.bsn == main { "0970 555 0199" } else { &person.phone };
        json!({
            "pupil": format!("L{:05}", at + 1),
            "bsn": person.bsn.expose(),
            "person": {
                "givenName": person.given_name,
                "familyName": person.family_name,
                "birthDate": without_unknown(&person.birth_date),
                "address": { "street": person.street, "postcode": person.postcode, "city": person.town },
            },
            "birthDate": person.birth_date,
            "contact": { "phone": phone },
            "school": { "name": "De Linde", "class": format!("{}{}", 1 + at % 4, ["A", "B", "C"][at % 3]) },
            "attendance": { "schoolYear": "2025-2026", "absentHours": (at * 7) % 41, "reported": at % 4 == 0 },
        })
    };
    let pupils: Vec<Value> = people.known_to(Holder::School).enumerate().map(pupil).collect();
    write(&folder.join("leerlingen.json"), format!("{:#}\n", json!({ "leerlingen": pupils })))?;
    Ok(json!([{
        "name": "pupils", "kind": "files", "folder": "source",
        "categories": { "school-attendance": {
            "file": "leerlingen.json", "bsn_column": "bsn", "birth_date_column": "birthDate", "id_column": "pupil",
            "columns": {
                "person": "/person", "contact": "/contact", "school": "/school", "attendance": "/attendance",
            },
        } },
    }]))
}

/// A CSV file with commas and another date.
pub(super) fn addiction_care(people: &People, folder: &Path) -> Result<Value, DemoError> {
    let mut text = String::from("client,burgerservicenummer,family_name,geboortedatum,status,started\n");
    for (at, person) in people.known_to(Holder::Addiction).enumerate() {
        let _ = writeln!(
            text,
            "V{:04},{},{},{},in treatment,2026-02-16",
            at + 1,
            person.bsn.expose(),
            person.family_name,
            person.birth_date.replace('-', "")
        );
    }
    write(&folder.join("clients.csv"), text)?;
    Ok(json!([{
        "name": "clients", "kind": "files", "folder": "source",
        "categories": { "addiction-care": {
            "file": "clients.csv", "id_column": "client",
            "columns": {
                "family_name": "/person/familyName",
                "geboortedatum": { "to": "/person/birthDate", "type": "date" },
                "status": "/treatment/status",
                "started": "/treatment/startedOn",
            },
        } },
    }]))
}

/// `DD-MM-YYYY`.
fn day_first(date: &str) -> String {
    format!("{}-{}-{}", &date[8..], &date[5..7], &date[..4])
}

/// `YYYY-MM` where the day is unknown.
fn without_unknown(date: &str) -> &str {
    date.trim_end_matches("-00")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_each_partner_does() {
        assert_eq!(day_first("2011-03-04"), "04-03-2011");
        assert_eq!(day_first("2010-05-00"), "00-05-2010");
        assert_eq!(without_unknown("2010-05-00"), "2010-05");
        assert_eq!(without_unknown("2011-03-04"), "2011-03-04");
    }
}

//! Partners that have a database: SQLite at the municipality, PostgreSQL at the health service where there is one.

use std::fmt::Write as _;
use std::path::Path;

use kw_adapter_sql::workbench;
use serde_json::{Value, json};

use crate::DemoError;
use crate::databases::Databases;
use crate::people::{Holder, People};

pub(super) fn municipality(people: &People, folder: &Path) -> Result<Value, DemoError> {
    let mut script = String::from(
        "CREATE TABLE residents (id INTEGER PRIMARY KEY, bsn TEXT NOT NULL UNIQUE, given_name TEXT NOT NULL,
             family_name TEXT NOT NULL, birth_date TEXT, street TEXT, postcode TEXT, city TEXT);
         CREATE TABLE provisions (id INTEGER PRIMARY KEY, resident INTEGER NOT NULL REFERENCES residents (id),
             kind TEXT NOT NULL, decided_on TEXT NOT NULL, ends_on TEXT NOT NULL, consultant TEXT NOT NULL);\n",
    );
    for (at, person) in people.known_to(Holder::Municipality).enumerate() {
        let kind = ["leerlingenvervoer", "dagbesteding", "maatschappelijke ondersteuning"][at % 3];
        // Writing to a string cannot fail.
        let _ = writeln!(
            script,
            "INSERT INTO residents VALUES ({at}, {}, {}, {}, {}, {}, {}, {});
             INSERT INTO provisions VALUES ({}, {at}, {}, '2025-08-20', '2026-12-31', 'M. Postma');",
            literal(person.bsn.expose()),
            literal(person.given_name),
            literal(person.family_name),
            literal(&person.birth_date),
            literal(&person.street),
            literal(&person.postcode),
            literal(person.town),
            at + 1000,
            literal(kind),
        );
    }
    let path = folder.join("provisions.db");
    workbench::make_sqlite(&path, &script)?;
    Ok(json!([{
        "name": "provisions", "kind": "sql",
        "url": format!("sqlite://{}", path.display()),
        "categories": { "municipal-support": {
            "list": "SELECT p.id AS record, r.bsn, r.birth_date FROM provisions p JOIN residents r ON r.id = p.resident \
                     WHERE :after_record IS NULL OR p.id > CAST(:after_record AS INTEGER) ORDER BY p.id LIMIT :limit",
            "fetch": "SELECT r.bsn, r.given_name, r.family_name, r.birth_date, r.street, r.postcode, r.city, p.kind, \
                      p.decided_on, p.ends_on, p.consultant \
                      FROM provisions p JOIN residents r ON r.id = p.resident WHERE p.id = CAST(:record AS INTEGER)",
            "columns": {
                "given_name": "/person/givenName",
                "family_name": "/person/familyName",
                "birth_date": { "to": "/person/birthDate", "type": "date" },
                "street": "/person/address/street",
                "postcode": "/person/address/postcode",
                "city": "/person/address/city",
                "kind": "/support/kind",
                "decided_on": "/support/decidedOn",
                "ends_on": "/support/endsOn",
                "consultant": "/support/consultant",
            },
        } },
    }]))
}

/// One table that keeps documents as JSON, as newer systems do.
pub(super) async fn health(
    people: &People,
    folder: &Path,
    databases: &Databases,
) -> Result<Value, DemoError> {
    let mut script = String::from(
        "CREATE TABLE clients (id INTEGER PRIMARY KEY, bsn TEXT NOT NULL UNIQUE, birth_date TEXT, document TEXT NOT NULL);\n",
    );
    let main = &people.main().bsn;
    for (at, person) in people.known_to(Holder::Health).enumerate() {
        // The family moved, and the health service does not know yet: a difference to be seen.
        let city = if person.bsn == *main { "Oud-Demo" } else { person.town };
        let birth_date = person.birth_date.trim_end_matches("-00");
        let document = json!({
            "person": { "givenName": person.given_name, "familyName": person.family_name, "birthDate": birth_date,
                        "address": { "city": city } },
            "contact": { "phone": person.phone },
            "care": { "lastContactOn": "2026-01-12", "nextContactOn": "2026-11-09", "doctor": "dr. A. Bouwman" },
        });
        let _ = writeln!(
            script,
            "INSERT INTO clients VALUES ({at}, {}, {}, {});",
            literal(person.bsn.expose()),
            literal(&person.birth_date),
            literal(&document.to_string()),
        );
    }
    let mut source = json!({
        "name": "clients", "kind": "sql",
        "categories": { "youth-health": {
            "list": "SELECT id AS record, bsn, birth_date FROM clients \
                     WHERE :after_record IS NULL OR id > CAST(:after_record AS INTEGER) ORDER BY id LIMIT :limit",
            "fetch": "SELECT bsn, birth_date, document FROM clients WHERE id = CAST(:record AS INTEGER)",
        } },
    });
    for (setting, value) in databases.source("youth-health", &script, folder).await? {
        source[setting] = value;
    }
    Ok(json!([source]))
}

/// A text in SQL.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

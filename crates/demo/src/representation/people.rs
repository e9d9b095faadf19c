//! The people of the story, with test numbers.

use std::fmt::Write as _;
use std::path::Path;

use chrono::Datelike as _;
use kw_domain::{Bsn, Clock as _, SystemClock};
use serde_json::{Value, json};

use crate::DemoError;
use crate::files::{make_folder, write};
use crate::people::People;

/// Somebody in the story.
#[derive(Clone)]
pub(super) struct Actor {
    /// The name of their account, and what others call them.
    pub(super) name: &'static str,
    pub(super) bsn: Bsn,
    /// `YYYY-MM-DD`.
    pub(super) born: String,
}

impl std::fmt::Debug for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// A mother with twins; a boy of 16 or 17 and his grandmother.
#[derive(Debug, Clone)]
pub(super) struct Cast {
    pub(super) eva: Actor,
    pub(super) noor: Actor,
    pub(super) sem: Actor,
    pub(super) daan: Actor,
    pub(super) riet: Actor,
}

impl Cast {
    /// Ages hold whenever the story is played.
    pub(super) fn make() -> Self {
        let year = SystemClock.now().date().year();
        let people = People::make(40).all;
        let mut numbers = people.into_iter().map(|person| person.bsn).skip(20);
        let mut actor = |name, born: String| Actor {
            name,
            #[expect(clippy::expect_used, reason = "forty people were made")]
            bsn: numbers.next().expect("there are enough numbers"),
            born,
        };
        Self {
            eva: actor("Eva", format!("{}-02-11", year - 38)),
            noor: actor("Noor", format!("{}-04-05", year - 8)),
            // Born on the same day: nothing but the number tells the two apart.
            sem: actor("Sem", format!("{}-04-05", year - 8)),
            daan: actor("Daan", format!("{}-01-02", year - 17)),
            riet: actor("Riet", format!("{}-09-30", year - 74)),
        }
    }

    pub(super) fn all(&self) -> [&Actor; 5] {
        [&self.eva, &self.noor, &self.sem, &self.daan, &self.riet]
    }

    /// Writes what a holder has about the three young people, and says how its process reads it.
    pub(super) fn write_source(&self, folder: &Path, category: &str) -> Result<Value, DemoError> {
        make_folder(folder)?;
        let mut text = String::from("nummer,bsn,voornaam,achternaam,geboortedatum,toelichting\n");
        for (at, person) in [&self.noor, &self.sem, &self.daan].into_iter().enumerate() {
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "R-{at},{},{},de Vries,{},over {}",
                person.bsn.expose(),
                person.name,
                person.born,
                person.name
            );
        }
        write(&folder.join("records.csv"), text)?;
        let about = if category == "youth-care-plan" { "/plan/kind" } else { "/school/class" };
        Ok(json!([{
            "name": "records", "kind": "files", "folder": "source",
            "categories": { category: {
                "file": "records.csv", "id_column": "nummer",
                "columns": {
                    "voornaam": "/person/givenName",
                    "achternaam": "/person/familyName",
                    "geboortedatum": { "to": "/person/birthDate", "type": "date" },
                    "toelichting": about,
                },
            } },
        }]))
    }
}

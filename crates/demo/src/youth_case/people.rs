//! The young people of the story, with test numbers, and the files that partners have on them.

use std::fmt::Write as _;
use std::path::Path;

use kw_domain::Bsn;
use serde_json::{Value, json};

use crate::DemoError;
use crate::files::{make_folder, write};
use crate::people::{People, Person};

/// A partner of the story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Post {
    /// The name of its folder, and what the story calls it.
    pub(super) name: &'static str,
    pub(super) oin: &'static str,
    pub(super) category: &'static str,
    /// A member of that category's documents that the others do not have.
    own: &'static str,
}

pub(super) const YOUTH_CARE: Post =
    Post { name: "youth-care", oin: "00000099000000011000", category: "youth-care-plan", own: "/plan/kind" };
pub(super) const SCHOOL: Post =
    Post { name: "school", oin: "00000099000000012000", category: "school-attendance", own: "/school/class" };
pub(super) const MUNICIPALITY: Post = Post {
    name: "municipality",
    oin: "00000099000000013000",
    category: "municipal-support",
    own: "/support/kind",
};
pub(super) const HEALTH: Post = Post {
    name: "health-service",
    oin: "00000099000000014000",
    category: "youth-health",
    own: "/care/doctor",
};
pub(super) const POSTS: [Post; 4] = [YOUTH_CARE, SCHOOL, MUNICIPALITY, HEALTH];

/// Two young people: the story is about one of them.
#[derive(Debug)]
pub(super) struct Cast {
    people: People,
}

impl Cast {
    pub(super) fn make() -> Self {
        Self { people: People::make(People::FEWEST) }
    }

    /// Whom it is about.
    pub(super) fn sanne(&self) -> &Person {
        self.people.main()
    }

    /// Somebody whom only the municipality and the health service know, from before: their match is not hers.
    pub(super) fn bram(&self) -> &Person {
        self.people.second()
    }

    pub(super) fn subject(&self) -> String {
        subject(&self.sanne().bsn)
    }
}

fn subject(bsn: &Bsn) -> String {
    format!("nl.bsn:{}", bsn.expose())
}

/// What one partner has in its file.
pub(super) struct Row<'a> {
    pub(super) person: &'a Person,
    pub(super) phone: &'a str,
    pub(super) own: &'a str,
}

/// Writes the file of a partner anew.
pub(super) fn write_file(folder: &Path, rows: &[Row<'_>]) -> Result<(), DemoError> {
    make_folder(folder)?;
    let mut text = String::from("nummer,bsn,voornaam,achternaam,geboortedatum,telefoon,eigen\n");
    for Row { person, phone, own } in rows {
        // Writing to a string cannot fail. The key of a record is the person's place in the story, not in the file.
        let _ = writeln!(
            text,
            "D-{},{},{},{},{},{phone},{own}",
            person.given_name.len(),
            person.bsn.expose(),
            person.given_name,
            person.family_name,
            person.birth_date,
        );
    }
    write(&folder.join("dossiers.csv"), text)
}

/// How the partner's process reads that file.
pub(super) fn sources(post: Post) -> Value {
    json!([{
        "name": "dossiers", "kind": "files", "folder": "source",
        "categories": { post.category: {
            "file": "dossiers.csv", "id_column": "nummer",
            "columns": {
                "voornaam": "/person/givenName",
                "achternaam": "/person/familyName",
                "geboortedatum": { "to": "/person/birthDate", "type": "date" },
                "telefoon": "/contact/phone",
                "eigen": post.own,
            },
        } },
    }])
}

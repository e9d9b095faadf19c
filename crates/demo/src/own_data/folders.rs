//! What stands in the folders: which partners, which people, which rows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use kw_adapter::mapping::RecordKey;
use kw_adapter::source::{Change, Source as _};
use kw_adapter_files::{Discovered, FilesConfig, FilesSource, GenericColumns};
use kw_domain::{Bsn, Category, Oin, SourceName, Subject, SystemClock};
use kw_protocol::local::RowRefusal;
use kw_runtime::Entropy;
use serde_json::{Map, Value, json};

use crate::chain::PartnerPlan;
use crate::report::{PartnerRefusal, Rows};
use crate::{DemoError, OwnData};

/// Everything that was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) partners: Vec<DataPartner>,
    /// Who is known to which partners, by their place in the list.
    pub(super) people: BTreeMap<Bsn, BTreeSet<usize>>,
    pub(super) rows: Rows,
}

/// One folder.
#[derive(Debug)]
pub(super) struct DataPartner {
    /// The folder's name, for people.
    pub(super) title: String,
    /// The same, for files and certificates.
    pub(super) name: String,
    pub(super) oin: Oin,
    pub(super) config: FilesConfig,
    pub(super) people: u64,
    /// Members with a plain value at the top of the documents of a category, by their pointers.
    pub(super) attributes: BTreeMap<Category, BTreeSet<String>>,
}

impl Found {
    /// Reads every folder in the folder.
    pub(super) async fn read(own: &OwnData) -> Result<Self, DemoError> {
        let unreadable = |source| DemoError::file(&own.folder, source);
        let mut folders = Vec::new();
        for entry in fs::read_dir(&own.folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
            if path.is_dir() && !hidden {
                folders.push(path.canonicalize().map_err(unreadable)?);
            }
        }
        folders.sort();
        let mut found = Self { partners: Vec::new(), people: BTreeMap::new(), rows: Rows::default() };
        for folder in folders {
            found.add(folder, own).await?;
        }
        if found.partners.is_empty() {
            return Err(DemoError::NoData { path: own.folder.clone() });
        }
        Ok(found)
    }

    /// Whom most partners know; the first of them by number where several are known to as many.
    pub(super) fn known_to_most(&self) -> Option<Bsn> {
        let most = self.people.values().map(BTreeSet::len).max()?;
        self.people.iter().find(|(_, partners)| partners.len() == most).map(|(bsn, _)| bsn.clone())
    }

    pub(super) fn partners_that_know(&self, bsn: &Bsn) -> usize {
        self.people.get(bsn).map_or(0, BTreeSet::len)
    }

    pub(super) fn somebody_else(&self, bsn: &Bsn) -> Option<Bsn> {
        self.people.keys().find(|other| *other != bsn).cloned()
    }

    /// A test number that stands in no row; none where all of them do.
    pub(super) fn unknown_number(&self) -> Option<Bsn> {
        let mut numbers =
            (0..100_000).rev().filter_map(|number| Bsn::parse(&format!("9999{number:05}")).ok());
        numbers.find(|bsn| !self.people.contains_key(bsn))
    }

    async fn add(&mut self, folder: PathBuf, own: &OwnData) -> Result<(), DemoError> {
        let title = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let columns =
            GenericColumns { bsn: own.bsn_column.clone(), birth_date: own.birth_date_column.clone() };
        let Discovered { config, refused } = FilesConfig::discover(&folder, &columns)?;
        let refused = refused.into_iter();
        self.refuse(
            &title,
            0,
            refused.map(|row| RowRefusal { origin: row.origin, row: row.row, reason: row.reason }),
        );
        if config.categories.is_empty() {
            return Ok(());
        }
        let place = self.partners.len();
        let name = SourceName::parse(SOURCE).map_err(|error| DemoError::Agreement(error.to_string()))?;
        let key = RecordKey::new(&Entropy::os().draw());
        let source = FilesSource::new(name, config.clone(), key, Arc::new(SystemClock));
        for file in source.report().await? {
            self.rows.used += file.rows_used;
            let rows = file.refused.into_iter();
            let rows = rows.map(|row| RowRefusal { origin: row.origin, row: row.row, reason: row.reason });
            self.refuse(&title, file.rows_refused, rows);
        }
        let (mut people, mut attributes) = (BTreeSet::new(), BTreeMap::new());
        let mut cursor = None;
        loop {
            let page = source.changes(cursor.as_ref()).await?;
            for change in page.changes {
                let Change::Present(record) = change else { continue };
                let Subject::Bsn(bsn) = record.subject else { continue };
                self.people.entry(bsn.clone()).or_default().insert(place);
                people.insert(bsn);
                let seen: &mut Sampled = attributes.entry(record.category.clone()).or_default();
                if seen.documents < SAMPLE
                    && let Some(document) = source.fetch(&record.category, &record.record).await?
                {
                    seen.add(&document.document);
                }
            }
            cursor = Some(page.cursor);
            if !page.more {
                break;
            }
        }
        let partner = DataPartner {
            name: self.free_name(&title),
            title: shown(&title),
            oin: oin(place)?,
            config,
            people: people.len() as u64,
            attributes: attributes
                .into_iter()
                .map(|(category, sampled)| (category, sampled.pointers))
                .collect(),
        };
        self.partners.push(partner);
        Ok(())
    }

    /// `counted` is how many there are where not all are named.
    fn refuse(&mut self, partner: &str, counted: u64, rows: impl Iterator<Item = RowRefusal>) {
        let before = self.rows.refusals.len();
        self.rows.refusals.extend(rows.map(|row| PartnerRefusal { partner: shown(partner), row }));
        self.rows.refused += counted.max((self.rows.refusals.len() - before) as u64);
    }

    fn free_name(&self, title: &str) -> String {
        let slug = slug(title);
        let taken =
            |name: &str| RESERVED.contains(&name) || self.partners.iter().any(|partner| partner.name == name);
        let mut name = slug.clone();
        let mut number = 1;
        while taken(&name) {
            number += 1;
            name = format!("{slug}-{number}");
        }
        name
    }
}

impl DataPartner {
    /// How its process reads the same files.
    pub(super) fn plan(&self) -> PartnerPlan {
        let categories: Map<String, Value> = self
            .config
            .categories
            .iter()
            .map(|(category, rules)| {
                let mut settings = Map::new();
                for (setting, value) in [
                    ("file", &rules.file),
                    ("bsn_column", &rules.bsn_column),
                    ("birth_date_column", &rules.birth_date_column),
                ] {
                    settings.extend(value.iter().map(|value| (setting.to_owned(), json!(value))));
                }
                (category.to_string(), Value::Object(settings))
            })
            .collect();
        let sources = json!([{
            "name": SOURCE, "kind": "files", "folder": self.config.folder,
            "categories": categories,
        }]);
        PartnerPlan {
            doors: None,
            authorisation: None,
            admits_real_numbers: true,
            name: self.name.clone(),
            oin: self.oin,
            sources,
        }
    }
}

/// What the first documents of a category have in them.
#[derive(Debug, Default)]
struct Sampled {
    documents: usize,
    pointers: BTreeSet<String>,
}

impl Sampled {
    fn add(&mut self, document: &Value) {
        self.documents += 1;
        for (name, value) in document.as_object().into_iter().flatten() {
            if !value.is_object() && !value.is_array() {
                self.pointers.insert(format!("/{}", name.replace('~', "~0").replace('/', "~1")));
            }
        }
    }
}

/// The number of a partner: made up, in the range for tests.
pub(super) fn oin(place: usize) -> Result<Oin, DemoError> {
    Oin::parse(&format!("00000099{:09}000", 100 + place))
        .map_err(|error| DemoError::Agreement(error.to_string()))
}

/// Lower-case letters, digits and single hyphens.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    slug.truncate(40);
    let slug = slug.trim_end_matches('-');
    if slug.starts_with(|c: char| c.is_ascii_lowercase()) { slug.to_owned() } else { format!("p-{slug}") }
}

/// A folder's name as it may be shown: people name folders after the number of a person, too.
fn shown(title: &str) -> String {
    let mut shown = String::new();
    let mut digits = String::new();
    for c in title.chars().chain([' ']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        shown.push_str(if digits.len() >= 7 { "…" } else { &digits });
        digits.clear();
        shown.push(c);
    }
    shown.trim().to_owned()
}

const SOURCE: &str = "files";
/// Names with a meaning of their own among the files of an authority or of a demonstration.
const RESERVED: [&str; 7] = ["asker", "ca", "crl", "index", "issuing", "pseudonymiser", "switchboard"];
/// Documents that are looked at for values that several partners have.
const SAMPLE: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn own(folder: &std::path::Path) -> OwnData {
        OwnData { folder: folder.to_owned(), bsn_column: None, birth_date_column: None, bsn: None }
    }

    #[tokio::test]
    async fn folders_become_partners_and_rows_are_accounted_for() {
        let data = tempfile::tempdir().unwrap();
        for (folder, file, text) in [
            (
                "School De Linde",
                "leerlingen.csv",
                "bsn;naam\n999990342;Anna\n111222333;Real\n999990343;Wrong\n",
            ),
            ("jeugdzorg", "dossiers.json", "[{\"burgerservicenummer\":\"999990342\",\"naam\":\"A.\"}]"),
            ("leeg", "readme.md", "x"),
        ] {
            fs::create_dir_all(data.path().join(folder)).unwrap();
            fs::write(data.path().join(folder).join(file), text).unwrap();
        }
        let found = Found::read(&own(data.path())).await.unwrap();
        let names: Vec<_> = found.partners.iter().map(|partner| partner.name.as_str()).collect();
        assert_eq!(names, ["school-de-linde", "jeugdzorg"]);
        assert_eq!(found.known_to_most().unwrap().expose(), "999990342");
        assert_eq!((found.rows.used, found.rows.refused), (3, 1));
        let rows: Vec<_> = found.rows.refusals.iter().map(|refusal| refusal.row.row).collect();
        assert_eq!(rows, [Some(4)]);
        let told = format!("{:?}", found.rows);
        assert!(told.contains("11-proef") && !told.contains("99999034"));
        let pointers: Vec<_> = found.partners[0].attributes.values().flatten().collect();
        assert_eq!(pointers, ["/naam"]);
    }

    #[tokio::test]
    async fn a_folder_without_data_is_refused() {
        let data = tempfile::tempdir().unwrap();
        assert!(matches!(Found::read(&own(data.path())).await, Err(DemoError::NoData { .. })));
    }

    #[test]
    fn names_are_fit_for_files_and_show_nobodys_number() {
        assert_eq!(slug("GGD Hart & Ziel (2024)"), "ggd-hart-ziel-2024");
        assert_eq!(slug("2024"), "p-2024");
        assert_eq!(slug("éé"), "p-");
        assert_eq!(shown("School 999990342 x"), "School … x");
        assert_eq!(shown("School 2024"), "School 2024");
    }
}

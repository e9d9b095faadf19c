//! What an operator writes about a folder of files.

use std::collections::BTreeMap;
use std::path::PathBuf;

use kw_adapter::mapping::Columns;
pub use kw_adapter::mapping::Combining;
use kw_domain::Category;
use serde::Deserialize;

use crate::folder::file_name;

/// A folder with one file per category.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilesConfig {
    /// The folder. Symbolic links that leave it are not followed.
    pub folder: PathBuf,
    /// The largest file that is read, in bytes.
    #[serde(default = "FilesConfig::usual_file_bytes")]
    pub max_file_bytes: u64,
    /// The largest row that is used, in bytes.
    #[serde(default = "FilesConfig::usual_row_bytes")]
    pub max_row_bytes: usize,
    /// The most rows that a file may have.
    #[serde(default = "FilesConfig::usual_rows")]
    pub max_rows: usize,
    /// The categories, and how their files are read.
    pub categories: BTreeMap<Category, FileRules>,
}

/// How the file of one category is read. Everything has a usual value.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileRules {
    /// The file's name in the folder; usually `<category>` with `.csv`, `.tsv`, `.txt`, `.json`, `.ndjson` or `.jsonl`.
    pub file: Option<String>,
    /// The format; usually told by the extension.
    pub format: Option<FileFormat>,
    /// What stands between the fields; usually found by looking at the first rows.
    pub delimiter: Option<char>,
    /// The encoding's name as on the web (`utf-8`, `windows-1252`, `utf-16le`); usually found by looking.
    pub encoding: Option<String>,
    /// The column with the BSN (in JSON files also a pointer such as `/person/bsn`); usually `bsn` or
    /// `burgerservicenummer`.
    pub bsn_column: Option<String>,
    /// The column with the birth date; usually one called `geboortedatum`, `birthDate` or alike.
    pub birth_date_column: Option<String>,
    /// The column with the record's own key. Without it, all rows about one person are one record.
    pub id_column: Option<String>,
    /// The column that says what the row is true as of; without it, the moment the file was written.
    pub as_of_column: Option<String>,
    /// The column that lists JSON pointers to values under investigation.
    pub under_investigation_column: Option<String>,
    /// The columns that go into the document; without it, all but those that hold a BSN.
    pub columns: Option<Columns>,
    /// When the rows of a record stand in a list.
    pub rows: Combining,
}

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileFormat {
    /// Fields with a delimiter and a header row.
    Csv,
    /// One list of objects, by itself or as the only list in an object; or a single object.
    Json,
    /// One object per line.
    Ndjson,
}

impl FilesConfig {
    /// The categories whose file is not there now.
    pub fn absent(&self) -> Vec<&Category> {
        let is_absent = |(category, rules): &(&Category, &FileRules)| {
            let name = file_name(&self.folder, category.as_str(), rules.file.as_deref());
            name.is_err() || name.is_ok_and(|name| !self.folder.join(name).is_file())
        };
        self.categories.iter().filter(is_absent).map(|(category, _)| category).collect()
    }

    /// A folder with the usual bounds and no categories yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            max_file_bytes: Self::usual_file_bytes(),
            max_row_bytes: Self::usual_row_bytes(),
            max_rows: Self::usual_rows(),
            categories: BTreeMap::new(),
        }
    }

    fn usual_file_bytes() -> u64 {
        256 * 1024 * 1024
    }

    fn usual_row_bytes() -> usize {
        1024 * 1024
    }

    fn usual_rows() -> usize {
        1_000_000
    }
}

impl FileFormat {
    /// The extensions that tell a format, in lower case.
    pub(crate) const EXTENSIONS: [(&str, Self); 6] = [
        ("csv", Self::Csv),
        ("tsv", Self::Csv),
        ("txt", Self::Csv),
        ("json", Self::Json),
        ("ndjson", Self::Ndjson),
        ("jsonl", Self::Ndjson),
    ];

    /// The format of a file of this name.
    pub(crate) fn of(file: &str) -> Option<Self> {
        let (_, extension) = file.rsplit_once('.')?;
        Self::EXTENSIONS
            .iter()
            .find(|(known, _)| extension.eq_ignore_ascii_case(known))
            .map(|(_, format)| *format)
    }
}

//! A folder of which nothing is known beforehand: every file in it is a category.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use kw_adapter::{RefusedRow, SourceError};
use kw_domain::Category;

use crate::config::{FileFormat, FileRules, FilesConfig};

/// Columns that all files of a folder may have, where they are not called as usual.
#[derive(Debug, Clone, Default)]
pub struct GenericColumns {
    /// The column with the BSN.
    pub bsn: Option<String>,
    /// The column with the birth date.
    pub birth_date: Option<String>,
}

/// What was found in a folder.
#[derive(Debug)]
pub struct Discovered {
    /// How to read what can be read.
    pub config: FilesConfig,
    /// The files that cannot be read, and why.
    pub refused: Vec<RefusedRow>,
}

impl FilesConfig {
    /// Looks at the files of a folder. Each becomes a category that is called after the file, in kebab case.
    pub fn discover(folder: &Path, columns: &GenericColumns) -> Result<Discovered, SourceError> {
        let unreadable = |_| {
            SourceError::Unavailable(
                "the folder cannot be read: check that it exists and may be read".to_owned(),
            )
        };
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            if let Ok(name) = entry.map_err(unreadable)?.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort();
        let mut config = Self::new(folder);
        let mut refused = Vec::new();
        let mut files: BTreeMap<Category, String> = BTreeMap::new();
        for name in names.into_iter().filter(|name| !name.starts_with(['.', '~'])) {
            let mut refuse = |reason: &str| {
                refused.push(RefusedRow {
                    origin: shown_name(&name),
                    row: None,
                    reason: reason.to_owned(),
                    record: None,
                });
            };
            if FileFormat::of(&name).is_none() {
                if is_spreadsheet(&name) {
                    refuse("this is a spreadsheet: save it as CSV");
                }
                continue;
            }
            let category = category_of(&name)?;
            if files.contains_key(&category) {
                refuse(
                    "another file has the same name but for its extension, capitals or numbers: rename one",
                );
                continue;
            }
            files.insert(category, name);
        }
        for (category, name) in files {
            let rules = FileRules {
                file: Some(name),
                bsn_column: columns.bsn.clone(),
                birth_date_column: columns.birth_date.clone(),
                ..FileRules::default()
            };
            config.categories.insert(category, rules);
        }
        Ok(Discovered { config, refused })
    }
}

/// The name of a file as it may be shown: people name files after the number of a person.
pub(crate) fn shown_name(name: &str) -> String {
    replace_long_numbers(name, "…")
}

fn category_of(file: &str) -> Result<Category, SourceError> {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let mut words = String::new();
    for c in replace_long_numbers(stem, " ").chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => words.push(c),
            'é' | 'è' | 'ë' | 'ê' => words.push('e'),
            'á' | 'à' | 'ä' => words.push('a'),
            'ó' | 'ò' | 'ö' => words.push('o'),
            'ï' | 'í' => words.push('i'),
            'ü' | 'ú' => words.push('u'),
            _ if words.ends_with('-') => {}
            _ => words.push('-'),
        }
    }
    let words = words.trim_start_matches(|c: char| !c.is_ascii_lowercase());
    let words = words[..words.len().min(64)].trim_end_matches('-');
    Category::parse(if words.is_empty() { "bestand" } else { words })
        .map_err(|error| SourceError::Configuration(error.to_string()))
}

fn is_spreadsheet(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    extension
        .is_some_and(|extension| matches!(extension.as_str(), "xls" | "xlsx" | "xlsm" | "ods" | "numbers"))
}

/// Replaces every run of seven digits or more, which may be (part of) somebody's number.
fn replace_long_numbers(text: &str, by: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let run = rest[start..].bytes().take_while(u8::is_ascii_digit).count();
        result.push_str(&rest[..start]);
        result.push_str(if run >= 7 { by } else { &rest[start..start + run] });
        rest = &rest[start + run..];
    }
    result + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_is_called_after_its_file_without_anybodys_number() {
        for (file, category) in [
            ("youth-care.csv", "youth-care"),
            ("Leerlingen 2024 (def).CSV", "leerlingen-2024-def"),
            ("export_20240101.csv", "export"),
            ("999990342.json", "bestand"),
            ("Jeugdgezondheid café.txt", "jeugdgezondheid-cafe"),
            ("2024.csv", "bestand"),
        ] {
            assert_eq!(category_of(file).unwrap().as_str(), category, "{file}");
        }
        assert_eq!(shown_name("999990342 x.json"), "… x.json");
    }
}

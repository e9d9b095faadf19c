//! Which column is what.

use kw_adapter::LocalId;
use kw_adapter::mapping::{
    Columns, Combining, RecordKey, RowFault, SourceRow, cell, leave_out, leave_out_bsns, read_birth_date,
    read_subject, text_of,
};
use kw_domain::{Category, Subject};
use serde_json::{Map, Value};

use crate::config::FileRules;

/// The columns that mean something, by their names in the file.
#[derive(Debug, Clone)]
pub(crate) struct Roles {
    bsn: Vec<String>,
    birth_date: Vec<String>,
    id: Option<String>,
    as_of: Option<String>,
    under_investigation: Option<String>,
    columns: Option<Columns>,
    pub(crate) combining: Combining,
}

/// A row that cannot be used, and what could be told of it all the same.
pub(crate) struct Unusable {
    pub(crate) fault: RowFault,
    /// Which record it is.
    pub(crate) record: Option<LocalId>,
    /// The record's own key.
    pub(crate) own: Option<String>,
}

/// A row of which everything is known that makes it part of a record.
pub(crate) struct UsableRow {
    pub(crate) record: LocalId,
    /// The record's own key, if the file has a column for it.
    pub(crate) own: Option<String>,
    pub(crate) subject: Subject,
    pub(crate) row: SourceRow,
}

impl Roles {
    /// Finds the columns in a header. `Err` says what is wrong with the file, in words of the configuration only: the
    /// first row of a file without a header holds values.
    pub(crate) fn of_header(rules: &FileRules, header: &[String]) -> Result<Self, String> {
        let find = |wanted: &str| {
            let exact = header.iter().find(|name| *name == wanted);
            exact
                .or_else(|| header.iter().find(|name| name.eq_ignore_ascii_case(wanted)))
                .cloned()
                .ok_or_else(|| {
                    format!("the file has no column {wanted:?}: correct the header row or the configuration")
                })
        };
        let guess = |is: fn(&str) -> bool, what: &str, setting: &str| {
            let mut found = header.iter().filter(|name| is(name));
            match (found.next(), found.next()) {
                (found, None) => Ok(found.cloned()),
                _ => Err(format!("more than one column may be {what}: name the right one with `{setting}`")),
            }
        };
        let bsn = match &rules.bsn_column {
            Some(wanted) => find(wanted)?,
            None => guess(is_bsn, "the BSN", "bsn_column")?.ok_or(
                "the file has no column `bsn` or `burgerservicenummer`: name it in the header row, or with `bsn_column`",
            )?,
        };
        let birth_date = match &rules.birth_date_column {
            Some(wanted) => Some(find(wanted)?),
            None => match guess(is_birth_date, "the birth date", "birth_date_column")? {
                Some(found) => Some(found),
                None => guess(begins_as_birth_date, "the birth date", "birth_date_column")?,
            },
        };
        for column in rules.columns.iter().flat_map(Columns::names) {
            if !header.iter().any(|name| name == column) {
                find(column)?;
                return Err(format!("column {column:?} is written with other capitals in the file"));
            }
        }
        Ok(Self {
            bsn: vec![bsn],
            birth_date: birth_date.into_iter().collect(),
            id: rules.id_column.as_deref().map(find).transpose()?,
            as_of: rules.as_of_column.as_deref().map(find).transpose()?,
            under_investigation: rules.under_investigation_column.as_deref().map(find).transpose()?,
            columns: rules.columns.clone(),
            combining: rules.rows,
        })
    }

    /// The columns of JSON objects, which each have their own set of members.
    pub(crate) fn of_objects(rules: &FileRules) -> Self {
        Self {
            bsn: rules.bsn_column.iter().cloned().collect(),
            birth_date: rules.birth_date_column.iter().cloned().collect(),
            id: rules.id_column.clone(),
            as_of: rules.as_of_column.clone(),
            under_investigation: rules.under_investigation_column.clone(),
            columns: rules.columns.clone(),
            combining: rules.rows,
        }
    }

    /// The columns of the BSN and the birth date.
    pub(crate) fn found(&self) -> (Option<String>, Option<String>) {
        (self.bsn.first().cloned(), self.birth_date.first().cloned())
    }

    /// Reads a row.
    pub(crate) fn read(
        &self,
        row: &Map<String, Value>,
        category: &Category,
        key: &RecordKey,
    ) -> Result<UsableRow, Unusable> {
        // Which record it is comes first, for a row that cannot be used is still there.
        let own = self.id.as_deref().and_then(|column| cell(row, column)).and_then(text_of);
        let of_nobody = |fault| Unusable { fault, record: None, own: own.clone() };
        let subject = self.subject(row).map_err(of_nobody)?;
        if self.id.is_some() && own.is_none() {
            return Err(of_nobody(RowFault::KeyMissing));
        }
        let record = key.local_id(category.as_str(), own.as_deref(), &subject).map_err(of_nobody)?;
        match self.content(row) {
            Ok(content) => Ok(UsableRow { record, own, subject, row: content }),
            Err(fault) => Err(Unusable { fault, record: Some(record), own }),
        }
    }

    fn subject(&self, row: &Map<String, Value>) -> Result<Subject, RowFault> {
        let subject = read_subject(value(row, &self.bsn, is_bsn).ok_or(RowFault::BsnMissing)?)?;
        if self.bsn.is_empty() {
            let others = row.keys().filter(|name| is_bsn(name)).filter_map(|name| cell(row, name));
            if others.map(read_subject).any(|other| other.as_ref() != Ok(&subject)) {
                return Err(RowFault::SubjectUnclear);
            }
        }
        Ok(subject)
    }

    fn content(&self, row: &Map<String, Value>) -> Result<SourceRow, RowFault> {
        let birth_date = match value(row, &self.birth_date, is_birth_date) {
            Some(value) => read_birth_date(value)?,
            None => None,
        };
        let optional = |column: &Option<String>| column.as_deref().and_then(|column| cell(row, column));
        let document = match &self.columns {
            Some(columns) => columns.document(row)?,
            None => self.pass_through(row),
        };
        Ok(SourceRow {
            document,
            birth_date,
            as_of: optional(&self.as_of).map(SourceRow::read_as_of).transpose()?,
            under_investigation: optional(&self.under_investigation)
                .map(SourceRow::read_under_investigation)
                .transpose()?
                .unwrap_or_default(),
        })
    }

    fn pass_through(&self, row: &Map<String, Value>) -> Map<String, Value> {
        let control = [&self.as_of, &self.under_investigation];
        let mut document = row.clone();
        document.retain(|name, value| {
            let blank = value.as_str().is_some_and(|text| text.trim().is_empty());
            !blank && !self.bsn.contains(name) && !control.iter().any(|column| column.as_ref() == Some(name))
        });
        for pointer in self.bsn.iter().filter(|column| column.starts_with('/')) {
            leave_out(&mut document, pointer);
        }
        leave_out_bsns(&mut document);
        document
    }
}

fn value<'a>(row: &'a Map<String, Value>, named: &[String], is: fn(&str) -> bool) -> Option<&'a Value> {
    match named {
        [] => row.keys().filter(|name| is(name)).find_map(|name| cell(row, name)),
        names => names.iter().find_map(|name| cell(row, name)),
    }
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn is_bsn(name: &str) -> bool {
    matches!(plain(name).as_str(), "bsn" | "burgerservicenummer" | "bsnnummer")
}

fn is_birth_date(name: &str) -> bool {
    matches!(plain(name).as_str(), "geboortedatum" | "birthdate" | "gebdatum" | "dateofbirth")
}

fn begins_as_birth_date(name: &str) -> bool {
    plain(name).starts_with("geboortedatum")
}

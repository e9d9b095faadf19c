//! What a file holds: which records, and where their rows stand.

use std::collections::{HashMap, HashSet};

use kw_adapter::mapping::{Combined, RecordKey, RowFault, SourceRow, combine, finer_birth_date};
use kw_adapter::{LocalId, RefusedRow};
use kw_domain::{BirthDate, Category, Subject};
use serde_json::{Map, Value};

use crate::config::{FileFormat, FileRules, FilesConfig};
use crate::delimited::Delimited;
use crate::encoding::decode;
use crate::json;
use crate::roles::{Roles, Unusable, UsableRow};

/// The most rows of a file that are named as refused; the rest are counted.
pub(crate) const NAMED_REFUSALS: usize = 1000;

/// Where a row stands in the text of its file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) start: u64,
    pub(crate) len: usize,
    /// The line as an editor counts, from 1.
    pub(crate) line: u64,
}

/// A row as it came from the file.
pub(crate) struct RawRow {
    pub(crate) span: Span,
    pub(crate) content: Result<Map<String, Value>, Trouble>,
}

/// What is wrong with a row.
#[derive(Debug)]
pub(crate) struct Trouble {
    /// Without any value from the row.
    pub(crate) reason: String,
    /// Whether records may stand in the row that nobody can see, so that nothing may be concluded from their absence.
    pub(crate) hides_records: bool,
}

/// A record of the file.
pub(crate) struct Entry {
    pub(crate) record: LocalId,
    pub(crate) subject: Subject,
    pub(crate) birth_date: Option<BirthDate>,
    pub(crate) rows: Vec<Span>,
}

/// Everything known about a file's content.
pub(crate) struct Index {
    /// BLAKE3 of the bytes of the file.
    pub(crate) content: [u8; 32],
    /// The records, in the order of their keys: rows that move change nothing.
    pub(crate) entries: Vec<Entry>,
    pub(crate) rows_used: u64,
    pub(crate) rows_refused: u64,
    /// The first refused rows.
    pub(crate) refused: Vec<RefusedRow>,
    unusable: Unreadable,
    /// Whether a record that is not among the entries is gone.
    pub(crate) whole: bool,
    /// Where byte 0 of the text stands in the file; `None` when the text had to be converted.
    pub(crate) offset: Option<u64>,
    roles: Roles,
    header: Option<Delimited>,
}

/// What is known of rows that cannot be used.
#[derive(Default)]
struct Unreadable {
    /// The records that they are.
    records: HashSet<LocalId>,
    /// The records' own keys, where it is not known whom they are about.
    own: HashSet<String>,
}

/// What a file is read with.
pub(crate) struct Reading<'a> {
    pub(crate) config: &'a FilesConfig,
    pub(crate) rules: &'a FileRules,
    pub(crate) category: &'a Category,
    pub(crate) origin: &'a str,
    pub(crate) format: FileFormat,
    pub(crate) key: &'a RecordKey,
}

impl Index {
    /// Reads a file. `Err` says why nothing in it can be used.
    pub(crate) fn build(reading: &Reading<'_>, bytes: &[u8]) -> Result<Self, String> {
        let decoded = decode(bytes, reading.rules.encoding.as_deref())?;
        let text = decoded.text.as_ref();
        let mut gathering = Gathering::new(reading);
        let (roles, header) = match reading.format {
            FileFormat::Csv => {
                let (header, from) = Delimited::of(text, reading.rules.delimiter)?;
                let roles = Roles::of_header(reading.rules, &header.header)?;
                header.each_row(text, from, |raw| gathering.take(&roles, raw));
                (roles, Some(header))
            }
            FileFormat::Json => {
                let roles = Roles::of_objects(reading.rules);
                json::each_element(text, |raw| gathering.take(&roles, raw))?;
                (roles, None)
            }
            FileFormat::Ndjson => {
                let roles = Roles::of_objects(reading.rules);
                json::each_line(text, |raw| gathering.take(&roles, raw));
                (roles, None)
            }
        };
        if gathering.rows > reading.config.max_rows {
            return Err(format!(
                "the file has more than {} rows: split it, or raise max_rows",
                reading.config.max_rows
            ));
        }
        let Gathered { entries, rows_used, rows_refused, refused, unusable, whole } = gathering.finish();
        Ok(Self {
            content: *blake3::hash(bytes).as_bytes(),
            entries,
            rows_used,
            rows_refused,
            refused,
            unusable,
            whole,
            offset: decoded.offset,
            roles,
            header,
        })
    }

    /// The columns of a table that hold the BSN and the birth date; `None` for objects, which each have their own members.
    pub(crate) fn columns_found(&self) -> Option<(Option<String>, Option<String>)> {
        self.header.as_ref().map(|_| self.roles.found())
    }

    /// The names of the columns of a table; none of objects.
    pub(crate) fn header(&self) -> &[String] {
        self.header.as_ref().map(|header| header.header.as_slice()).unwrap_or_default()
    }

    /// The record of that key.
    pub(crate) fn find(&self, record: &LocalId) -> Option<&Entry> {
        self.entries.binary_search_by(|entry| entry.record.cmp(record)).ok().map(|at| &self.entries[at])
    }

    /// Whether a record that is not among the entries may be a row that cannot be used.
    pub(crate) fn may_hide(&self, record: &LocalId) -> bool {
        let of_own_key = || RecordKey::own_part(record).is_some_and(|own| self.unusable.own.contains(own));
        !self.whole || self.unusable.records.contains(record) || of_own_key()
    }

    /// Reads a row of `entry` again; `None` when it is not a row of that record any more.
    pub(crate) fn read_again(&self, entry: &Entry, text: &str, reading: &Reading<'_>) -> Option<SourceRow> {
        let row = match &self.header {
            Some(header) => header.parse(text),
            None => json::parse(text),
        };
        let usable = self.roles.read(&row.ok()?, reading.category, reading.key).ok()?;
        (usable.record == entry.record).then_some(usable.row)
    }

    /// The texts of the rows of `entry` out of the bytes of the whole file.
    pub(crate) fn texts_in(bytes: &[u8], rules: &FileRules, entry: &Entry) -> Option<Vec<String>> {
        let text = decode(bytes, rules.encoding.as_deref()).ok()?.text;
        let row = |span: &Span| {
            let start = usize::try_from(span.start).ok()?;
            text.get(start..start + span.len).map(str::to_owned)
        };
        entry.rows.iter().map(row).collect()
    }

    /// The rows of a record as one.
    pub(crate) fn combine(&self, rows: Vec<SourceRow>) -> Result<Combined, RowFault> {
        combine(rows, self.roles.combining)
    }
}

/// The rows of a file on their way to being records.
struct Gathering<'a> {
    reading: &'a Reading<'a>,
    rows: usize,
    groups: Vec<Group>,
    /// Groups by the record's own key, or by the record's key where rows of one person are one record.
    known: HashMap<Box<str>, usize>,
    refusals: Refusals<'a>,
    whole: bool,
}

struct Group {
    entry: Entry,
    fault: Option<RowFault>,
    /// Rows with the same own key that are about others.
    others: Vec<(Span, LocalId)>,
}

struct Gathered {
    entries: Vec<Entry>,
    rows_used: u64,
    rows_refused: u64,
    refused: Vec<RefusedRow>,
    unusable: Unreadable,
    whole: bool,
}

struct Refusals<'a> {
    origin: &'a str,
    category: &'a Category,
    rows: Vec<(u64, String, Option<LocalId>)>,
    count: u64,
    unusable: Unreadable,
    /// A row that is not named is of a record that can be told.
    unnamed: bool,
}

impl<'a> Gathering<'a> {
    fn new(reading: &'a Reading<'a>) -> Self {
        let refusals = Refusals {
            origin: reading.origin,
            category: reading.category,
            rows: Vec::new(),
            count: 0,
            unusable: Unreadable::default(),
            unnamed: false,
        };
        Self { reading, rows: 0, groups: Vec::new(), known: HashMap::new(), refusals, whole: true }
    }

    fn take(&mut self, roles: &Roles, raw: RawRow) {
        self.rows += 1;
        if self.rows > self.reading.config.max_rows {
            return;
        }
        let line = raw.span.line;
        if raw.span.len > self.reading.config.max_row_bytes {
            self.whole = false;
            let limit = self.reading.config.max_row_bytes;
            self.refusals.add(
                line,
                format!("the row is larger than {limit} bytes: look for a quotation mark that is not closed"),
                None,
            );
            return;
        }
        let row = match raw.content {
            Ok(row) => row,
            Err(trouble) => {
                self.whole &= !trouble.hides_records;
                self.refusals.add(line, trouble.reason, None);
                return;
            }
        };
        match roles.read(&row, self.reading.category, self.reading.key) {
            Ok(usable) => self.group(usable, raw.span),
            Err(Unusable { fault, record, own }) => {
                if record.is_none() {
                    self.refusals.unusable.own.extend(own);
                }
                self.refusals.add(line, fault.to_string(), record);
            }
        }
    }

    fn group(&mut self, usable: UsableRow, span: Span) {
        let UsableRow { record, own, subject, row } = usable;
        let unique = own.is_some();
        let known = own.map_or_else(|| record.as_str().into(), String::into_boxed_str);
        let Some(&at) = self.known.get(&known) else {
            self.known.insert(known, self.groups.len());
            let entry = Entry { record, subject, birth_date: row.birth_date, rows: vec![span] };
            self.groups.push(Group { entry, fault: None, others: Vec::new() });
            return;
        };
        let group = &mut self.groups[at];
        if unique {
            group.others.push((span, record));
            // Nobody can say which of the rows is the right one, so none is.
            group.fault = Some(RowFault::KeyTwice);
            return;
        }
        group.entry.rows.push(span);
        match finer_birth_date(group.entry.birth_date, row.birth_date) {
            Ok(birth_date) => group.entry.birth_date = birth_date,
            Err(fault) => group.fault = Some(fault),
        }
    }

    fn finish(mut self) -> Gathered {
        let mut entries = Vec::with_capacity(self.groups.len());
        for Group { entry, fault, others } in self.groups {
            match fault {
                None => entries.push(entry),
                Some(fault) => {
                    let own = entry.rows.iter().map(|span| (*span, entry.record.clone()));
                    for (span, record) in own.chain(others) {
                        self.refusals.add(span.line, fault.to_string(), Some(record));
                    }
                }
            }
        }
        entries.sort_unstable_by(|one, other| one.record.cmp(&other.record));
        Gathered {
            rows_used: entries.iter().map(|entry| entry.rows.len() as u64).sum(),
            entries,
            rows_refused: self.refusals.count,
            whole: self.whole && !self.refusals.unnamed,
            refused: self.refusals.named(),
            unusable: self.refusals.unusable,
        }
    }
}

impl Refusals<'_> {
    fn add(&mut self, line: u64, reason: String, record: Option<LocalId>) {
        self.count += 1;
        self.unusable.records.extend(record.clone());
        if self.rows.len() < NAMED_REFUSALS {
            self.rows.push((line, reason, record));
        } else {
            self.unnamed |= record.is_some();
        }
    }

    fn named(&mut self) -> Vec<RefusedRow> {
        self.rows.sort();
        let more = self.count - self.rows.len() as u64;
        let origin = || self.origin.to_owned();
        let named = self.rows.iter().map(|(line, reason, record)| RefusedRow {
            origin: origin(),
            row: Some(*line),
            reason: reason.clone(),
            record: record.clone().map(|record| (self.category.clone(), record)),
        });
        let rest = (more > 0).then(|| RefusedRow {
            origin: origin(),
            row: None,
            reason: format!("{more} more rows cannot be used"),
            record: None,
        });
        named.chain(rest).collect()
    }
}

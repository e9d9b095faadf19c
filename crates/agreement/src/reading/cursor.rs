//! A place in the file: reads values there and notes what is wrong with them.

use std::cell::RefCell;
use std::fmt::Display;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::AgreementError;
use crate::reading::hint;

/// Collects mistakes while the whole file is read.
pub(crate) struct Report<'a> {
    text: &'a str,
    errors: RefCell<Vec<AgreementError>>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, errors: RefCell::default() }
    }

    pub(crate) fn refuse(
        &self,
        span: &Range<usize>,
        path: &str,
        reason: impl Display,
        next_step: impl Display,
    ) {
        let (line, column) = self.position(span.start);
        self.errors.borrow_mut().push(AgreementError {
            line,
            column,
            path: path.to_owned(),
            reason: reason.to_string(),
            next_step: next_step.to_string(),
        });
    }

    pub(crate) fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    pub(crate) fn into_errors(self) -> Vec<AgreementError> {
        self.errors.into_inner()
    }
}

/// One value with its place.
#[derive(Clone)]
pub(crate) struct Node<'a> {
    report: &'a Report<'a>,
    pub(crate) path: String,
    pub(crate) span: Range<usize>,
    pub(crate) value: &'a DeValue<'a>,
}

impl<'a> Node<'a> {
    pub(crate) fn refuse(&self, reason: impl Display, next_step: impl Display) {
        self.report.refuse(&self.span, &self.path, reason, next_step);
    }

    pub(crate) fn line(&self) -> usize {
        self.report.position(self.span.start).0
    }

    pub(crate) fn text(&self) -> Option<&'a str> {
        self.wanted(self.value.as_str(), "a text")
    }

    /// A text that `parse` understands; its error says what was expected.
    pub(crate) fn parsed<T, E: Display>(&self, parse: impl Fn(&str) -> Result<T, E>) -> Option<T> {
        match parse(self.text()?) {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(error, "correct the text between the quotes");
                None
            }
        }
    }

    /// A text that is one of a closed list.
    pub(crate) fn choice<T: Copy>(&self, choices: &[T], name: impl Fn(T) -> &'static str) -> Option<T> {
        let text = self.text()?;
        let found = choices.iter().copied().find(|choice| name(*choice) == text);
        if found.is_none() {
            let names: Vec<_> = choices.iter().map(|choice| name(*choice)).collect();
            self.refuse(
                "this is none of the possible values",
                format!("write one of \"{}\"", names.join("\", \"")),
            );
        }
        found
    }

    pub(crate) fn flag(&self) -> Option<bool> {
        self.wanted(self.value.as_bool(), "true or false")
    }

    pub(crate) fn number(&self, allowed: Range<u64>) -> Option<u64> {
        let integer = self.wanted(self.value.as_integer(), "a whole number")?;
        let number = u64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix())
            .ok()
            .filter(|number| allowed.contains(number));
        if number.is_none() {
            let (least, most) = (allowed.start, allowed.end - 1);
            self.refuse("this number is out of bounds", format!("write a number from {least} to {most}"));
        }
        number
    }

    pub(crate) fn items(&self) -> Option<Vec<Self>> {
        let items = self.wanted(self.value.as_array(), "a list in square brackets")?;
        let place = |(index, item): (usize, &'a Spanned<DeValue<'a>>)| Self {
            report: self.report,
            path: format!("{}[{index}]", self.path),
            span: item.span(),
            value: item.get_ref(),
        };
        Some(items.iter().enumerate().map(place).collect())
    }

    pub(crate) fn fields(&self) -> Option<Fields<'a>> {
        let table = self.wanted(self.value.as_table(), "a table")?;
        Some(Fields::new(self.report, self.path.clone(), self.span.clone(), table))
    }

    fn wanted<T>(&self, value: Option<T>, wanted: &str) -> Option<T> {
        if value.is_none() {
            self.refuse(
                format!("expected {wanted}, found {}", kind(self.value)),
                format!("write {wanted} here"),
            );
        }
        value
    }
}

/// The members of one table with its place. Members that nobody asked for are refused by [`Self::finish`].
pub(crate) struct Fields<'a> {
    report: &'a Report<'a>,
    path: String,
    span: Range<usize>,
    table: &'a DeTable<'a>,
    asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(
        report: &'a Report<'a>,
        path: String,
        span: Range<usize>,
        table: &'a DeTable<'a>,
    ) -> Self {
        Self { report, path, span, table, asked: Vec::new() }
    }

    /// Refuses something at a place in the file that is not a value of its own.
    pub(crate) fn refuse_at(&self, offset: usize, path: &str, reason: impl Display, next_step: impl Display) {
        self.report.refuse(&(offset..offset), path, reason, next_step);
    }

    pub(crate) fn refuse(&self, reason: impl Display, next_step: impl Display) {
        self.report.refuse(
            &self.span,
            if self.path.is_empty() { "(top)" } else { &self.path },
            reason,
            next_step,
        );
    }

    /// About a field that is missing and that is not always required.
    pub(crate) fn refuse_missing(&self, key: &str, reason: impl Display, next_step: impl Display) {
        self.report.refuse(&self.span, &join(&self.path, key), reason, next_step);
    }

    pub(crate) fn line(&self) -> usize {
        self.report.position(self.span.start).0
    }

    pub(crate) fn optional(&mut self, key: &'static str) -> Option<Node<'a>> {
        self.asked.push(key);
        let value = self.table.get(key)?;
        Some(Node {
            report: self.report,
            path: join(&self.path, key),
            span: value.span(),
            value: value.get_ref(),
        })
    }

    pub(crate) fn required(&mut self, key: &'static str) -> Option<Node<'a>> {
        let found = self.optional(key);
        if found.is_none() {
            self.report.refuse(
                &self.span,
                &join(&self.path, key),
                "this field is missing",
                format!("add {key}"),
            );
        }
        found
    }

    /// All members as (place of the key, key, value): for a table whose keys are the author's own words.
    pub(crate) fn entries(&self) -> Vec<Entry<'a>> {
        let entry = |(key, value): (&'a Spanned<std::borrow::Cow<'a, str>>, &'a Spanned<DeValue<'a>>)| {
            let path = join(&self.path, key.get_ref());
            Entry {
                key: key.get_ref(),
                key_span: key.span(),
                node: Node { report: self.report, path, span: value.span(), value: value.get_ref() },
            }
        };
        self.table.iter().map(entry).collect()
    }

    pub(crate) fn finish(self) {
        for entry in self.entries() {
            if !self.asked.contains(&entry.key) {
                entry.refuse_key("there is no such field", hint::among(entry.key, &self.asked));
            }
        }
    }
}

/// One member of a table whose keys are the author's own words.
pub(crate) struct Entry<'a> {
    pub(crate) key: &'a str,
    key_span: Range<usize>,
    pub(crate) node: Node<'a>,
}

impl Entry<'_> {
    pub(crate) fn refuse_key(&self, reason: impl Display, next_step: impl Display) {
        self.node.report.refuse(&self.key_span, &self.node.path, reason, next_step);
    }

    /// The key as a word that `parse` understands.
    pub(crate) fn parsed_key<T, E: Display>(&self, parse: impl Fn(&str) -> Result<T, E>) -> Option<T> {
        parse(self.key).map_err(|error| self.refuse_key(error, "rename this entry")).ok()
    }
}

fn join(path: &str, key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_');
    let key = if bare { key.to_owned() } else { format!("{key:?}") };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

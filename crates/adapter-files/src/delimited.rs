//! Files of fields with a delimiter, as spreadsheets save them.

use csv::{Reader, ReaderBuilder, StringRecord};
use serde_json::{Map, Value};

use crate::index::{RawRow, Span, Trouble};

/// How the fields of a file are parted and what they are called.
#[derive(Debug, Clone)]
pub(crate) struct Delimited {
    delimiter: u8,
    /// The names of the columns, trimmed.
    pub(crate) header: Vec<String>,
}

const CANDIDATES: [u8; 4] = [b';', b'\t', b'|', b','];
const SAMPLE_BYTES: usize = 64 * 1024;
const SAMPLE_ROWS: usize = 50;

impl Delimited {
    /// Reads the header row; also gives where the rows begin. `Err` says what is wrong with the file.
    pub(crate) fn of(text: &str, delimiter: Option<char>) -> Result<(Self, usize), String> {
        let (declared, body) = excel_declaration(text);
        let delimiter = match delimiter {
            Some(one) if one.is_ascii() && !matches!(one, '"' | '\r' | '\n') => one as u8,
            Some(_) => return Err("the configured delimiter is not one ASCII character such as ;".to_owned()),
            None => declared.unwrap_or_else(|| sniff(&text[body..])),
        };
        let mut reader = reader(&text[body..], delimiter);
        let mut record = StringRecord::new();
        if !reader.read_record(&mut record).unwrap_or(false) {
            return Err("the file is empty: it needs a header row".to_owned());
        }
        let name = |(at, name): (usize, &str)| match name.trim() {
            "" => format!("column {}", at + 1),
            name => name.to_owned(),
        };
        let mut header: Vec<String> = record.iter().enumerate().map(name).collect();
        // Spreadsheets end a row with delimiters for columns that once were in use.
        let unused =
            record.iter().collect::<Vec<_>>().iter().rev().take_while(|name| name.trim().is_empty()).count();
        header.truncate(record.len() - unused);
        for (at, name) in header.iter().enumerate() {
            if let Some(first) = header[..at].iter().position(|other| other == name) {
                return Err(format!(
                    "columns {} and {} of the header row have the same name: rename one",
                    first + 1,
                    at + 1
                ));
            }
        }
        let rows = body + usize::try_from(reader.position().byte()).unwrap_or(0);
        Ok((Self { delimiter, header }, rows))
    }

    /// Hands over every row that is not blank; `from` is where the rows begin.
    pub(crate) fn each_row(&self, text: &str, from: usize, mut take: impl FnMut(RawRow)) {
        let mut reader = reader(&text[from..], self.delimiter);
        let mut record = StringRecord::new();
        let mut start = from;
        let mut lines = LineCounter::new();
        while reader.read_record(&mut record).unwrap_or(false) {
            let end = from + usize::try_from(reader.position().byte()).unwrap_or(0);
            let blank = text[start..end].len() - text[start..end].trim_start_matches(['\r', '\n']).len();
            start += blank;
            let span = Span { start: start as u64, len: end - start, line: lines.line_at(text, start) };
            if !record.iter().all(|field| field.trim().is_empty()) {
                let cut_off = end == text.len() && !text.ends_with(['\n', '\r']);
                take(RawRow { span, content: self.row(&record, &text[start..end], cut_off) });
            }
            start = end;
        }
    }

    /// Reads one row again.
    pub(crate) fn parse(&self, text: &str) -> Result<Map<String, Value>, Trouble> {
        let mut record = StringRecord::new();
        reader(text, self.delimiter).read_record(&mut record).ok();
        self.row(&record, text, false)
    }

    fn row(&self, record: &StringRecord, text: &str, cut_off: bool) -> Result<Map<String, Value>, Trouble> {
        let (given, wanted) = (record.len(), self.header.len());
        let several_lines = text.trim_end_matches(['\r', '\n']).contains('\n');
        let unclosed = several_lines && text.bytes().filter(|c| *c == b'"').count() % 2 == 1;
        let too_many = record.iter().skip(wanted).any(|field| !field.trim().is_empty());
        if given < wanted || too_many || unclosed {
            let why = match (several_lines || unclosed, cut_off) {
                (true, _) => ": look for a quotation mark that is not closed",
                (_, true) => ": the file seems to be cut off",
                _ => "",
            };
            // What the row was about is unknown, so it could be any record of the file.
            return Err(Trouble {
                reason: format!("the row has {given} fields where the header row has {wanted}{why}"),
                hides_records: true,
            });
        }
        Ok(self.header.iter().cloned().zip(record.iter().map(Value::from)).collect())
    }
}

/// Counts lines as an editor shows them, from the start of the text on.
pub(crate) struct LineCounter {
    at: usize,
    line: u64,
}

impl LineCounter {
    pub(crate) fn new() -> Self {
        Self { at: 0, line: 1 }
    }

    /// The line of a place that is not before the last one asked for.
    pub(crate) fn line_at(&mut self, text: &str, place: usize) -> u64 {
        self.line += text[self.at..place].matches('\n').count() as u64;
        self.at = place;
        self.line
    }
}

fn reader(text: &str, delimiter: u8) -> Reader<&[u8]> {
    ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes())
}

/// The first line `sep=;` that Excel writes and reads, and where the rest begins.
fn excel_declaration(text: &str) -> (Option<u8>, usize) {
    let line = text.split('\n').next().unwrap_or_default();
    let mut rest = line.trim_end_matches('\r').bytes().skip(4);
    let declares = line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("sep="));
    match (declares, rest.next(), rest.next()) {
        (true, Some(delimiter), None) if delimiter.is_ascii() => {
            (Some(delimiter), (line.len() + 1).min(text.len()))
        }
        _ => (None, 0),
    }
}

/// The delimiter with which most rows have as many fields as the header row.
fn sniff(text: &str) -> u8 {
    let end = (0..=SAMPLE_BYTES.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let score = |delimiter: u8| {
        let mut reader = reader(&text[..end], delimiter);
        let widths: Vec<usize> =
            reader.records().take(SAMPLE_ROWS).flatten().map(|record| record.len()).collect();
        let header = widths.first().copied().unwrap_or(0);
        let alike = widths.iter().filter(|width| **width == header).count();
        if header < 2 { (0, 0) } else { (alike * 1000 / widths.len(), header) }
    };
    let best =
        CANDIDATES.into_iter().map(|delimiter| (score(delimiter), delimiter)).max_by_key(|(score, _)| *score);
    best.filter(|(score, _)| *score > (0, 0)).map_or(b',', |(_, delimiter)| delimiter)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(text: &str) -> Vec<(u64, Result<Vec<String>, String>)> {
        let (delimited, from) = Delimited::of(text, None).unwrap();
        let mut rows = Vec::new();
        delimited.each_row(text, from, |raw| {
            let again = &text[raw.span.start as usize..][..raw.span.len];
            assert_eq!(
                delimited.parse(again).is_ok(),
                raw.content.is_ok(),
                "reading it again gives the same"
            );
            let content = raw.content.map_err(|trouble| trouble.reason);
            rows.push((
                raw.span.line,
                content.map(|row| row.values().map(|v| v.as_str().unwrap().to_owned()).collect()),
            ));
        });
        rows
    }

    #[test]
    fn the_delimiter_is_found_by_looking() {
        for delimiter in [';', ',', '\t', '|'] {
            let text = format!("a{delimiter} b \n1{delimiter}x\n");
            let (found, _) = Delimited::of(&text, None).unwrap();
            assert_eq!(
                (found.delimiter, found.header),
                (delimiter as u8, vec!["a".to_owned(), "b".to_owned()])
            );
        }
        assert_eq!(Delimited::of("a;b\n1,5;2,5\n3,5;4,5\n", None).unwrap().0.delimiter, b';');
        assert_eq!(Delimited::of("\"a;x\",b\n1,2\n", None).unwrap().0.delimiter, b',');
        assert_eq!(Delimited::of("sep=|\r\na|b;c;d\r\n", None).unwrap().0.delimiter, b'|');
        assert_eq!(Delimited::of("bsn\n1\n", None).unwrap().0.header, ["bsn"]);
    }

    #[test]
    fn rows_are_counted_as_an_editor_counts_lines() {
        let text = "a;b\r\n\r\n1;\"x\r\ny\"\r\n\r\n;\r\n2;z\r\n3\r\n4;\"q\"\"r\";;\r\n";
        let rows = rows(text);
        assert_eq!(rows[0], (3, Ok(vec!["1".to_owned(), "x\r\ny".to_owned()])));
        assert_eq!(rows[1], (7, Ok(vec!["2".to_owned(), "z".to_owned()])));
        assert_eq!(rows[2].0, 8);
        assert!(rows[2].1.as_ref().unwrap_err().contains("1 fields where the header row has 2"));
        assert_eq!(rows[3], (9, Ok(vec!["4".to_owned(), "q\"r".to_owned()])));
        assert_eq!(rows.len(), 4);
    }

    #[test]
    fn a_quotation_mark_that_is_not_closed_is_named_as_the_likely_cause() {
        let rows = rows("a;b\n1;\"x\n2;y\n3;z\n");
        assert_eq!(rows.len(), 1);
        assert!(rows[0].1.as_ref().unwrap_err().contains("quotation mark"));
    }

    #[test]
    fn a_header_that_cannot_be_used_is_refused_without_its_words() {
        assert!(Delimited::of("", None).is_err());
        let error = Delimited::of("999990342;999990342\n", None).unwrap_err();
        assert_eq!(error, "columns 1 and 2 of the header row have the same name: rename one");
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_panic(text in "[a-c;,\"\r\n\t|é]{0,60}") {
            if let Ok((delimited, from)) = Delimited::of(&text, None) {
                delimited.each_row(&text, from, |raw| {
                    let _ = delimited.parse(&text[raw.span.start as usize..][..raw.span.len]);
                });
            }
        }

        #[test]
        fn well_formed_rows_read_back(rows in prop::collection::vec(("[a-z\n\";, ]{1,8}", "[a-z;]{1,8}"), 1..8)) {
            let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
            writer.write_record(["p", "q"]).unwrap();
            for (p, q) in &rows {
                writer.write_record([p, q]).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let (delimited, from) = Delimited::of(&text, Some(';')).unwrap();
            let mut read = Vec::new();
            delimited.each_row(&text, from, |raw| {
                let row = raw.content.unwrap();
                read.push((row["p"].as_str().unwrap().to_owned(), row["q"].as_str().unwrap().to_owned()));
            });
            prop_assert_eq!(read, rows);
        }
    }
}

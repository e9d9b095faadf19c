//! Showing what came of a command: data on standard output, everything else on standard error.

pub(crate) mod dossier;
pub(crate) mod progress;

use std::io::{self, IsTerminal as _};

use comfy_table::{ContentArrangement, Table, TableStyle, presets};
use serde::Serialize;
use serde_json::json;

use crate::exit::Exit;
use crate::failure::Failure;

/// What others wrote, on one line, without what steers a terminal or turns text around: that is written out instead.
pub(crate) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\r' | '\t' => shown.push(' '),
            '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' => {
                shown.extend(letter.escape_unicode());
            }
            letter if letter.is_control() => shown.extend(letter.escape_unicode()),
            letter => shown.push(letter),
        }
    }
    shown
}

/// How data is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Shows data: as JSON, or as `readable` says.
    pub(crate) fn data(self, data: &impl Serialize, readable: impl FnOnce() -> String) {
        let text = if self.json {
            serde_json::to_string(data).unwrap_or_else(|_| "null".to_owned())
        } else {
            readable()
        };
        line(&mut io::stdout().lock(), &text);
    }

    /// Says why the command failed, and how the process ends.
    pub(crate) fn failed(self, failure: &Failure) -> Exit {
        let Failure { exit, what, next } = failure;
        if self.json {
            let error = json!({ "error": { "kind": exit.as_str(), "what": what, "next": next } });
            note(&error.to_string());
        } else if next.is_empty() {
            note(&format!("error: {what}"));
        } else {
            note(&format!("error: {what}\n  next: {next}"));
        }
        *exit
    }
}

/// Tells people something beside the data.
pub(crate) fn note(text: &str) {
    line(&mut io::stderr().lock(), text);
}

/// A list: as wide as the terminal at most, readable without colour, one line a row.
pub(crate) fn table<const N: usize>(header: [&str; N]) -> Table {
    styled(header, presets::UTF8_BORDERS_ONLY)
}

/// A table whose rows have several lines.
pub(crate) fn tall_table<const N: usize>(header: [&str; N]) -> Table {
    styled(header, presets::UTF8_HORIZONTAL_ONLY)
}

fn styled<const N: usize>(header: [&str; N], style: TableStyle) -> Table {
    let mut table = Table::new();
    table.load_style(style).set_header(header);
    if io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table
}

fn line(out: &mut impl io::Write, text: &str) {
    // A reader that went away, `head` for one, is no fault.
    let _ = out.write_all(format!("{text}\n").as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_others_wrote_neither_steers_the_terminal_nor_turns_it_around() {
        assert_eq!(escaped("letter\u{202e}fdp.exe"), r"letter\u{202e}fdp.exe");
        assert_eq!(escaped("a\u{1b}[31m\u{9b}b\nc"), r"a\u{1b}[31m\u{9b}b c");
        assert_eq!(escaped("Zoë Müller"), "Zoë Müller");
    }
}

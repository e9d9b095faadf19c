//! How software, and people, write a thing down.

use super::Kind;

/// One way in which a needle may stand somewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Form {
    pub(super) bytes: Vec<u8>,
    pub(super) kind: Kind,
    /// Counts only without a letter or digit beside it: it is so short, or so much like other numbers, that it would be
    /// found by chance.
    pub(super) alone: bool,
}

/// A number of nine digits.
pub(super) fn number(digits: &str) -> Vec<Form> {
    let mut forms = text(Kind::Number, digits);
    let written = [[4, 2, 3], [3, 3, 3]].into_iter().flat_map(|lengths| {
        let (first, rest) = digits.split_at(lengths[0]);
        let (second, third) = rest.split_at(lengths[1]);
        [".", " ", "-"].map(|between| [first, second, third].join(between))
    });
    forms.extend(written.map(|written| plain(Kind::Number, written.into_bytes())));
    if let Ok(whole) = digits.parse::<u64>() {
        forms.push(plain(Kind::Number, whole.to_be_bytes().to_vec()));
        forms.push(plain(Kind::Number, whole.to_le_bytes().to_vec()));
    }
    // Where the first digit is a zero, it is often left out.
    let short = digits.trim_start_matches('0');
    if short.len() < digits.len() {
        forms.push(alone(Kind::Number, short));
    }
    forms
}

/// A date `YYYY-MM-DD`; `00` for what is unknown.
pub(super) fn birth_date(iso: &str) -> Vec<Form> {
    let mut forms = text(Kind::BirthDate, iso);
    let parts: Vec<&str> = iso.split('-').collect();
    let [year, month, day] = parts[..] else { return forms };
    for between in ["/", "."] {
        forms.push(plain(Kind::BirthDate, [year, month, day].join(between).into_bytes()));
    }
    for between in ["-", "/", "."] {
        forms.push(plain(Kind::BirthDate, [day, month, year].join(between).into_bytes()));
        let (day, month) = (day.trim_start_matches('0'), month.trim_start_matches('0'));
        if !day.is_empty() && (day.len() < 2 || month.len() < 2) {
            forms.push(alone(Kind::BirthDate, &[day, month, year].join(between)));
        }
    }
    forms.push(alone(Kind::BirthDate, &[year, month, day].concat()));
    forms.push(alone(Kind::BirthDate, &[day, month, year].concat()));
    let number = |text: &str| text.parse::<usize>().unwrap_or_default();
    for names in [DUTCH, ENGLISH] {
        let short = day.trim_start_matches('0');
        if let Some(name) = number(month).checked_sub(1).and_then(|at| names.get(at))
            && !short.is_empty()
        {
            forms.push(alone(Kind::BirthDate, &format!("{short} {name} {year}")));
        }
    }
    if let Ok(midnight) = kw_domain::Instant::parse(&format!("{iso}T00:00:00Z")) {
        forms.push(alone(Kind::BirthDate, &midnight.as_seconds().to_string()));
        forms.push(alone(Kind::BirthDate, &midnight.as_millis().to_string()));
    }
    forms
}

/// A text as it is, in UTF-16, in hexadecimal and in base64.
pub(super) fn text(kind: Kind, text: &str) -> Vec<Form> {
    let mut forms = bytes(kind, text.as_bytes());
    forms.push(plain(kind, text.encode_utf16().flat_map(u16::to_le_bytes).collect()));
    forms.push(plain(kind, text.encode_utf16().flat_map(u16::to_be_bytes).collect()));
    forms
}

/// Bytes as they are, in hexadecimal and in base64.
pub(super) fn bytes(kind: Kind, bytes: &[u8]) -> Vec<Form> {
    let hexadecimal = bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let mut forms = vec![
        plain(kind, bytes.to_vec()),
        plain(kind, hexadecimal.to_uppercase().into_bytes()),
        plain(kind, hexadecimal.into_bytes()),
    ];
    for alphabet in [STANDARD, URL_SAFE] {
        forms.extend((0..3).map(|offset| plain(kind, base64_within(bytes, offset, *alphabet))));
    }
    forms.sort();
    forms.dedup();
    forms
}

fn plain(kind: Kind, bytes: Vec<u8>) -> Form {
    Form { bytes, kind, alone: false }
}

fn alone(kind: Kind, text: &str) -> Form {
    Form { bytes: text.as_bytes().to_vec(), kind, alone: true }
}

/// The characters of base64 that depend on `bytes` alone when they begin `offset` bytes after a group of three.
fn base64_within(bytes: &[u8], offset: usize, alphabet: [u8; 64]) -> Vec<u8> {
    let bit = |at: usize| bytes[at / 8] >> (7 - at % 8) & 1;
    let first = (offset * 8).div_ceil(6);
    let end = (offset + bytes.len()) * 8 / 6;
    (first..end)
        .map(|character| {
            let start = character * 6 - offset * 8;
            let index = (start..start + 6).fold(0, |value, at| value << 1 | bit(at));
            alphabet[usize::from(index)]
        })
        .collect()
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const DUTCH: [&str; 12] = [
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
];
const ENGLISH: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

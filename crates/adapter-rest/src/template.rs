//! Addresses with parameters in them.

use std::fmt::Write as _;

use url::Url;

/// An address under `base_url`: a path, and a query of which parts without a value are left out.
#[derive(Debug)]
pub(crate) struct Template {
    path: Vec<Piece>,
    query: Vec<Vec<Piece>>,
}

#[derive(Debug)]
enum Piece {
    Text(String),
    Value(Parameter),
}

/// What may stand in an address. None of them is about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parameter {
    Limit,
    Since,
    Page,
    Offset,
    Cursor,
    Record,
}

impl Parameter {
    const ALL: [(&'static str, Self); 6] = [
        ("limit", Self::Limit),
        ("since", Self::Since),
        ("page", Self::Page),
        ("offset", Self::Offset),
        ("cursor", Self::Cursor),
        ("record", Self::Record),
    ];
}

impl Template {
    /// `Err` says what is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.contains("://") || text.starts_with("//") || text.contains('#') {
            return Err("it is a path under base_url, without a server or a fragment".to_owned());
        }
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let path = path.trim_start_matches('/');
        if path.split('/').any(is_dots) {
            return Err("its path goes up with ..: base_url is where everything begins".to_owned());
        }
        let parts = query.split('&').filter(|part| !part.is_empty());
        Ok(Self { path: pieces(path)?, query: parts.map(pieces).collect::<Result<_, _>>()? })
    }

    pub(crate) fn has(&self, wanted: Parameter) -> bool {
        let all = self.path.iter().chain(self.query.iter().flatten());
        all.into_iter().any(|piece| matches!(piece, Piece::Value(parameter) if *parameter == wanted))
    }

    pub(crate) fn parameters(&self) -> impl Iterator<Item = Parameter> {
        let all = self.path.iter().chain(self.query.iter().flatten());
        all.filter_map(|piece| match piece {
            Piece::Value(parameter) => Some(*parameter),
            Piece::Text(_) => None,
        })
    }

    /// The address with these values; `None` when it cannot be made: a value is missing in its path or would be a path itself.
    pub(crate) fn address(&self, base: &Url, value: impl Fn(Parameter) -> Option<String>) -> Option<Url> {
        let path = filled(&self.path, &value)?;
        if path.split('/').any(is_dots) {
            return None;
        }
        let query: Vec<_> = self.query.iter().filter_map(|part| filled(part, &value)).collect();
        let mut text = format!("{base}{path}");
        if !query.is_empty() {
            text = format!("{text}?{}", query.join("&"));
        }
        let address = Url::parse(&text).ok()?;
        let inside = address.origin() == base.origin() && address.path().starts_with(base.path());
        inside.then_some(address)
    }
}

fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or_else(|| "a { has no }".to_owned())?;
        let known = Parameter::ALL.iter().find(|(known, _)| *known == name);
        let (_, parameter) = known.ok_or_else(|| {
            format!("{{{name}}} is not a parameter: those are limit, since, page, offset, cursor and record")
        })?;
        pieces.extend([Piece::Text(before.to_owned()), Piece::Value(*parameter)]);
        rest = after;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    Ok(pieces)
}

fn filled(pieces: &[Piece], value: &impl Fn(Parameter) -> Option<String>) -> Option<String> {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(plain) => text.push_str(plain),
            Piece::Value(parameter) => text.push_str(&percent_encoded(&value(*parameter)?)),
        }
    }
    Some(text)
}

/// A segment that a server or a library would take for a step in the tree.
fn is_dots(segment: &str) -> bool {
    let plain = segment.to_ascii_lowercase().replace("%2e", ".");
    plain == "." || plain == ".."
}

/// Everything but the unreserved characters of RFC 3986.
pub(crate) fn percent_encoded(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base() -> Url {
        Url::parse("https://api.example/v2/").unwrap()
    }

    fn only(wanted: Parameter, value: &str) -> impl Fn(Parameter) -> Option<String> {
        let value = value.to_owned();
        move |parameter| (parameter == wanted).then(|| value.clone())
    }

    #[test]
    fn parts_of_the_query_without_a_value_are_left_out() {
        let template = Template::parse("/plans?kind=a&since={since}&limit={limit}").unwrap();
        let address =
            |parameter, value| template.address(&base(), only(parameter, value)).unwrap().to_string();
        assert_eq!(address(Parameter::Limit, "5"), "https://api.example/v2/plans?kind=a&limit=5");
        assert_eq!(
            address(Parameter::Since, "2026-01-01T00:00:00+01"),
            "https://api.example/v2/plans?kind=a&since=2026-01-01T00%3A00%3A00%2B01"
        );
    }

    #[test]
    fn addresses_that_lead_elsewhere_are_refused() {
        for wrong in [
            "https://other.example/x",
            "//other.example/x",
            "../x",
            "a/%2e%2E/b",
            "x#y",
            "x/{bsn}",
            "x/{record",
        ] {
            assert!(Template::parse(wrong).is_err(), "{wrong}");
        }
        let fetch = Template::parse("plans/{record}").unwrap();
        for wrong in ["..", "."] {
            assert_eq!(fetch.address(&base(), only(Parameter::Record, wrong)), None);
        }
        assert_eq!(fetch.address(&base(), |_| None), None);
    }

    proptest! {
        #[test]
        fn no_key_leaves_its_place_in_the_path(key in "\\PC{1,40}") {
            let fetch = Template::parse("plans/{record}/full").unwrap();
            if let Some(address) = fetch.address(&base(), only(Parameter::Record, &key)) {
                let segments: Vec<_> = address.path_segments().unwrap().collect();
                prop_assert_eq!(segments.len(), 4);
                prop_assert_eq!((segments[1], segments[3]), ("plans", "full"));
                prop_assert!(address.query().is_none() && address.fragment().is_none());
            } else {
                prop_assert!(key == "." || key == "..");
            }
        }
    }
}

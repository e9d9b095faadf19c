//! From the bytes of a file to text.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// The text of a file, and what it takes to find a part of it in the file again.
pub(crate) struct Decoded<'a> {
    /// The text, without byte-order mark.
    pub(crate) text: Cow<'a, str>,
    /// Where byte 0 of the text stands in the file, when bytes of the text are bytes of the file.
    pub(crate) offset: Option<u64>,
}

/// Reads text in the encoding of that name or, without one, in the encoding that the bytes show: by byte-order mark,
/// else UTF-8 when it is valid, else Windows-1252, which is what Dutch spreadsheets save.
pub(crate) fn decode<'a>(bytes: &'a [u8], name: Option<&str>) -> Result<Decoded<'a>, &'static str> {
    let (encoding, mark) = match (Encoding::for_bom(bytes), name) {
        (Some(found), _) => found,
        (None, Some(name)) => {
            let encoding = Encoding::for_label(name.as_bytes());
            (
                encoding
                    .ok_or("the configured encoding is unknown: write utf-8, windows-1252 or utf-16le")?,
                0,
            )
        }
        (None, None) if std::str::from_utf8(bytes).is_ok() => (UTF_8, 0),
        (None, None) => (WINDOWS_1252, 0),
    };
    let (text, had_errors) = encoding.decode_without_bom_handling(&bytes[mark..]);
    if had_errors {
        return Err("the file is not in the encoding that it says: save it as UTF-8");
    }
    if text.as_bytes().contains(&0) {
        return Err("the file is not a text file: save it as CSV or JSON in UTF-8");
    }
    let offset = matches!(text, Cow::Borrowed(_)).then_some(mark as u64);
    Ok(Decoded { text, offset })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> String {
        decode(bytes, None).unwrap().text.into_owned()
    }

    #[test]
    fn every_usual_encoding_gives_the_same_text() {
        assert_eq!(text("\u{feff}né".as_bytes()), "né");
        assert_eq!(text(b"n\xe9"), "né");
        assert_eq!(text(b"\xff\xfen\0\xe9\0"), "né");
        assert_eq!(text(b"\xfe\xff\0n\0\xe9"), "né");
        assert_eq!(text(b"\x80 5"), "€ 5");
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert!(decode(b"PK\x03\x04\0\0", None).is_err());
        assert!(decode(b"n\xe9", Some("utf-8")).is_err());
        assert!(decode(b"n", Some("klingon")).is_err());
    }

    #[test]
    fn only_text_that_stands_in_the_file_as_it_is_has_an_offset() {
        assert_eq!(decode("\u{feff}n".as_bytes(), None).unwrap().offset, Some(3));
        assert_eq!(decode(b"n\xe9", None).unwrap().offset, None);
    }
}

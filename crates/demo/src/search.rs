//! Looking for citizen service numbers where none may be: in every byte that the central services stored or logged.

use std::fs;
use std::path::Path;

use aho_corasick::AhoCorasick;
use kw_domain::Bsn;

use crate::DemoError;

/// Finds any of a set of numbers in bytes, in each of the forms in which software writes a number down: as text (UTF-8,
/// UTF-16 in both orders), as that text in hexadecimal or base64, and as a whole number of eight bytes in both orders.
///
/// The number in four bytes is not among them: two in a million bytes of ciphertext would be hits by chance alone.
#[derive(Debug)]
pub(crate) struct Search(AhoCorasick);

impl Search {
    pub(crate) fn for_numbers<'a>(numbers: impl IntoIterator<Item = &'a Bsn>) -> Result<Self, DemoError> {
        let patterns: Vec<Vec<u8>> = numbers.into_iter().flat_map(|bsn| forms(bsn.expose())).collect();
        AhoCorasick::new(patterns).map(Self).map_err(|error| DemoError::Search(error.to_string()))
    }

    /// How often a number stands in these bytes.
    pub(crate) fn in_bytes(&self, bytes: &[u8]) -> u64 {
        self.0.find_iter(bytes).count() as u64
    }

    /// How often a number stands in the files of a folder, and of the folders in it; and in how many bytes.
    pub(crate) fn in_folder(&self, folder: &Path) -> Result<Found, DemoError> {
        let mut found = Found::default();
        let unreadable = |source| DemoError::file(folder, source);
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let path = entry.path();
            // The name of a file is stored as well.
            found.numbers += self.in_bytes(entry.file_name().as_encoded_bytes());
            if entry.file_type().map_err(unreadable)?.is_dir() {
                found.add(self.in_folder(&path)?);
                continue;
            }
            match fs::read(&path) {
                Ok(bytes) => found.add(Found { numbers: self.in_bytes(&bytes), bytes: bytes.len() as u64 }),
                // A write-ahead log that was just closed.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(DemoError::file(&path, error)),
            }
        }
        Ok(found)
    }
}

/// What a search came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) numbers: u64,
    pub(crate) bytes: u64,
}

impl Found {
    pub(crate) fn with(mut self, other: Self) -> Self {
        self.add(other);
        self
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.numbers += other.numbers;
        self.bytes += other.bytes;
    }
}

fn forms(number: &str) -> Vec<Vec<u8>> {
    let text = number.as_bytes();
    let mut forms = vec![
        text.to_vec(),
        text.iter().flat_map(|byte| [*byte, 0]).collect(),
        text.iter().flat_map(|byte| [0, *byte]).collect(),
        text.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect(),
    ];
    forms.extend((0..3).map(|offset| base64_within(text, offset)));
    if let Ok(whole) = number.parse::<u64>() {
        forms.push(whole.to_be_bytes().to_vec());
        forms.push(whole.to_le_bytes().to_vec());
    }
    forms
}

/// The characters of base64 that depend on `text` alone when it begins `offset` bytes after a group of three. Digits give
/// neither `+` nor `/`, so this is base64url as well.
fn base64_within(text: &[u8], offset: usize) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bit = |at: usize| text[at / 8] >> (7 - at % 8) & 1;
    let first = (offset * 8).div_ceil(6);
    let end = (offset + text.len()) * 8 / 6;
    (first..end)
        .map(|character| {
            let start = character * 6 - offset * 8;
            let index = (start..start + 6).fold(0, |value, at| value << 1 | bit(at));
            ALPHABET[usize::from(index)]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search() -> Search {
        Search::for_numbers(&[Bsn::parse("999990342").unwrap(), Bsn::parse("999994086").unwrap()]).unwrap()
    }

    #[test]
    fn a_number_is_found_in_every_form() {
        let search = search();
        for hidden in [
            b"x999990342y".to_vec(),
            b"12999990342".to_vec(),
            "nl.bsn:999994086".encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "999994086".encode_utf16().flat_map(u16::to_be_bytes).collect(),
            b"393939393930333432".to_vec(),
            999_990_342_u64.to_be_bytes().to_vec(),
            999_990_342_i64.to_le_bytes().to_vec(),
            // base64 of "nl.bsn:999990342", "9" + it and "99" + it, made with coreutils.
            b"bmwuYnNuOjk5OTk5MDM0Mg==".to_vec(),
            b"OW5sLmJzbjo5OTk5OTAzNDI=".to_vec(),
            b"OTlubC5ic246OTk5OTkwMzQy".to_vec(),
        ] {
            assert_eq!(search.in_bytes(&hidden), 1, "{}", String::from_utf8_lossy(&hidden));
        }
    }

    #[test]
    fn other_numbers_are_not() {
        let search = search();
        for other in [&b"999990343"[..], b"99999034", b"9999 90342", b"", &[0; 64]] {
            assert_eq!(search.in_bytes(other), 0);
        }
    }

    #[test]
    fn every_file_of_a_folder_is_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("keys")).unwrap();
        fs::write(folder.path().join("keys/a.key"), "999990342 999990342").unwrap();
        fs::write(folder.path().join("b.db-wal"), [&[0xff; 100][..], b"999994086"].concat()).unwrap();
        fs::write(folder.path().join("999990342.log"), "nothing").unwrap();
        assert_eq!(search().in_folder(folder.path()).unwrap(), Found { numbers: 4, bytes: 19 + 109 + 7 });
    }
}

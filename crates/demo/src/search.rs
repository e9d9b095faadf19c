//! Looking for what is about a person where none of it may be: in every byte that the central services stored or logged.

mod forms;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use aho_corasick::AhoCorasick;
use kw_domain::{Bsn, Handle};

use crate::DemoError;
use crate::people::Person;

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// What a holder recognises its own people by.
    Binding,
    /// A birth date.
    BirthDate,
    /// A group element that leads to a person.
    Element,
    /// A holder's name for a pointer.
    Handle,
    /// A citizen service number.
    Number,
    /// A name, an address, a telephone number.
    Text,
}

/// Everything that is looked for, each in all the forms in which software writes it down.
///
/// Bytes and texts as they are, in UTF-16 of both orders, in hexadecimal and in base64 of both alphabets; numbers and birth
/// dates also as people write them. The number in four bytes is not among them: two in a million bytes of ciphertext would
/// be hits by chance alone.
#[derive(Debug, Clone, Default)]
pub struct Needles(Vec<forms::Form>);

impl Needles {
    /// A citizen service number.
    pub fn number(&mut self, bsn: &Bsn) -> &mut Self {
        self.0.extend(forms::number(bsn.expose()));
        self
    }

    /// A birth date, `YYYY-MM-DD` with `00` for what is unknown.
    pub fn birth_date(&mut self, date: &str) -> &mut Self {
        self.0.extend(forms::birth_date(date));
        self
    }

    /// A group element that leads to a person, of the index or of the bindings.
    pub fn element(&mut self, element: &[u8; 32]) -> &mut Self {
        self.0.extend(forms::bytes(Kind::Element, element));
        self
    }

    /// A binding.
    pub fn binding(&mut self, binding: &[u8; 32]) -> &mut Self {
        self.0.extend(forms::bytes(Kind::Binding, binding));
        self
    }

    /// A handle.
    pub fn handle(&mut self, handle: &Handle) -> &mut Self {
        self.0.extend(forms::bytes(Kind::Handle, handle.as_bytes()));
        self
    }

    /// A name or an address: not shorter than seven bytes, or chance finds it.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.0.extend(forms::text(Kind::Text, text));
        self
    }

    /// Everything about a made-up person.
    pub fn person(&mut self, person: &Person) -> &mut Self {
        let (given, family) = (person.given_name, person.family_name);
        self.number(&person.bsn)
            .birth_date(&person.birth_date)
            .text(&format!("{given} {family}"))
            .text(&format!("{family}, {given}"))
            .text(&person.street)
            .text(&person.postcode)
            .text(&person.phone)
    }

    /// Ready to search.
    pub fn search(mut self) -> Result<Search, DemoError> {
        self.0.sort();
        self.0.dedup();
        let automaton = AhoCorasick::new(self.0.iter().map(|form| &form.bytes))
            .map_err(|error| DemoError::Search(error.to_string()))?;
        Ok(Search { automaton, forms: self.0 })
    }
}

/// Finds any of a set of needles in bytes.
#[derive(Debug)]
pub struct Search {
    automaton: AhoCorasick,
    forms: Vec<forms::Form>,
}

impl Search {
    /// What stands in these bytes.
    pub fn in_bytes(&self, bytes: &[u8]) -> Found {
        let mut found = Found { counts: BTreeMap::new(), bytes: bytes.len() as u64 };
        for hit in self.automaton.find_overlapping_iter(bytes) {
            let Some(form) = self.forms.get(hit.pattern().as_usize()) else { continue };
            if !form.alone || stands_alone(bytes, hit.start(), hit.end()) {
                *found.counts.entry(form.kind).or_default() += 1;
            }
        }
        found
    }

    /// What stands in the files of a folder, and of the folders in it.
    pub fn in_folder(&self, folder: &Path) -> Result<Found, DemoError> {
        let mut found = Found::default();
        let unreadable = |source| DemoError::file(folder, source);
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let path = entry.path();
            // The name of a file is stored as well.
            let name = self.in_bytes(entry.file_name().as_encoded_bytes());
            found.add(Found { bytes: 0, ..name });
            if entry.file_type().map_err(unreadable)?.is_dir() {
                found.add(self.in_folder(&path)?);
                continue;
            }
            match fs::read(&path) {
                Ok(bytes) => found.add(self.in_bytes(&bytes)),
                // A write-ahead log that was just closed.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(DemoError::file(&path, error)),
            }
        }
        Ok(found)
    }
}

/// What a search came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// How often each kind was found; what stands there in two forms at once counts twice.
    pub counts: BTreeMap<Kind, u64>,
    /// In how many bytes.
    pub bytes: u64,
}

impl Found {
    /// How often this kind was found.
    pub fn of(&self, kind: Kind) -> u64 {
        self.counts.get(&kind).copied().unwrap_or_default()
    }

    /// Whether there was nothing.
    pub fn is_nothing(&self) -> bool {
        self.counts.values().all(|count| *count == 0)
    }

    /// Together with another.
    pub fn add(&mut self, other: Self) {
        for (kind, count) in other.counts {
            *self.counts.entry(kind).or_default() += count;
        }
        self.bytes += other.bytes;
    }
}

/// Letters and digits on both sides would make it a part of something else.
fn stands_alone(bytes: &[u8], start: usize, end: usize) -> bool {
    let joins = |at: Option<&u8>| at.is_some_and(u8::is_ascii_alphanumeric);
    !joins(start.checked_sub(1).and_then(|at| bytes.get(at))) && !joins(bytes.get(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search() -> Search {
        let mut needles = Needles::default();
        needles.number(&Bsn::parse("999990342").unwrap()).number(&Bsn::parse("999994086").unwrap());
        needles.birth_date("2011-03-04").birth_date("2010-05-00");
        needles.element(&[0xfb; 32]).binding(&ramp()).handle(&Handle::from_bytes(*b"0123456789abcdef"));
        needles.text("Noor Jansen");
        needles.search().unwrap()
    }

    fn ramp() -> [u8; 32] {
        std::array::from_fn(|at| at as u8 ^ 0xa5)
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    }

    #[test]
    fn a_number_is_found_in_every_form() {
        let search = search();
        for hidden in [
            b"x999990342y".to_vec(),
            b"12999990342".to_vec(),
            b"9999.90.342".to_vec(),
            b"999 990 342".to_vec(),
            b"999-990-342".to_vec(),
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
            assert!(search.in_bytes(&hidden).of(Kind::Number) > 0, "{}", String::from_utf8_lossy(&hidden));
        }
    }

    #[test]
    fn a_birth_date_is_found_as_people_and_programs_write_it() {
        let search = search();
        for hidden in [
            "\"2011-03-04\"",
            "2011-03-04T00:00:00Z",
            "(20110304)",
            "04-03-2011",
            "4-3-2011",
            "04/03/2011",
            "04.03.2011",
            "4 maart 2011",
            "4 March 2011",
            "birth=1299196800",
            "1299196800000",
            "2010-05-00",
            "20100500",
            "MjAxMS0wMy0wNA==",
            "323031312d30332d3034",
        ] {
            assert_eq!(search.in_bytes(hidden.as_bytes()).of(Kind::BirthDate), 1, "{hidden}");
        }
        for other in ["120110304f", "14-3-2011", "2011-03-05", "4-3-20110"] {
            assert!(search.in_bytes(other.as_bytes()).is_nothing(), "{other}");
        }
    }

    #[test]
    fn bytes_are_found_raw_in_hexadecimal_and_in_both_base64_alphabets() {
        use base64::Engine as _;
        use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
        let search = search();
        for before in [&b""[..], b"1", b"12"] {
            for (kind, needle) in [
                (Kind::Element, &[0xfb; 32][..]),
                (Kind::Binding, &ramp()),
                (Kind::Handle, b"0123456789abcdef"),
            ] {
                let bytes = [before, needle, b"after"].concat();
                for hidden in [
                    bytes.clone(),
                    hex(&bytes).into_bytes(),
                    hex(&bytes).to_uppercase().into_bytes(),
                    STANDARD.encode(&bytes).into_bytes(),
                    URL_SAFE_NO_PAD.encode(&bytes).into_bytes(),
                ] {
                    assert!(search.in_bytes(&hidden).of(kind) > 0, "{kind:?} in {hidden:?}");
                }
            }
        }
    }

    #[test]
    fn other_things_are_not_found() {
        let search = search();
        for other in [&b"999990343"[..], b"99999034", b"9999 90342", b"", &[0; 64], b"Noor de Vries"] {
            assert!(search.in_bytes(other).is_nothing(), "{other:?}");
        }
        assert_eq!(search.in_bytes(b"Noor Jansen").of(Kind::Text), 1);
    }

    #[test]
    fn every_file_of_a_folder_is_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("keys")).unwrap();
        fs::write(folder.path().join("keys/a.key"), "999990342 999990342").unwrap();
        fs::write(folder.path().join("b.db-wal"), [&[0xff; 100][..], b"999994086"].concat()).unwrap();
        fs::write(folder.path().join("999990342.log"), "nothing").unwrap();
        let found = search().in_folder(folder.path()).unwrap();
        assert_eq!((found.of(Kind::Number), found.bytes), (4, 19 + 109 + 7));
    }
}

//! Where the reading of a folder has come to.

use kw_adapter::{Cursor, SourceError};

/// Where to go on, and in which state of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// Everything was read, in the state of that digest.
    Done { digest: String },
    /// Everything was read, but not in one state: nothing may be skipped.
    Torn,
    /// In the middle of reading the state of that digest.
    At {
        digest: String,
        /// Which file.
        file: usize,
        /// How many of its records were handed over.
        records: usize,
        /// Whether all pages so far show that one state.
        clean: bool,
    },
}

impl Place {
    pub(crate) fn to_cursor(&self) -> Cursor {
        Cursor(match self {
            Self::Done { digest } => format!("done {digest}"),
            Self::Torn => "torn".to_owned(),
            Self::At { digest, file, records, clean } => {
                format!("{} {digest} {file} {records}", if *clean { "at" } else { "torn-at" })
            }
        })
    }

    pub(crate) fn of(cursor: &Cursor) -> Result<Self, SourceError> {
        let parts: Vec<&str> = cursor.0.split(' ').collect();
        let place = match parts.as_slice() {
            ["torn"] => Some(Self::Torn),
            ["done", digest] => Some(Self::Done { digest: (*digest).to_owned() }),
            [at @ ("at" | "torn-at"), digest, file, records] => {
                file.parse().ok().zip(records.parse().ok()).map(|(file, records)| Self::At {
                    digest: (*digest).to_owned(),
                    file,
                    records,
                    clean: *at == "at",
                })
            }
            _ => None,
        };
        place.ok_or_else(|| {
            SourceError::Configuration(
                "the stored cursor is not of a folder: let the source be read from the start".to_owned(),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_read_back() {
        let digest = "ab".to_owned();
        for place in [
            Place::Torn,
            Place::Done { digest: digest.clone() },
            Place::At { digest: digest.clone(), file: 2, records: 3, clean: true },
            Place::At { digest, file: 2, records: 3, clean: false },
        ] {
            assert_eq!(Place::of(&place.to_cursor()).unwrap(), place);
        }
        for wrong in ["", "at x 1", "at x a b", "done"] {
            assert!(Place::of(&Cursor(wrong.to_owned())).is_err(), "{wrong}");
        }
    }
}

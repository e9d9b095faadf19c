//! The texts that were in force here, beside the memory. The log has the hash of each; here is what it is the hash of.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use kw_agreement::text_hash;
use kw_domain::Instant;
use serde::{Deserialize, Serialize};

use super::remembered::replace_file;

/// An agreement that came into force here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct KeptVersion {
    /// What it calls itself.
    pub version: String,
    /// The approvals with which it came into force the last time.
    pub approvals: Vec<SeenApproval>,
    /// Its text.
    pub text: String,
}

/// An approval that was found good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SeenApproval {
    /// Whose.
    pub operator: String,
    /// When this service first saw it.
    pub seen_at: Instant,
}

/// Which approvals were seen of the text that waits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Waiting {
    pub(super) hash: String,
    pub(super) approvals: Vec<SeenApproval>,
}

impl Waiting {
    /// With the approvals that there are now; those that were seen before keep their moment.
    pub(super) fn with<'a>(
        &self,
        hash: &str,
        approved_by: impl Iterator<Item = &'a String>,
        now: Instant,
    ) -> Self {
        let seen = |operator: &String| {
            let before = self.approvals.iter().find(|one| self.hash == hash && one.operator == *operator);
            let seen_at = before.map_or(now, |one| one.seen_at);
            SeenApproval { operator: operator.clone(), seen_at }
        };
        Self { hash: hash.to_owned(), approvals: approved_by.map(seen).collect() }
    }
}

/// The folder.
#[derive(Debug)]
pub(super) struct Versions {
    pub(super) folder: PathBuf,
}

impl Versions {
    pub(super) fn within(folder: &Path) -> Self {
        Self { folder: folder.join("agreements") }
    }

    /// Keeps a text that comes into force. Of very many, the oldest go.
    pub(super) fn keep(&self, kept: &KeptVersion) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let text = serde_json::to_string(kept).map_err(io::Error::other)?;
        replace_file(&self.of(&text_hash(&kept.text)), text.as_bytes())?;
        self.shed()
    }

    /// Whether a text is kept.
    pub(super) fn has(&self, hash: &str) -> bool {
        is_hash(hash) && self.of(hash).exists()
    }

    /// The text with this hash. What is kept under its name and is another text is none.
    pub(super) fn read(&self, hash: &str) -> io::Result<Option<KeptVersion>> {
        if !is_hash(hash) {
            return Ok(None);
        }
        let kept: Option<KeptVersion> = read(&self.of(hash))?;
        Ok(kept.filter(|kept| text_hash(&kept.text) == hash))
    }

    pub(super) fn waiting(&self) -> io::Result<Waiting> {
        Ok(read(&self.folder.join(WAITING))?.unwrap_or_default())
    }

    pub(super) fn keep_waiting(&self, waiting: &Waiting) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let text = serde_json::to_string(waiting).map_err(io::Error::other)?;
        replace_file(&self.folder.join(WAITING), text.as_bytes())
    }

    fn of(&self, hash: &str) -> PathBuf {
        self.folder.join(format!("{hash}.json"))
    }

    fn shed(&self) -> io::Result<()> {
        let mut kept: Vec<(SystemTime, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.path().file_stem().and_then(|stem| stem.to_str()).is_some_and(is_hash) {
                kept.push((entry.metadata()?.modified()?, entry.path()));
            }
        }
        kept.sort();
        let over = kept.len().saturating_sub(MOST_KEPT);
        kept.drain(..over).try_for_each(|(_, path)| fs::remove_file(path))
    }
}

fn read<T: for<'a> Deserialize<'a>>(path: &Path) -> io::Result<Option<T>> {
    match fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text).map(Some).map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

const WAITING: &str = "waiting.json";
/// One a week for four years.
const MOST_KEPT: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: String) -> KeptVersion {
        KeptVersion { version: "1".to_owned(), approvals: Vec::new(), text }
    }

    #[test]
    fn a_text_is_found_by_its_hash_and_another_in_its_place_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let versions = Versions::within(folder.path());
        let kept = version("one".to_owned());
        versions.keep(&kept).unwrap();
        let hash = text_hash("one");
        assert_eq!(versions.read(&hash).unwrap(), Some(kept));
        assert_eq!(versions.read(&text_hash("another")).unwrap(), None);
        assert_eq!(versions.read("../agreement-in-force").unwrap(), None);
        let swapped = serde_json::to_string(&version("two".to_owned())).unwrap();
        fs::write(versions.of(&hash), swapped).unwrap();
        assert_eq!(versions.read(&hash).unwrap(), None);
    }

    #[test]
    fn the_oldest_of_very_many_go() {
        let folder = tempfile::tempdir().unwrap();
        let versions = Versions::within(folder.path());
        versions.keep(&version("first".to_owned())).unwrap();
        let old = fs::File::open(versions.of(&text_hash("first"))).unwrap();
        old.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        for number in 0..MOST_KEPT {
            versions.keep(&version(number.to_string())).unwrap();
        }
        assert!(!versions.has(&text_hash("first")));
        assert!(versions.has(&text_hash("0")) && versions.has(&text_hash("199")));
    }

    #[test]
    fn an_approval_keeps_the_moment_at_which_it_was_seen_first() {
        let (one, two) = (["a".to_owned()], ["a".to_owned(), "b".to_owned()]);
        let at = Instant::from_millis;
        let first = Waiting::default().with("x", one.iter(), at(1));
        let moments = |waiting: &Waiting| -> Vec<i64> {
            waiting.approvals.iter().map(|one| one.seen_at.as_millis()).collect()
        };
        assert_eq!(moments(&first.with("x", two.iter(), at(2))), [1, 2]);
        assert_eq!(moments(&first.with("y", one.iter(), at(3))), [3]);
    }
}

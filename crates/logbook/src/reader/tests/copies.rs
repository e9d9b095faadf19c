use std::fs;
use std::path::Path;

use super::published::{Log, other_key, trust};
use crate::reader::{Copied, CopyError, LogSource, Trust, VerifyError, mirror, verify_log};

async fn copy(log: &Log, to: &Path) -> Result<Copied, CopyError> {
    mirror(&log.source(), &trust(1), to, |_| {}).await
}

async fn verified_size(folder: &Path) -> u64 {
    let source = LogSource::Folder(folder.to_owned());
    verify_log(&source, &trust(1), |_| {}).await.unwrap().newest.checkpoint().size
}

/// Every file with its content, by path.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(inner).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn a_copy_grows_with_its_log_and_verifies_at_every_size() {
    let to = tempfile::tempdir().unwrap();
    let mut log = Log::of(0);
    let mut before = 0;
    for more in [0, 1, 200, 54, 1, 1, 300, 0, 66_000] {
        log.grow(more);
        log.witness();
        let copied = copy(&log, to.path()).await.unwrap();
        assert_eq!((copied.before, copied.newest.checkpoint().size), (before, before + more));
        before += more;
        assert_eq!(verified_size(to.path()).await, before);
    }
    let names: Vec<String> = files(to.path()).into_iter().map(|(name, _)| name).collect();
    for name in ["checkpoint", "witnessed-checkpoint", "vkey", "policy", "tile/0/000", "tile/entries/000"] {
        assert!(names.iter().any(|found| found == name), "{name} is missing");
    }
    let partial: Vec<&String> = names.iter().filter(|name| name.contains(".p/")).collect();
    assert_eq!(partial.len(), 4, "what is full has no partial files any more: {partial:?}");
}

#[tokio::test]
async fn a_copy_has_the_signatures_that_are_known_only() {
    let to = tempfile::tempdir().unwrap();
    let log = Log::of(5);
    let mut signed = log.signed();
    let stranger = super::published::stranger();
    let line = stranger.cosign(&signed, 1_800_000_000);
    signed.add_cosignature(line, stranger.verifier()).unwrap();
    // A folder with a stranger's signature is refused as a copy; a service may well have one.
    assert_eq!(trust(1).known_only(&signed), log.signed().to_string());
    copy(&log, to.path()).await.unwrap();
    assert_eq!(fs::read_to_string(to.path().join("checkpoint")).unwrap(), log.signed().to_string());
}

#[tokio::test]
async fn a_log_that_shrinks_or_forks_is_refused_and_the_copy_stays() {
    let to = tempfile::tempdir().unwrap();
    copy(&Log::of(600), to.path()).await.unwrap();
    let before = files(to.path());

    let error = copy(&Log::of(599), to.path()).await.unwrap_err();
    assert!(matches!(error, CopyError::Shrunk { log: 599, copy: 600 }), "{error}");
    for (from, more) in [(0, 0), (0, 1), (300, 10), (599, 10), (520, 1_000), (599, 66_000)] {
        let mut forked = Log::of(600);
        forked.rewrite(from);
        forked.grow(more);
        forked.witness();
        let error = copy(&forked, to.path()).await.unwrap_err();
        assert!(matches!(error, CopyError::Forked(600)), "entry {from}, {more} more: {error}");
        let now: Vec<_> =
            files(to.path()).into_iter().filter(|(name, _)| !name.starts_with(".staging")).collect();
        assert_eq!(now, before, "entry {from}, {more} more");
    }
    assert_eq!(verified_size(to.path()).await, 600);
}

#[tokio::test]
async fn what_does_not_verify_is_not_copied() {
    let to = tempfile::tempdir().unwrap();
    let mut log = Log::of(300);
    copy(&log, to.path()).await.unwrap();
    log.grow(700);
    log.witness();
    log.flip("tile/entries/002", 100);
    let error = copy(&log, to.path()).await.unwrap_err();
    assert!(matches!(error, CopyError::Log(VerifyError::Audit(_))), "{error}");
    assert_eq!(verified_size(to.path()).await, 300);
    log.flip("tile/entries/002", 100);
    assert_eq!(
        copy(&log, to.path()).await.unwrap().before,
        300,
        "the copy goes on when the log is well again"
    );
}

#[tokio::test]
async fn what_a_broken_off_copy_left_behind_does_no_harm() {
    let to = tempfile::tempdir().unwrap();
    let mut log = Log::of(300);
    copy(&log, to.path()).await.unwrap();
    // Files aside, and files in place that no checkpoint covers yet.
    fs::create_dir_all(to.path().join(".staging/tile/0")).unwrap();
    fs::write(to.path().join(".staging/tile/0/001"), b"half").unwrap();
    log.grow(700);
    log.witness();
    fs::copy(log.path("tile/0/001"), to.path().join("tile/0/001")).unwrap();
    assert_eq!(verified_size(to.path()).await, 300);
    copy(&log, to.path()).await.unwrap();
    assert_eq!(verified_size(to.path()).await, 1_000);
    assert!(!to.path().join(".staging").exists());
}

#[tokio::test]
async fn a_copy_that_was_spoilt_is_not_built_upon() {
    let to = tempfile::tempdir().unwrap();
    let mut log = Log::of(300);
    copy(&log, to.path()).await.unwrap();
    let tile = to.path().join("tile/0/001.p/44");
    let mut bytes = fs::read(&tile).unwrap();
    bytes[0] ^= 1;
    fs::write(tile, bytes).unwrap();
    log.grow(1);
    log.witness();
    let error = copy(&log, to.path()).await.unwrap_err();
    assert!(matches!(error, CopyError::Copy(_)), "{error}");
}

#[tokio::test]
async fn a_folder_is_for_one_log() {
    let to = tempfile::tempdir().unwrap();
    let log = Log::of(5);
    copy(&log, to.path()).await.unwrap();
    let other = Trust::of_key(other_key()).unwrap();
    let error = mirror(&log.source(), &other, to.path(), |_| {}).await.unwrap_err();
    assert!(matches!(error, CopyError::OtherLog(_)), "{error}");
}

#[tokio::test]
async fn two_copies_into_one_folder_do_not_run_at_once() {
    let to = tempfile::tempdir().unwrap();
    let lock = fs::File::create(to.path().join(".lock")).unwrap();
    lock.lock().unwrap();
    let error = copy(&Log::of(5), to.path()).await.unwrap_err();
    assert!(matches!(error, CopyError::Busy(_)), "{error}");
}

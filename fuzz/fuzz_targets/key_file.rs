//! Key files: no bytes make reading panic, and what is read is written as a file that holds the same key.
#![no_main]

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::LazyLock;

use kw_runtime::key_file::KeyFile;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| TempDir::new().expect("a folder for the file"));

fuzz_target!(|bytes: &[u8]| {
    let given = FOLDER.path().join("given");
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&given)
        .and_then(|mut file| file.write_all(bytes))
        .expect("the folder can be written to");
    match KeyFile::read(&given) {
        Ok(key) => {
            let written = key.create_in(FOLDER.path()).expect("the key can be written");
            let again = KeyFile::read(&written).expect("an own file is accepted");
            assert_eq!((again.kind, &again.chain, again.epoch), (key.kind, &key.chain, key.epoch));
            assert_eq!((&again.secret, again.use_from), (&key.secret, key.use_from));
            fs::remove_file(written).expect("the file was just written");
        }
        Err(error) => {
            let _ = error.to_string();
        }
    }
});

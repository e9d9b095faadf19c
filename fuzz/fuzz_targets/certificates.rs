//! Certificates, keys, trust anchors and revocation lists: no bytes make loading panic, and what is loaded names the
//! party whose key it is.
//!
//! The first byte says which file is spoilt and how: replaced by the input, or a good one with some bytes changed.
#![no_main]

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use arbitrary::{Arbitrary as _, Unstructured};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kw_domain::{ChainName, Clock, Instant, ManualClock, Oin};
use kw_transport::authority::{Authority, IssueRequest};
use kw_transport::{Tls, TlsFiles};
use libfuzzer_sys::{Corpus, fuzz_target};
use tempfile::TempDir;

struct Setting {
    folder: TempDir,
    files: TlsFiles,
    oin: Oin,
    clock: Arc<dyn Clock>,
}

static SETTING: LazyLock<Setting> = LazyLock::new(|| {
    let folder = TempDir::new().expect("a folder for the files");
    let clock: Arc<dyn Clock> =
        Arc::new(ManualClock::new(Instant::parse("2026-11-21T09:30:00Z").expect("a moment")));
    let chain = ChainName::parse("fuzz").expect("a name");
    let authority = Authority::init_with_clock(&folder.path().join("authority"), &chain, Arc::clone(&clock))
        .expect("an authority");
    let oin = Oin::parse("00000099000000012000").expect("an OIN");
    let issued = authority
        .issue(&IssueRequest {
            name: "party".to_owned(),
            oin,
            hosts: vec!["localhost".to_owned()],
            validity: Duration::from_hours(24),
        })
        .expect("a certificate");
    Setting { folder, files: issued.tls_files(), oin, clock }
});

impl Setting {
    fn spoilt(&self, which: u8, content: &[u8]) -> TlsFiles {
        let path = self.folder.path().join("spoilt");
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(content))
            .expect("the folder can be written to");
        let mut files = self.files.clone();
        *place(&mut files, which) = path;
        files
    }
}

fn place(files: &mut TlsFiles, which: u8) -> &mut PathBuf {
    match which % 4 {
        0 => &mut files.certificate,
        1 => &mut files.key,
        2 => &mut files.trust_anchors,
        _ => &mut files.revocation_lists[0],
    }
}

/// The first PEM block of a file with some bytes of its DER changed, so that what is inside is reached.
fn damaged(pem: &str, changes: &[(u16, u8)]) -> Option<String> {
    let label = pem.strip_prefix("-----BEGIN ")?.split_once("-----")?.0;
    let (_, rest) = pem.split_once("-----\n")?;
    let (body, _) = rest.split_once("-----END")?;
    let mut der = STANDARD.decode(body.replace('\n', "")).ok()?;
    for (position, byte) in changes {
        let length = der.len();
        der[usize::from(*position) % length] = *byte;
    }
    Some(format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der)))
}

fn run(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let setting = &*SETTING;
    let (which, whole) = (u8::arbitrary(input)?, bool::arbitrary(input)?);
    let files = if whole {
        setting.spoilt(which, std::mem::replace(input, Unstructured::new(&[])).take_rest())
    } else {
        let changes: Vec<(u16, u8)> = Vec::arbitrary(input)?;
        let good =
            fs::read_to_string(place(&mut setting.files.clone(), which)).expect("a file of the authority");
        setting.spoilt(which, damaged(&good, &changes).expect("PEM").as_bytes())
    };
    if let Ok(tls) = Tls::load_with_clock(&files, Arc::clone(&setting.clock)) {
        if which % 4 != 0 {
            assert_eq!(tls.oin(), setting.oin);
        }
        let _ = (tls.not_after(), tls.revocation_lists_until(), tls.check_own_certificate());
        let _ = (tls.server_config(), tls.public_server_config());
    }
    Ok(())
}

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if run(&mut Unstructured::new(bytes)).is_ok() { Corpus::Keep } else { Corpus::Reject }
});

//! A development authority in a temporary folder, and parties of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kw_domain::{Clock, Oin, SystemClock};
use kw_transport::authority::{Authority, IssueRequest};
use kw_transport::{ClientOptions, Tls, TlsFiles};
use tempfile::TempDir;

pub(crate) const SWITCHBOARD: &str = "00000099000000001000";
pub(crate) const SCHOOL: &str = "00000099000000002000";

pub(crate) const DAY: Duration = Duration::from_hours(24);

pub(crate) fn hex(bytes: [u8; 32]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

pub(crate) fn oin(text: &str) -> Oin {
    Oin::parse(text).unwrap()
}

pub(crate) struct Town {
    pub(crate) authority: Authority,
    folder: TempDir,
}

impl Town {
    pub(crate) fn new() -> Self {
        Self::at(Arc::new(SystemClock))
    }

    pub(crate) fn at(clock: Arc<dyn Clock>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let chain = "youth".parse().unwrap();
        let authority = Authority::init_with_clock(folder.path(), &chain, clock).unwrap();
        Self { authority, folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The files of a new party, valid for a year on `localhost` and `127.0.0.1`.
    pub(crate) fn issue(&self, name: &str, number: &str) -> TlsFiles {
        self.issue_for(name, number, 365 * DAY)
    }

    pub(crate) fn issue_for(&self, name: &str, number: &str, validity: Duration) -> TlsFiles {
        let request = IssueRequest {
            name: name.to_owned(),
            oin: oin(number),
            hosts: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            validity,
        };
        self.authority.issue(&request).unwrap().tls_files()
    }

    pub(crate) fn party(&self, name: &str, number: &str) -> Tls {
        Tls::load(&self.issue(name, number)).unwrap()
    }

    /// Copies a party's files to fixed names, as an installation would have them, so that a test can replace them.
    pub(crate) fn install(&self, from: &TlsFiles) -> TlsFiles {
        let installed = TlsFiles {
            certificate: self.path("installed-own.pem"),
            key: self.path("installed-own.secret"),
            ..from.clone()
        };
        fs::copy(&from.certificate, &installed.certificate).unwrap();
        fs::copy(&from.key, &installed.key).unwrap();
        assert_eq!(fs::metadata(&installed.key).unwrap().permissions().mode() & 0o777, 0o600);
        installed
    }
}

pub(crate) fn patient() -> ClientOptions {
    ClientOptions { timeout: Duration::from_secs(20), connect_timeout: Duration::from_secs(20) }
}

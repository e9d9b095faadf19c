//! What an authority remembers: every certificate that it issued, and which of them it revoked.

use std::fs;
use std::path::Path;

use kw_domain::{ChainName, Instant, Oin};
use serde::{Deserialize, Serialize};

use super::AuthorityError;
use super::certificates::{Revocation, Serial};
use crate::hex::Hex;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Index {
    pub(super) chain: ChainName,
    /// The CRL number of the last publication (RFC 5280 §5.2.3).
    pub(super) list_number: u64,
    pub(super) issued: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    name: String,
    oin: Oin,
    /// Hexadecimal.
    serial: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    revoked: Option<Instant>,
}

impl Entry {
    pub(super) fn new(name: &str, oin: Oin, serial: &Serial) -> Self {
        Self { name: name.to_owned(), oin, serial: Hex(serial).to_string(), revoked: None }
    }
}

impl Index {
    pub(super) fn new(chain: ChainName) -> Self {
        Self { chain, list_number: 0, issued: Vec::new() }
    }

    pub(super) fn read(path: &Path) -> Result<Self, AuthorityError> {
        let text = fs::read_to_string(path)
            .map_err(|source| AuthorityError::Unreadable { path: path.to_owned(), source })?;
        serde_json::from_str(&text).map_err(|_| AuthorityError::Damaged { path: path.to_owned() })
    }

    pub(super) fn to_json(&self) -> Result<String, AuthorityError> {
        serde_json::to_string_pretty(self).map_err(|_| AuthorityError::Damaged { path: "index.json".into() })
    }

    /// Marks all certificates of a name; the ones that were revoked before keep their date.
    pub(super) fn revoke(&mut self, name: &str, now: Instant) -> Result<usize, AuthorityError> {
        if !self.issued.iter().any(|entry| entry.name == name) {
            return Err(AuthorityError::NotIssued);
        }
        let good = self.issued.iter_mut().filter(|entry| entry.name == name && entry.revoked.is_none());
        Ok(good.map(|entry| entry.revoked = Some(now)).count())
    }

    pub(super) fn revocations(&self) -> Result<Vec<Revocation>, AuthorityError> {
        let revoked = self.issued.iter().filter_map(|entry| Some((entry, entry.revoked?)));
        revoked.map(|(entry, at)| Ok(Revocation { serial: parse_serial(&entry.serial)?, at })).collect()
    }
}

fn parse_serial(hex: &str) -> Result<Serial, AuthorityError> {
    let damaged = || AuthorityError::Damaged { path: "index.json".into() };
    let mut serial = Serial::default();
    if hex.len() != 2 * serial.len() || !hex.is_ascii() {
        return Err(damaged());
    }
    for (byte, position) in serial.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(&hex[position..position + 2], 16).map_err(|_| damaged())?;
    }
    Ok(serial)
}

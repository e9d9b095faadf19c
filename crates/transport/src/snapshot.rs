//! One consistent state of trust: the own pair, the anchors and the revocation lists, judged together.

use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use kw_domain::{Instant, Oin};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::CertifiedKey;
use x509_parser::parse_x509_crl;
use zeroize::Zeroizing;

use crate::files::FileContents;
use crate::identity::{fingerprint, not_after, oin_of};
use crate::provider::provider;
use crate::{TlsError, TlsFiles};

/// Everything that a handshake consults. Never changed, only replaced.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) pair: Arc<CertifiedKey>,
    pub(crate) oin: Oin,
    pub(crate) certificate_sha256: [u8; 32],
    pub(crate) not_after: Instant,
    /// Judges certificates of clients.
    pub(crate) clients: Arc<dyn ClientCertVerifier>,
    /// Judges certificates of servers.
    pub(crate) servers: Arc<WebPkiServerVerifier>,
    /// When the first revocation list expires; `None` when revocation is not checked.
    pub(crate) lists_until: Option<Instant>,
    /// Counts the snapshots of this process; a connection that was judged by another one is judged again.
    pub(crate) generation: u64,
    /// Over the contents of all files: tells whether a reload brings anything new.
    pub(crate) contents: [u8; 32],
    pub(crate) loaded_at: Instant,
}

impl Snapshot {
    pub(crate) fn build(
        files: &TlsFiles,
        contents: &FileContents,
        generation: u64,
        now: Instant,
    ) -> Result<Self, TlsError> {
        let pair = key_pair((&files.certificate, &contents.certificate), (&files.key, &contents.key))?;
        let own = pair.end_entity_cert()?;
        let oin =
            oin_of(own).map_err(|source| TlsError::Identity { path: files.certificate.clone(), source })?;
        let certificate_sha256 = fingerprint(own);
        let not_after =
            not_after(own).map(seconds).ok_or_else(|| malformed(&files.certificate, CERTIFICATE))?;
        let anchors = Arc::new(trust_anchors(&files.trust_anchors, &contents.trust_anchors)?);
        let (lists, lists_until) = revocation_lists(files, contents, now)?;

        let mut clients = WebPkiClientVerifier::builder_with_provider(Arc::clone(&anchors), provider())
            // The hints could not follow a reload, and a party has one certificate to choose from.
            .clear_root_hint_subjects();
        let mut servers = WebPkiServerVerifier::builder_with_provider(anchors, provider());
        if !lists.is_empty() {
            clients = clients.with_crls(lists.iter().cloned()).enforce_revocation_expiration();
            servers = servers.with_crls(lists).enforce_revocation_expiration();
        }
        let unusable =
            |_| malformed(&files.trust_anchors, "combination of trust anchors and revocation lists");
        Ok(Self {
            pair: Arc::new(pair),
            oin,
            certificate_sha256,
            not_after,
            clients: clients.build().map_err(unusable)?,
            servers: servers.build().map_err(unusable)?,
            lists_until,
            generation,
            contents: digest_of(contents),
            loaded_at: now,
        })
    }
}

/// SHA-256 over the files, each preceded by its length so that no byte can move from one to the next unseen.
pub(crate) fn digest_of(contents: &FileContents) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    let files = [&contents.certificate, &*contents.key, &contents.trust_anchors];
    for file in files.into_iter().chain(&contents.revocation_lists) {
        context.update(&(file.len() as u64).to_be_bytes());
        context.update(file);
    }
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(context.finish().as_ref());
    sha256
}

/// A certificate and its key, each a path and the PEM that was read there.
pub(crate) fn key_pair(certificate: (&Path, &[u8]), key: (&Path, &[u8])) -> Result<CertifiedKey, TlsError> {
    let chain = certificates(certificate.0, certificate.1)?;
    let private = PrivateKeyDer::from_pem_slice(key.1).map_err(|_| malformed(key.0, KEY))?;
    let private = provider().key_provider.load_private_key(private).map_err(|_| malformed(key.0, KEY))?;
    let pair = CertifiedKey::new(chain, private);
    // A key that cannot be compared would only fail at the first handshake: it counts as a mismatch too.
    pair.keys_match().map_err(|_| TlsError::KeyMismatch {
        certificate: certificate.0.to_owned(),
        key: key.0.to_owned(),
    })?;
    Ok(pair)
}

/// The PKCS#8 of a key in PEM.
pub(crate) fn pkcs8(path: &Path, pem: &[u8]) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    match PrivateKeyDer::from_pem_slice(pem) {
        Ok(PrivateKeyDer::Pkcs8(key)) => Ok(Zeroizing::new(key.secret_pkcs8_der().to_vec())),
        _ => Err(malformed(path, PKCS8)),
    }
}

pub(crate) fn trust_anchors(path: &Path, pem: &[u8]) -> Result<RootCertStore, TlsError> {
    let mut anchors = RootCertStore::empty();
    for certificate in certificates(path, pem)? {
        anchors.add(certificate).map_err(|_| malformed(path, CERTIFICATE))?;
    }
    Ok(anchors)
}

pub(crate) fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|_| malformed(path, CERTIFICATE))?;
    if found.is_empty() { Err(malformed(path, CERTIFICATE)) } else { Ok(found) }
}

type Lists = Vec<CertificateRevocationListDer<'static>>;

fn revocation_lists(
    files: &TlsFiles,
    contents: &FileContents,
    now: Instant,
) -> Result<(Lists, Option<Instant>), TlsError> {
    match (files.revocation_lists.is_empty(), files.without_revocation) {
        (true, false) => return Err(TlsError::NoRevocationLists),
        (true, true) => return Ok((Vec::new(), None)),
        (false, true) => return Err(TlsError::RevocationContradiction),
        (false, false) => {}
    }
    let mut lists = Vec::new();
    let mut until: Option<Instant> = None;
    for (path, bytes) in files.revocation_lists.iter().zip(&contents.revocation_lists) {
        for list in lists_in(path, bytes)? {
            let end = end_of_list(path, &list)?;
            if end <= now {
                return Err(TlsError::RevocationListExpired { path: path.clone(), at: end });
            }
            until = Some(until.map_or(end, |earlier| earlier.min(end)));
            lists.push(list);
        }
    }
    Ok((lists, until))
}

/// Authorities publish DER, people keep PEM: both are read, and a file with neither is refused.
fn lists_in(path: &Path, bytes: &[u8]) -> Result<Lists, TlsError> {
    let mut lists: Lists =
        CertificateRevocationListDer::pem_slice_iter(bytes).collect::<Result<_, _>>().unwrap_or_default();
    if lists.is_empty() {
        lists.push(bytes.to_vec().into());
    }
    if lists.iter().all(|list| whole_list(list)) { Ok(lists) } else { Err(malformed(path, LIST)) }
}

fn whole_list(der: &[u8]) -> bool {
    parse_x509_crl(der).is_ok_and(|(rest, _)| rest.is_empty())
}

fn end_of_list(path: &Path, der: &[u8]) -> Result<Instant, TlsError> {
    let (_, list) = parse_x509_crl(der).map_err(|_| malformed(path, LIST))?;
    let end =
        list.next_update().ok_or_else(|| TlsError::RevocationListWithoutEnd { path: path.to_owned() })?;
    Ok(seconds(end.timestamp()))
}

fn seconds(since_1970: i64) -> Instant {
    Instant::from_millis(since_1970.saturating_mul(1000))
}

fn malformed(path: &Path, expected: &'static str) -> TlsError {
    TlsError::Malformed { path: path.to_owned(), expected }
}

const CERTIFICATE: &str = "certificate";
const KEY: &str = "private key";
const PKCS8: &str = "private key in PKCS#8 (BEGIN PRIVATE KEY)";
const LIST: &str = "revocation list";

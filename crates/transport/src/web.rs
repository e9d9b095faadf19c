//! Servers outside the chain, such as a partner's OpenID provider: known by their host name under the roots of the web or
//! of an organisation, not by an OIN.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kw_domain::Clock;
use reqwest::redirect;
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, RootCertStore};
use zeroize::Zeroizing;

use crate::client::USER_AGENT;
use crate::files::{read, read_secret};
use crate::provider::{ClockTime, VERSIONS, provider};
use crate::server::ALPN;
use crate::snapshot::{key_pair, pkcs8, trust_anchors};
use crate::{ClientOptions, TlsError};

/// A client for such servers, without a certificate of its own. It follows no redirects: an address is what the
/// agreement or a discovery document says, and no server sends us elsewhere. Addresses are for the caller to judge; it
/// speaks plain http too, which some test chains need on loopback.
///
/// `roots` are PEM files; with none the roots of this machine count.
pub fn web_client(
    roots: &[PathBuf],
    clock: Arc<dyn Clock>,
    options: ClientOptions,
) -> Result<reqwest::Client, TlsError> {
    client(roots, None, clock, options)
}

/// The same, with a certificate of its own: the files of the certificate (followed by its intermediates) and of its key,
/// both PEM. They are read once.
pub fn web_client_with_certificate(
    roots: &[PathBuf],
    certificate: &Path,
    key: &Path,
    clock: Arc<dyn Clock>,
    options: ClientOptions,
) -> Result<reqwest::Client, TlsError> {
    client(roots, Some((certificate, key)), clock, options)
}

/// A private key in PKCS#8 (DER) from a PEM file, to sign statements with.
pub fn private_key(path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    pkcs8(path, &read_secret(path)?)
}

fn client(
    roots: &[PathBuf],
    own: Option<(&Path, &Path)>,
    clock: Arc<dyn Clock>,
    options: ClientOptions,
) -> Result<reqwest::Client, TlsError> {
    let mut store = RootCertStore::empty();
    if roots.is_empty() {
        // A machine without roots can still run whatever asks no such server.
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    for path in roots {
        store.extend(trust_anchors(path, &read(path)?)?.roots);
    }
    let builder = ClientConfig::builder_with_details(provider(), Arc::new(ClockTime(clock)))
        .with_protocol_versions(&VERSIONS)?
        .with_root_certificates(Arc::new(store));
    let mut config = match own {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let pair = key_pair((certificate, &read(certificate)?), (key, &read_secret(key)?))?;
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(pair)))
        }
    };
    config.alpn_protocols = ALPN.map(<[u8]>::to_vec).to_vec();
    #[expect(
        clippy::expect_used,
        reason = "fails only if the TLS configuration is of another rustls than the client's, which tests would show"
    )]
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .no_proxy()
        .redirect(redirect::Policy::none())
        .referer(false)
        .user_agent(USER_AGENT)
        .timeout(options.timeout)
        .connect_timeout(options.connect_timeout)
        .tcp_nodelay(true)
        .build()
        .expect("the client is made of constants");
    Ok(client)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use kw_domain::SystemClock;

    use super::*;

    #[test]
    fn roots_that_cannot_be_read_are_named() {
        let missing = PathBuf::from("/nowhere/root.pem");
        let made =
            web_client(std::slice::from_ref(&missing), Arc::new(SystemClock), ClientOptions::default());
        assert!(matches!(made, Err(TlsError::Unreadable { path, .. }) if path == missing));
        let wrong = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let made = web_client(&[wrong], Arc::new(SystemClock), ClientOptions::default());
        assert!(matches!(made, Err(TlsError::Malformed { .. })));
        assert!(web_client(&[], Arc::new(SystemClock), ClientOptions::default()).is_ok());
    }
}

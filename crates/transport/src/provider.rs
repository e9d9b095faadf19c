//! The one source of cryptography and of time for every TLS configuration.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use kw_domain::Clock;
use rustls::SupportedProtocolVersion;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;
use rustls::version::{TLS12, TLS13};

/// TLS 1.3, and 1.2 for partners that have nothing newer.
pub(crate) static VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

/// Given to every builder by hand: a process default could be set by any other library.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> =
        LazyLock::new(|| Arc::new(aws_lc_rs::default_provider()));
    Arc::clone(&PROVIDER)
}

/// The process's clock as rustls wants it.
#[derive(Debug)]
pub(crate) struct ClockTime(pub(crate) Arc<dyn Clock>);

impl ClockTime {
    pub(crate) fn now(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(self.seconds()).unwrap_or(0)))
    }

    /// Seconds since 1970.
    pub(crate) fn seconds(&self) -> i64 {
        self.0.now().as_seconds()
    }
}

impl TimeProvider for ClockTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.now())
    }
}

#[cfg(test)]
mod tests {
    use rustls::{CipherSuite, SupportedCipherSuite};

    use super::*;

    #[test]
    fn every_cipher_suite_is_authenticated_and_forward_secret() {
        for suite in &provider().cipher_suites {
            match suite {
                SupportedCipherSuite::Tls13(_) => {}
                SupportedCipherSuite::Tls12(_) => assert!(
                    matches!(
                        suite.suite(),
                        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
                            | CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
                            | CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
                            | CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
                            | CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
                            | CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
                    ),
                    "{suite:?}"
                ),
            }
        }
    }

    #[test]
    fn the_hybrid_post_quantum_exchange_comes_first() {
        assert_eq!(provider().kx_groups[0].name(), rustls::NamedGroup::X25519MLKEM768);
    }
}

//! Which addresses of providers are used.

use std::net::IpAddr;

use kw_agreement::Environment;
use kw_telemetry::{Explain, Reason};
use url::{Host, Url};

/// Whether a provider on this machine may be reached without TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loopback {
    /// TLS always.
    Refused,
    /// In a chain for tests: a provider that a test started.
    Admitted,
}

impl Loopback {
    /// What this environment admits.
    pub fn of(environment: Environment) -> Self {
        match environment {
            Environment::Production => Self::Refused,
            Environment::Test => Self::Admitted,
        }
    }
}

/// Why an address is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is not one.
    #[error("the provider's address is no valid URL")]
    Form,
    /// It is not protected.
    #[error("the provider's address does not begin with https:")]
    Plain,
    /// It holds something that has no business there.
    #[error("the provider's address has a user name or a fragment")]
    Parts,
}

impl Explain for AddressError {
    fn explain(&self, reason: &mut Reason) {
        reason.say(match self {
            Self::Form => "the address is no valid URL",
            Self::Parts => "the address has a user name or a fragment",
            Self::Plain => "the address does not begin with https:",
        });
    }
}

/// The address, if it may be used.
pub(crate) fn usable(address: &str, loopback: Loopback) -> Result<Url, AddressError> {
    let url = Url::parse(address).map_err(|_| AddressError::Form)?;
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(AddressError::Parts);
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if loopback == Loopback::Admitted && is_loopback(&url) => Ok(url),
        _ => Err(AddressError::Plain),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        // RFC 6761 §6.3.
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_protected_addresses_are_used_and_in_a_test_those_of_this_machine() {
        for good in ["https://login.example/jwks", "https://login.example:8443/a?b=c"] {
            assert!(usable(good, Loopback::Refused).is_ok());
        }
        for here in ["http://127.0.0.1:4000/jwks", "http://[::1]:4000/jwks", "http://localhost/jwks"] {
            assert_eq!(usable(here, Loopback::Refused), Err(AddressError::Plain));
            assert!(usable(here, Loopback::Admitted).is_ok());
        }
        for elsewhere in ["http://login.example/jwks", "http://localhost.example/", "ftp://127.0.0.1/"] {
            assert_eq!(usable(elsewhere, Loopback::Admitted), Err(AddressError::Plain));
        }
        assert_eq!(usable("https://a@login.example/", Loopback::Refused), Err(AddressError::Parts));
        assert_eq!(usable("login.example", Loopback::Refused), Err(AddressError::Form));
    }
}

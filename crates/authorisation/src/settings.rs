//! `[authorisation]` in `partner.toml`.

use std::path::PathBuf;

use kw_agreement::Environment;
use kw_domain::{Oin, Purpose, Role};
use serde::Deserialize;

/// What the holder's authorisation server is told by its operator. Where it is and which provider it trusts stand in the
/// agreement.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorisationSettings {
    /// As what the provider knows this holder.
    pub client_id: String,
    /// The key (P-256, PKCS #8 in DER) that proves it to the provider (`private_key_jwt`, OpenID Connect Core §9).
    pub client_key: PathBuf,
    /// What a personal environment gets data for. The agreement has its rules, and says it in words for the person.
    pub purpose: Purpose,
    /// As what a personal environment gets them, in the words of the agreement.
    pub role: Role,
    /// The personal environments that may send people here. None: nobody may.
    #[serde(default)]
    pub clients: Vec<ClientSettings>,
}

/// `[[authorisation.clients]]`: one personal environment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientSettings {
    /// Who, as its certificate says.
    pub oin: Oin,
    /// Where it may have its people sent back to; compared as text and whole.
    pub redirect_uris: Vec<String>,
}

impl AuthorisationSettings {
    /// The redirect addresses of a client; `None` for one that may not ask here.
    pub fn redirects(&self, client: Oin) -> Option<&[String]> {
        let found = self.clients.iter().find(|one| one.oin == client);
        found.map(|client| client.redirect_uris.as_slice()).filter(|redirects| !redirects.is_empty())
    }

    /// What is wrong with them, for the operator. In a chain for tests a personal environment may have its pages on this machine
    /// without TLS.
    pub fn check(&self, environment: Environment) -> Result<(), SettingsError> {
        let here = |url: &url::Url| {
            environment == Environment::Test
                && url.scheme() == "http"
                && matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"))
        };
        for uri in self.clients.iter().flat_map(|client| &client.redirect_uris) {
            let parsed = url::Url::parse(uri).ok();
            if !parsed.is_some_and(|url| (url.scheme() == "https" || here(&url)) && url.fragment().is_none())
            {
                return Err(SettingsError::Redirect { uri: uri.clone() });
            }
        }
        let mut oins: Vec<Oin> = self.clients.iter().map(|client| client.oin).collect();
        oins.sort_unstable();
        match oins.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(SettingsError::Twice { oin: pair[0] }),
            None => Ok(()),
        }
    }
}

/// What is wrong with `[authorisation]`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A redirect address that no code may be sent to.
    #[error("the redirect address {uri:?} must begin with https: and have no fragment")]
    Redirect {
        /// As it stands in the file.
        uri: String,
    },
    /// Two entries for one client.
    #[error("{oin} has two entries in [[authorisation.clients]]: put all redirect addresses into one")]
    Twice {
        /// The client.
        oin: Oin,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(clients: &[(&str, &[&str])]) -> AuthorisationSettings {
        AuthorisationSettings {
            client_id: "holder".to_owned(),
            client_key: PathBuf::from("provider.key"),
            purpose: Purpose::parse("own-insight").unwrap(),
            role: Role::parse("citizen").unwrap(),
            clients: clients
                .iter()
                .map(|(oin, uris)| ClientSettings {
                    oin: Oin::parse(oin).unwrap(),
                    redirect_uris: uris.iter().map(|uri| (*uri).to_owned()).collect(),
                })
                .collect(),
        }
    }

    #[test]
    fn redirect_addresses_are_https_and_each_client_has_one_entry() {
        let (one, other) = ("00000099000000011000", "00000099000000012000");
        assert_eq!(
            settings(&[(one, &["https://a.example/x"]), (other, &[])]).check(Environment::Production),
            Ok(())
        );
        for wrong in ["http://a.example/x", "https://a.example/x#y", "/x", "javascript:alert(1)"] {
            let uri = wrong.to_owned();
            assert_eq!(
                settings(&[(one, &[wrong])]).check(Environment::Test),
                Err(SettingsError::Redirect { uri })
            );
        }
        let here = settings(&[(one, &["http://127.0.0.1:8000/x"])]);
        assert_eq!(here.check(Environment::Test), Ok(()));
        assert!(here.check(Environment::Production).is_err());
        let twice = settings(&[(one, &[]), (one, &[])]).check(Environment::Test);
        assert_eq!(twice, Err(SettingsError::Twice { oin: Oin::parse(one).unwrap() }));
    }

    #[test]
    fn a_client_without_redirect_address_may_not_ask() {
        let (one, other) = ("00000099000000011000", "00000099000000012000");
        let settings = settings(&[(one, &["https://a.example/x"]), (other, &[])]);
        assert!(settings.redirects(Oin::parse(one).unwrap()).is_some());
        assert!(settings.redirects(Oin::parse(other).unwrap()).is_none());
        assert!(settings.redirects(Oin::parse("00000099000000013000").unwrap()).is_none());
    }
}

//! What an operator writes about a server.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

/// A server: where it is, who we are there, and how much is taken of it. In configuration: `[api]`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiConfig {
    /// The address under which everything is. Over TLS, unless it is on this machine.
    pub base_url: String,
    /// Trust anchors (PEM); without them those of the machine.
    #[serde(default)]
    pub trust_anchors: Vec<PathBuf>,
    /// Our certificate for mutual TLS, with this server and with the token server.
    pub client_certificate: Option<ClientCertificate>,
    /// How we say who we are.
    #[serde(default)]
    pub auth: Authentication,
    /// How long one exchange may take, in milliseconds.
    #[serde(default = "ApiConfig::usual_timeout")]
    pub timeout_ms: u64,
    /// The most bytes that one answer may have.
    #[serde(default = "ApiConfig::usual_answer")]
    pub max_answer_bytes: usize,
}

/// The files of a certificate and its key.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientCertificate {
    /// The certificate, followed by its intermediates, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM, not readable by others.
    pub key: PathBuf,
}

/// How we say who we are.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Authentication {
    /// By the client certificate, or not at all (only on this machine).
    #[default]
    None,
    /// By a secret in a header, as in `X-Api-Key`.
    Header {
        /// The header.
        name: String,
        /// What stands before the secret, such as `Bearer `.
        #[serde(default)]
        prefix: String,
        /// The file with the secret. It is read anew for each request.
        file: PathBuf,
    },
    /// By a token that is asked for (OAuth 2.0 client credentials; SMART Backend Services).
    #[serde(rename = "oauth2")]
    ClientCredentials {
        /// Where tokens are.
        token_url: String,
        /// Our name there.
        client_id: String,
        /// What we ask for.
        scope: Option<String>,
        /// The resource or audience to name, where the token server wants one (RFC 8707 `resource`).
        resource: Option<String>,
        /// A file with our secret (`client_secret_basic`).
        client_secret_file: Option<PathBuf>,
        /// Whether the secret goes into the body (`client_secret_post`).
        #[serde(default)]
        secret_in_body: bool,
        /// A file with our private key, PKCS#8 in PEM: P-256, P-384 or RSA (`private_key_jwt`, RFC 7523).
        private_key_file: Option<PathBuf>,
        /// The name of that key at the token server.
        key_id: Option<String>,
    },
}

impl ApiConfig {
    /// A server on this machine, as tests have it.
    pub fn at(base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            trust_anchors: Vec::new(),
            client_certificate: None,
            auth: Authentication::None,
            timeout_ms: Self::usual_timeout(),
            max_answer_bytes: Self::usual_answer(),
        }
    }

    /// The files that are named, for whoever knows from which folder relative paths start.
    pub fn files(&mut self) -> Vec<&mut PathBuf> {
        let mut files: Vec<&mut PathBuf> = self.trust_anchors.iter_mut().collect();
        if let Some(own) = &mut self.client_certificate {
            files.extend([&mut own.certificate, &mut own.key]);
        }
        match &mut self.auth {
            Authentication::None => {}
            Authentication::Header { file, .. } => files.push(file),
            Authentication::ClientCredentials { client_secret_file, private_key_file, .. } => {
                files.extend([client_secret_file, private_key_file].into_iter().flatten());
            }
        }
        files
    }

    fn usual_timeout() -> u64 {
        10_000
    }

    fn usual_answer() -> usize {
        16 * 1024 * 1024
    }
}

impl fmt::Debug for ApiConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password until it has been refused for it.
        f.debug_struct("ApiConfig").field("auth", &self.auth).finish_non_exhaustive()
    }
}

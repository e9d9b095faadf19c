//! What the configuration of every web application has.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kw_client::{LocalClient, LocalToken};
use kw_domain::Clock;
use kw_runtime::SharedAgreement;
use kw_runtime::config::{Folder, read_secret};
use kw_runtime::party::AgreementFileError;
use serde::Deserialize;

use crate::ShellError;

/// `[web]`: where browsers reach the pages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebSettings {
    /// The address that browsers use, without a trailing slash. `http` on this machine only.
    pub address: String,
    /// A folder of its own, made at the first start: what the agreement said the last time stands there, so that a wider one that
    /// nobody approved does not come into force by a restart.
    pub memory: PathBuf,
}

impl WebSettings {
    /// Makes relative paths start at the folder of the configuration.
    pub fn resolve_paths(&mut self, folder: &Folder) {
        folder.resolve(&mut self.memory);
    }

    /// The agreement in force.
    pub fn agreement(
        &self,
        file: &Path,
        clock: Arc<dyn Clock>,
    ) -> Result<SharedAgreement, AgreementFileError> {
        // What cannot be made cannot be written into either, which is told with its reason.
        let _ = fs::create_dir_all(&self.memory);
        SharedAgreement::load_remembering(file, &self.memory, clock)
    }
}

/// `[sign_in]`: how this application is known at the OpenID provider. Which provider, and what its roles mean, stands in the
/// agreement.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignInSettings {
    /// A file with the client secret, if the provider gave one. Without it, PKCE alone ties the answer to the question.
    pub client_secret_file: Option<PathBuf>,
    /// A key (P-256, PKCS #8 in DER) that proves who asks (`private_key_jwt`), instead of a secret.
    pub client_key: Option<PathBuf>,
    /// Whom to trust as authority of the provider's certificate (PEM); the machine's own roots when left out.
    pub roots: Vec<PathBuf>,
}

/// `[partner]`: the local API of the partner process on this machine, for applications that ask it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerSettings {
    /// Its `[local] listen`.
    pub address: SocketAddr,
    /// Its `[local] token_file`.
    pub token_file: PathBuf,
}

impl PartnerSettings {
    /// Makes relative paths start at the folder of the configuration.
    pub fn resolve_paths(&mut self, folder: &Folder) {
        folder.resolve(&mut self.token_file);
    }

    /// Whoever asks it.
    pub fn client(&self) -> Result<LocalClient, ShellError> {
        let token = read_secret(&self.token_file).map_err(ShellError::Token)?;
        let token = LocalToken::parse(&String::from_utf8_lossy(&token)).map_err(ShellError::Partner)?;
        LocalClient::new(self.address, token).map_err(ShellError::Partner)
    }
}

/// `[session]`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionSettings {
    /// A session that nobody uses ends after so many minutes.
    pub idle_minutes: u64,
    /// Every session ends after so many minutes.
    pub longest_minutes: u64,
    /// A sensitive act needs a sign-in of at most so many minutes ago.
    pub fresh_minutes: u64,
    /// So many sessions at once; one more has to wait.
    pub most: usize,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self { idle_minutes: 15, longest_minutes: 8 * 60, fresh_minutes: 5, most: 10_000 }
    }
}

impl SignInSettings {
    /// Makes relative paths start at the folder of the configuration.
    pub fn resolve_paths(&mut self, folder: &Folder) {
        let optional = [&mut self.client_secret_file, &mut self.client_key];
        for path in optional.into_iter().flatten().chain(&mut self.roots) {
            folder.resolve(path);
        }
    }
}

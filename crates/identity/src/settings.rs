//! `[identity]` in a service's configuration.

use std::path::PathBuf;

use kw_runtime::config::Folder;
use serde::Deserialize;

/// How the identity providers of partners are reached. Which ones there are stands in the agreement.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdentitySettings {
    /// PEM files with the roots under which the providers' certificates are trusted; the machine's own when none is given.
    pub roots: Vec<PathBuf>,
}

impl IdentitySettings {
    /// Lets relative paths start at the configuration's folder.
    pub fn resolve_paths(&mut self, folder: &Folder) {
        for path in &mut self.roots {
            folder.resolve(path);
        }
    }
}

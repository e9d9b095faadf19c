//! `[ledger]` of a service's configuration file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kw_runtime::config::Folder;
use serde::Deserialize;

/// How a service publishes its log. Every part has a default that suits most.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct LedgerSettings {
    /// How long after one publication the next is tried, in milliseconds: 50 to 1,000.
    pub publish_interval_ms: u64,
    /// How long entries may go without a checkpoint that enough witnesses cosigned before it is an alarm, in seconds.
    pub quorum_alarm_seconds: u64,
    /// The file that remembers the last signed checkpoint; in the key folder when left out.
    pub memory: Option<PathBuf>,
    /// Says in words that the service may go on before any witness confirmed that nothing newer is known of its log. Only
    /// where the operator is sure that the database was not restored.
    pub start_unconfirmed: bool,
}

impl LedgerSettings {
    /// The folder of what this process remembers outside its database: that of the memory file, else that of the keys.
    pub fn memory_folder<'a>(&'a self, keys: &'a Path) -> &'a Path {
        self.memory.as_deref().and_then(Path::parent).unwrap_or(keys)
    }

    /// Makes a relative path start at the folder of the configuration file.
    pub fn resolve_paths(&mut self, folder: &Folder) {
        if let Some(memory) = &mut self.memory {
            folder.resolve(memory);
        }
    }

    pub(crate) fn publish_interval(&self) -> Duration {
        Duration::from_millis(self.publish_interval_ms.clamp(50, 1_000))
    }

    pub(crate) fn quorum_alarm(&self) -> Duration {
        Duration::from_secs(self.quorum_alarm_seconds)
    }
}

impl Default for LedgerSettings {
    fn default() -> Self {
        Self { publish_interval_ms: 500, quorum_alarm_seconds: 600, memory: None, start_unconfirmed: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_stays_within_what_is_promised() {
        for (written, kept) in [(0, 50), (50, 50), (700, 700), (60_000, 1_000)] {
            let settings = LedgerSettings { publish_interval_ms: written, ..LedgerSettings::default() };
            assert_eq!(settings.publish_interval(), Duration::from_millis(kept));
        }
    }
}

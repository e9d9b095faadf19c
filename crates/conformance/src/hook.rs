//! How a source is changed for the suite: only the partner knows.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use tokio::process::Command;

/// What is done to the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// One record is added, about a made-up person.
    Add,
    /// The document of that record is changed.
    Change,
    /// That record is removed.
    Remove,
    /// A row is added that cannot be used.
    Poison,
    /// That row is removed.
    Mend,
    /// The source is made slow.
    Slow,
    /// It is made as fast as before.
    Fast,
}

impl Act {
    /// The word that a hook gets.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Change => "change",
            Self::Remove => "remove",
            Self::Poison => "poison",
            Self::Mend => "mend",
            Self::Slow => "slow",
            Self::Fast => "fast",
        }
    }
}

/// Changes a source.
#[async_trait]
pub trait Hook: std::fmt::Debug + Send + Sync {
    /// Does it, and is back when it is done.
    async fn act(&self, act: Act) -> Result<(), HookError>;
}

/// Why the source was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// The hook does not know how.
    #[error("the hook does not do that")]
    Unsupported,
    /// The hook broke off.
    #[error("the hook failed")]
    Failed,
    /// The hook did not come to an end.
    #[error("the hook took longer than a minute")]
    TooLong,
}

/// A program of the partner, which gets the act as its only argument. It ends with 0 when the act is done and with 64
/// when it does not know how.
#[derive(Debug, Clone)]
pub struct CommandHook {
    /// The program.
    pub program: PathBuf,
}

#[async_trait]
impl Hook for CommandHook {
    async fn act(&self, act: Act) -> Result<(), HookError> {
        let mut command = Command::new(&self.program);
        // What it says stays with whoever runs the suite; it is not part of any report.
        command.arg(act.as_str()).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        let ended = tokio::time::timeout(LONGEST, command.status())
            .await
            .map_err(|_| HookError::TooLong)?
            .map_err(|_| HookError::Failed)?;
        match ended.code() {
            Some(0) => Ok(()),
            Some(UNSUPPORTED) => Err(HookError::Unsupported),
            _ => Err(HookError::Failed),
        }
    }
}

const LONGEST: Duration = Duration::from_mins(1);
const UNSUPPORTED: i32 = 64;

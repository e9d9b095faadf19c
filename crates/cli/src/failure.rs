//! Why a command failed: one line that says what, one that says what to do next.

use kw_client::{ClientError, Refused};
use kw_demo::DemoError;
use kw_protocol::problem::ProblemCode;
use kw_runtime::config::ConfigError;
use kw_store::OpenError;

use crate::exit::Exit;

/// A failure, and how the process ends because of it.
#[derive(Debug)]
pub(crate) struct Failure {
    /// How the process ends.
    pub(crate) exit: Exit,
    /// What is wrong. Never repeats an argument that may name a person.
    pub(crate) what: String,
    /// What to do next; empty where `what` says it.
    pub(crate) next: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { exit, what: what.into(), next: next.into() }
    }

    pub(crate) fn usage(what: impl std::fmt::Display, next: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what.to_string(), next)
    }

    pub(crate) fn configuration(what: impl std::fmt::Display, next: impl Into<String>) -> Self {
        Self::new(Exit::Configuration, what.to_string(), next)
    }

    pub(crate) fn fault(what: impl std::fmt::Display) -> Self {
        Self::new(Exit::Fault, what.to_string(), "try again; if it stays, report it with the log")
    }

    /// A service that did not start or broke off.
    pub(crate) fn service(error: &anyhow::Error) -> Self {
        // The causes that another attempt may cure.
        let unreachable = error.chain().any(|cause| {
            matches!(cause.downcast_ref(), Some(OpenError::Connection(_)))
                || cause
                    .downcast_ref::<std::io::Error>()
                    .is_some_and(|io| io.kind() == std::io::ErrorKind::AddrInUse)
        });
        let exit = if unreachable { Exit::Unavailable } else { Exit::Configuration };
        Self::new(exit, format!("{error:#}"), "ask `ketenwijzer doctor --config FILE` what a start needs")
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::configuration(error, "every setting is in deploy/config/")
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let (exit, next) = match &error {
            ClientError::Address(_) => (Exit::Configuration, "correct the configuration"),
            ClientError::Identity => {
                (Exit::Configuration, "look at both certificates with `ketenwijzer doctor`")
            }
            ClientError::Malformed(_) => (Exit::Fault, "compare the versions of both sides"),
            ClientError::Problem(refused) => return refused_by(refused),
            ClientError::TimedOut | ClientError::Unreachable => {
                (Exit::Unavailable, "look whether `ketenwijzer partner serve` runs with this configuration")
            }
        };
        Self::new(exit, error.to_string(), next)
    }
}

fn refused_by(refused: &Refused) -> Failure {
    let problem = &refused.problem;
    let exit = match ProblemCode::from_code(problem.code()) {
        Some(ProblemCode::Invalid) => Exit::Usage,
        Some(ProblemCode::Fault) => Exit::Fault,
        Some(ProblemCode::CertificateRefused | ProblemCode::TokenRefused) => Exit::Configuration,
        _ if problem.retryable => Exit::Unavailable,
        _ => Exit::Refused,
    };
    let mut next = match refused.retry_after {
        Some(after) => format!("try again after {} s", after.as_secs()),
        None if problem.retryable => "try again".to_owned(),
        None => format!("docs/errors.md says what `{}` means", problem.code()),
    };
    for error in &problem.errors {
        next = format!("{next}\n        {}: {}", error.pointer, error.detail);
    }
    Failure::new(exit, refused.to_string(), next)
}

impl From<DemoError> for Failure {
    fn from(error: DemoError) -> Self {
        let (exit, next) = match &error {
            DemoError::NotEmpty { .. } | DemoError::NoData { .. } => (Exit::Usage, ""),
            DemoError::Interrupted => (Exit::Interrupted, "nothing is left running"),
            DemoError::Database(_) => (
                Exit::Unavailable,
                "name a server where this user may make databases: postgres://user@host/postgres",
            ),
            DemoError::File { .. } => {
                (Exit::Configuration, "check the path, its permissions and the free space")
            }
            DemoError::Source(_) => (Exit::Usage, "correct the folder that --data names"),
            DemoError::Client { source, .. } => {
                let inner = Self::from(source.clone());
                return Self::new(
                    inner.exit,
                    error.to_string(),
                    "keep the folder with --dir DIR, and read the logs in it",
                );
            }
            _ => (Exit::Fault, "keep the folder with --dir DIR, and read the logs in it"),
        };
        Self::new(exit, error.to_string(), next)
    }
}

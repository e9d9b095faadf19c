//! `cargo xtask openapi`: the documents as the services serve them.

use crate::run::{cargo, succeed};

/// Each service's test compares its document with the file; told to, it writes the file.
pub(crate) fn write() -> anyhow::Result<()> {
    for service in ["kw-switchboard", "kw-pseudonymiser", "kw-partner", "kw-personal"] {
        succeed(
            cargo()
                .args(["test", "-q", "-p", service, "--test", "it", "description"])
                .env("UPDATE_OPENAPI", "1"),
        )?;
    }
    Ok(())
}

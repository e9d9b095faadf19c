//! The database, and what a partner has beside it.

use kw_partner::{PartnerConfig, SourceSystem};
use kw_store::{DatabaseConfig, OpenError, Store, partner, pseudonymiser, switchboard};

use super::findings::Findings;
use super::{Patient, Role};

pub(super) async fn examine(patient: &Patient, findings: &mut Findings) {
    let (database, role) = (patient.config.database.clone(), patient.role);
    let asked = tokio::task::spawn_blocking(move || pending(&database, role)).await;
    match asked {
        Ok(Ok(Some(0))) => findings.good("database", "reachable, its schema is up to date"),
        Ok(Ok(Some(count))) => {
            let next = "back it up; the next start brings it up to date";
            findings.doubtful("database", format!("{count} migrations are still to be made"), next);
        }
        Ok(Ok(None)) => findings.good("database", "is made at the first start"),
        Ok(Err(error)) => {
            findings.wrong(
                "database",
                error.to_string(),
                "check database.url, the server, and the permissions",
            );
        }
        Err(_) => findings.wrong("database", "looking at it broke off", "look at the disk and the server"),
    }
    if patient.role == Role::Partner {
        sources(&patient.config, findings);
    }
}

fn pending(database: &DatabaseConfig, role: Role) -> Result<Option<usize>, OpenError> {
    match role {
        Role::Partner => Store::<partner::Partner>::pending_migrations(database),
        Role::Pseudonymiser => Store::<pseudonymiser::Pseudonymiser>::pending_migrations(database),
        Role::Switchboard => Store::<switchboard::Switchboard>::pending_migrations(database),
    }
}

fn sources(config: &PartnerConfig, findings: &mut Findings) {
    if config.sources.is_empty() {
        findings.good("sources", "none: this partner only asks");
    }
    for source in &config.sources {
        match &source.system {
            SourceSystem::Files(files) if !files.folder.is_dir() => findings.wrong(
                "sources",
                format!("{}: there is no folder {}", source.name, files.folder.display()),
                "put it back, or correct `folder`",
            ),
            SourceSystem::Files(files) if !files.absent().is_empty() => {
                let names: Vec<String> = files.absent().iter().map(ToString::to_string).collect();
                findings.doubtful(
                    "sources",
                    format!("{}: there is no file for {}", source.name, names.join(", ")),
                    "put it back, or take the category out of the configuration",
                );
            }
            SourceSystem::Files(files) => {
                findings
                    .good("sources", format!("{}: {} files are there", source.name, files.categories.len()));
            }
            SourceSystem::Sql(sql) => {
                let what = format!("{}: a database with {} categories", source.name, sql.categories.len());
                findings.good("sources", what);
            }
            SourceSystem::Rest(rest) => {
                let what = format!("{}: an API with {} categories", source.name, rest.categories.len());
                findings.good("sources", what);
            }
            SourceSystem::Fhir(fhir) => {
                let what =
                    format!("{}: a FHIR server with {} categories", source.name, fhir.categories.len());
                findings.good("sources", what);
            }
        }
    }
    if config.local.listen.port() == 0 {
        findings.doubtful(
            "local API",
            "has no port of its own, so the commands do not find it",
            "give local.listen a port, 127.0.0.1:9444 for example",
        );
    }
}

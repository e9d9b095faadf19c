//! `partner conformance`: does a source, and an adapter that runs, do what the chain relies on?

use std::fs;
use std::io::{BufRead as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use clap::Args;
use kw_agreement::Environment;
use kw_client::{Context, Entropy};
use kw_conformance::{
    Act, Asking, CommandHook, Hook, HookError, MtlsAdapter, MtlsError, Outcome, Report, SourceTrial, page,
    try_adapter, try_source,
};
use kw_domain::{ActorId, BirthDate, CaseReference, Purpose, Role, SourceName, Subject};
use kw_partner::{PartnerConfig, Workbench};
use kw_protocol::query::{Actor, Assurance, Relation};
use kw_transport::Tls;
use reqwest::Url;

use super::asking::Basis;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, note, tall_table};
use crate::subject::{OptionalSubject, check_birth_date};

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The partner's configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Only this source; may be repeated. None of them with --running alone.
    #[arg(long = "source", value_name = "NAME", value_parser = SourceName::parse)]
    sources: Vec<SourceName>,
    /// How many documents of each source are fetched at most.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    sample: usize,
    /// A program that changes the source: it gets `add`, `change`, `remove`, `poison`, `mend`, `slow` or `fast`.
    #[arg(long, value_name = "PROGRAM", conflicts_with = "by_hand")]
    hook: Option<PathBuf>,
    /// Ask for each change on the terminal, and wait.
    #[arg(long)]
    by_hand: bool,
    /// Call the partner's adapter too, which must be running.
    #[arg(long)]
    running: bool,
    /// Where it runs, if not where the agreement says.
    #[arg(long, value_name = "URL", requires = "running")]
    endpoint: Option<Url>,
    /// Wait three minutes for a grant to expire.
    #[arg(long, requires = "running")]
    patient: bool,
    #[command(flatten)]
    asker: AskerOfGrants,
    /// Where the page goes.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Where the report goes, as JSON.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Who asks for grants, about whom.
#[derive(Debug, Args)]
struct AskerOfGrants {
    /// The configuration of another partner of this chain, whose certificate asks for grants.
    #[arg(long, value_name = "FILE", requires_all = ["running", "purpose", "actor", "role", "case"])]
    asker: Option<PathBuf>,
    /// Why it is asked.
    #[arg(long, value_parser = Purpose::parse, requires = "asker")]
    purpose: Option<Purpose>,
    /// Who asks.
    #[arg(long, value_name = "ID", value_parser = ActorId::parse, requires = "asker")]
    actor: Option<ActorId>,
    /// What they are to their organisation.
    #[arg(long, value_parser = Role::parse, requires = "asker")]
    role: Option<Role>,
    /// For which case.
    #[arg(long, value_name = "REFERENCE", value_parser = CaseReference::parse, requires = "asker")]
    case: Option<CaseReference>,
    /// On what ground.
    #[arg(long, value_enum, default_value_t = Basis::Motivated)]
    basis: Basis,
    /// The ground in words.
    #[arg(long, default_value = "conformance test")]
    reason: String,
    #[command(flatten)]
    subject: OptionalSubject,
    /// The person's birth date.
    #[arg(long, value_name = "DATE", requires = "asker")]
    birth_date: Option<String>,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let config = PartnerConfig::load(&arguments.config)?;
    let bench = Workbench::open(&config).map_err(|error| {
        Failure::configuration(error, "ask `ketenwijzer doctor --config FILE` what a start needs")
    })?;
    if let Some(unknown) = arguments.sources.iter().find(|name| !bench.sources.contains_key(name)) {
        return Err(Failure::usage(format!("there is no source named {unknown}"), "correct --source"));
    }
    let partner = bench.agreement.partner(bench.holder).map(|partner| partner.name.clone());
    let mut report = Report {
        chain: bench.agreement.chain().to_string(),
        agreement: bench.agreement.hash().to_owned(),
        partner: partner.unwrap_or_default(),
        begun_at: bench.clock.now().to_string(),
        findings: Vec::new(),
    };
    let hook: Option<Arc<dyn Hook>> = match (&arguments.hook, arguments.by_hand) {
        (Some(program), _) => Some(Arc::new(CommandHook { program: program.clone() })),
        (None, true) => Some(Arc::new(ByHand)),
        (None, false) => None,
    };
    for (name, source) in &bench.sources {
        if !arguments.sources.is_empty() && !arguments.sources.contains(name) {
            continue;
        }
        note(&format!("trying source {name}"));
        let trial = SourceTrial {
            sample: arguments.sample,
            hook: hook.clone(),
            ..SourceTrial::of(
                Arc::clone(source),
                bench.holder,
                Arc::clone(&bench.agreement),
                bench.clock.now(),
            )
        };
        report.findings.extend(try_source(&trial).await);
    }
    if arguments.running {
        note("trying the adapter that runs");
        let adapter = adapter(&config, &bench, &arguments).await?;
        report.findings.extend(try_adapter(&adapter, &bench.agreement, arguments.patient).await);
    }
    if report.findings.is_empty() {
        return Err(Failure::usage("there is nothing to try", "configure a source, or add --running"));
    }
    if let Some(path) = &arguments.html {
        write(path, page(&report).as_bytes())?;
    }
    if let Some(path) = &arguments.report {
        let text = serde_json::to_vec_pretty(&report).map_err(Failure::fault)?;
        write(path, &text)?;
    }
    output.data(&report, || readable(&report));
    Ok(Exit::of(report.conforms()))
}

async fn adapter(
    config: &PartnerConfig,
    bench: &Workbench,
    arguments: &Arguments,
) -> Result<MtlsAdapter, Failure> {
    let asking = asking(bench, &arguments.asker)?;
    let admin: Option<SocketAddr> = config.server.admin.filter(|admin| admin.port() != 0);
    let context = Context::new(Arc::clone(&bench.clock), Entropy::system());
    let prepared = MtlsAdapter::prepare(
        bench.tls.clone(),
        std::slice::from_ref(&config.tls.trust_anchors),
        arguments.endpoint.clone(),
        admin,
        &bench.agreement,
        context,
        Arc::clone(&bench.clock),
        asking,
    );
    prepared.await.map_err(|error| match error {
        MtlsError::Client(error) => Failure::from(error),
        MtlsError::SameParty => Failure::usage(error, "name another partner's configuration with --asker"),
        error => {
            Failure::new(Exit::Unavailable, error.to_string(), "try again, or look at the pseudonymiser")
        }
    })
}

fn asking(bench: &Workbench, given: &AskerOfGrants) -> Result<Option<Asking>, Failure> {
    let Some(path) = &given.asker else { return Ok(None) };
    if bench.agreement.environment() != Environment::Test {
        return Err(Failure::new(
            Exit::Refused,
            "grants are asked for in chains for tests only: these questions are not in the asker's own log",
            "leave out --asker, or run this in the acceptance environment",
        ));
    }
    let Some(subject) = given.subject.clone().canonical()? else {
        return Err(Failure::usage("nobody is named", "add --bsn - and give the number on standard input"));
    };
    let subject = Subject::parse(&subject).map_err(|error| Failure::usage(error, "correct the subject"))?;
    let birth_date = check_birth_date(given.birth_date.as_deref())?;
    let birth_date = birth_date.as_deref().map(BirthDate::parse).transpose();
    let birth_date = birth_date.map_err(|error| Failure::usage(error, "correct --birth-date"))?;
    let config = PartnerConfig::load(path)?;
    let tls = Tls::load_with_clock(&config.tls, Arc::clone(&bench.clock)).map_err(|error| {
        Failure::configuration(error, "look at that certificate with `ketenwijzer doctor`")
    })?;
    let missing =
        || Failure::usage("the question is not complete", "add --purpose, --actor, --role and --case");
    let (id, role) = given.actor.clone().zip(given.role.clone()).ok_or_else(missing)?;
    let (purpose, case) = given.purpose.clone().zip(given.case.clone()).ok_or_else(missing)?;
    let reason = (given.basis != Basis::Listed).then(|| given.reason.clone());
    Ok(Some(Asking {
        tls,
        subject,
        birth_date,
        purpose,
        actor: Actor { id, role, assurance: Assurance::Asserted, proof: None },
        case,
        relation: Relation { basis: given.basis.into(), reason },
    }))
}

fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    fs::write(path, content).map_err(|error| {
        Failure::configuration(format!("{} cannot be written: {error}", path.display()), "name another file")
    })
}

fn readable(report: &Report) -> String {
    let mut table = tall_table(["part", "check", "outcome", "seen"]);
    for finding in &report.findings {
        let seen = match finding.remedy {
            Some(remedy) => format!("{}\nto do: {remedy}", finding.seen),
            None => finding.seen.clone(),
        };
        table.add_row([&finding.part, finding.check, finding.outcome.as_str(), &seen]);
    }
    format!(
        "{table}\n{} passed, {} failed, {} not tried",
        report.count(Outcome::Passed),
        report.count(Outcome::Failed),
        report.count(Outcome::NotTried)
    )
}

/// The person at the terminal.
#[derive(Debug)]
struct ByHand;

#[async_trait]
impl Hook for ByHand {
    async fn act(&self, act: Act) -> Result<(), HookError> {
        let asked = tokio::task::spawn_blocking(move || {
            let _ = write!(
                std::io::stderr(),
                "please `{}` at the source (docs/conformance.md), then press Enter; `no` if you cannot: ",
                act.as_str()
            );
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line).map(|read| (read, line))
        });
        match asked.await {
            Ok(Ok((read, line))) if read > 0 && line.trim().is_empty() => Ok(()),
            Ok(Ok(_)) => Err(HookError::Unsupported),
            _ => Err(HookError::Failed),
        }
    }
}

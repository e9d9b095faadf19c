//! `doctor`: whether a service can start, and what a start cannot see. It changes nothing that is in use.

pub(crate) mod findings;
mod keys;
mod others;
mod running;
mod storage;
mod trust;

use std::path::PathBuf;

use clap::Args;
use kw_agreement::Agreement;
use kw_domain::Oin;
use kw_partner::PartnerConfig;
use kw_transport::Tls;
use serde_json::json;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::progress::Progress;
use crate::output::{Output, table};

use findings::{Findings, Grade};

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The configuration of a switchboard, a pseudonymiser or a partner.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Which service a configuration belongs to: the certificate says so, as at a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Partner,
    Pseudonymiser,
    Switchboard,
}

/// Everything that later checks stand on.
struct Patient {
    config: PartnerConfig,
    agreement: Agreement,
    tls: Tls,
    role: Role,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    // A partner's configuration has every setting that the others have.
    let config = PartnerConfig::load(&arguments.config)?;
    let progress = Progress::steps();
    let mut findings = Findings::default();
    findings.good("configuration", "every setting is known");
    progress.begins("looking at the agreement and the certificate");
    if let Some(patient) = examine(config, &mut findings) {
        progress.begins("looking at keys and database");
        keys::examine(&patient, &mut findings);
        storage::examine(&patient, &mut findings).await;
        progress.begins("asking the other services");
        others::examine(&patient, &mut findings).await;
        if patient.role == Role::Partner {
            running::examine(&arguments.config, &mut findings).await;
        }
    }
    drop(progress);
    let healthy = !findings.has(Grade::Wrong);
    output.data(&json!({ "healthy": healthy, "findings": findings.list() }), || readable(&findings));
    Ok(Exit::of(healthy))
}

/// Only whether the other services answer, and with which certificate we come.
pub(crate) async fn services(config: PartnerConfig) -> Vec<findings::Finding> {
    let mut findings = Findings::default();
    if let Some(patient) = examine(config, &mut findings) {
        others::examine(&patient, &mut findings).await;
    }
    findings.list().to_vec()
}

/// The agreement, the certificate, and which service they make this.
fn examine(config: PartnerConfig, findings: &mut Findings) -> Option<Patient> {
    let agreement = read_agreement(&config, findings);
    let tls = trust::examine(&config.tls, findings);
    let (agreement, tls) = (agreement?, tls?);
    if let Some(principal) = config.acts_for {
        let supplier = tls.certificate_oin();
        if agreement.delegation_frame(principal, supplier).is_none() {
            findings.wrong(
                "role",
                format!("the agreement does not let {principal} delegate anything to {supplier}"),
                "have the agreement list the supplier and a delegation of that partner, or remove acts_for",
            );
            return None;
        }
        tls.act_for(principal);
        findings.good("role", format!("the supplier {supplier} works for {principal}"));
    }
    let role = role_of(&agreement, tls.oin());
    match role {
        Some(role) => findings.good("role", format!("{} is the {} here", tls.oin(), role.as_str())),
        None => findings.wrong(
            "role",
            format!("{} is not in the agreement", tls.oin()),
            "use the certificate of a party, or have the chain add this one",
        ),
    }
    if agreement.partner(tls.oin()).is_some_and(|partner| partner.suspended) {
        findings.wrong("role", "this partner is suspended", "ask the keeper of the agreement why");
    }
    Some(Patient { role: role?, config, agreement, tls })
}

fn read_agreement(config: &PartnerConfig, findings: &mut Findings) -> Option<Agreement> {
    let path = config.agreement.display();
    let text = match std::fs::read_to_string(&config.agreement) {
        Ok(text) => text,
        Err(error) => {
            findings.wrong(
                "agreement",
                format!("cannot read {path}: {error}"),
                "put the chain's agreement there",
            );
            return None;
        }
    };
    match Agreement::parse(&text) {
        Ok(agreement) => {
            findings.good("agreement", format!("{}, hash {}", agreement.chain(), agreement.hash()));
            Some(agreement)
        }
        Err(errors) => {
            let count = errors.as_slice().len();
            findings.wrong(
                "agreement",
                format!("{count} mistakes"),
                format!("ketenwijzer agreement check {path}"),
            );
            None
        }
    }
}

fn role_of(agreement: &Agreement, oin: Oin) -> Option<Role> {
    if agreement.switchboard().oin == oin {
        Some(Role::Switchboard)
    } else if agreement.pseudonymiser().oin == oin {
        Some(Role::Pseudonymiser)
    } else {
        agreement.partner(oin).map(|_| Role::Partner)
    }
}

impl Role {
    fn as_str(self) -> &'static str {
        match self {
            Self::Partner => "partner",
            Self::Pseudonymiser => "pseudonymiser",
            Self::Switchboard => "switchboard",
        }
    }
}

fn readable(findings: &Findings) -> String {
    let mut shown = table(["", "about", "what", "next step"]);
    for finding in findings.list() {
        shown.add_row([finding.grade.as_str(), finding.about, &finding.what, &finding.next]);
    }
    let verdict = if findings.has(Grade::Wrong) {
        "It cannot work like this."
    } else if findings.has(Grade::Doubtful) {
        "It can start; look at what is marked."
    } else {
        "All is well."
    };
    format!("{shown}\n{verdict}")
}

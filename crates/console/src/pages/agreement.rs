//! `/agreement`: what is in force, what the next one changes, the approvals of two operators, and what was in force before.

use actix_web::web::{Data, Path};
use askama::Template;
use kw_agreement::{Agreement, Approvals, Change, LARGEST_TEXT};
use kw_protocol::operator::{AgreementApproval, AgreementChange, AgreementVersion, OperatorAgreement};
use kw_protocol::problem::ProblemCode;
use kw_web::{Failure, Form, Frame, Outcome, Problems};

use super::view::Fact;
use super::{By, Kept, go_to, operator};
use crate::app::Console;
use crate::operator::Proposed;

#[derive(Template)]
#[template(path = "agreement.html")]
struct Page<'a> {
    f: &'a Frame,
    problems: &'a Problems,
    in_force: Vec<Fact>,
    agreement: OperatorAgreement,
    versions: Vec<Version>,
    proposed: Option<Shown>,
    next: &'a str,
    approval: &'a str,
}

struct Shown {
    version: String,
    hash: String,
    missing: usize,
    changes: Vec<AgreementChange>,
}

#[derive(Template)]
#[template(path = "version.html")]
struct VersionPage<'a> {
    f: &'a Frame,
    one: Version,
    facts: Vec<Fact>,
    before: Option<Version>,
    changes: Option<Vec<AgreementChange>>,
    text: Option<String>,
}

struct Version {
    path: String,
    name: String,
    state: &'static str,
    from: String,
    until: String,
    approvals: String,
}

pub(crate) async fn show(by: By, console: Data<Console>) -> Outcome {
    operator(&by)?;
    match by.unsent("/agreement") {
        Some(unsent) => page(&by, &console, &Problems::of_unsent(), "", unsent.get("approval")).await,
        None => page(&by, &console, &Problems::new(), "", "").await,
    }
}

/// `GET /agreement/next`: somebody who comes there by the address, or back, is led to the form.
pub(crate) async fn back(by: By) -> Outcome {
    operator(&by)?;
    Ok(go_to("/agreement"))
}

/// `GET /agreement/versions/{place}`: one version, with its text.
pub(crate) async fn version(by: By, console: Data<Console>, place: Path<String>) -> Outcome {
    operator(&by)?;
    if *place != "next" && place.parse::<u64>().is_err() {
        return Err(Failure::not_found());
    }
    let told = console.operator()?.agreement_version(&place).await?;
    let f = by.frame("console-agreement-version");
    let one = shown(&f, &told.version);
    let fact = |label: &str, value: &str| Fact { label: f.t(label), value: value.to_owned() };
    let facts = [
        fact("agreement-version", &one.name),
        fact("agreement-from", &one.from),
        fact("agreement-until", &one.until),
        fact("agreement-approved-by", &one.approvals),
        fact("agreement-hash", &told.version.hash),
    ];
    f.page(&VersionPage {
        facts: facts.into_iter().filter(|fact| !fact.value.is_empty()).collect(),
        before: told.before.as_ref().map(|before| shown(&f, before)),
        changes: told.changes,
        text: told.text,
        one,
        f: &f,
    })
}

/// `POST /agreement/next`: what another agreement would change. Nothing happens but that.
pub(crate) async fn propose(form: Form<Kept>, console: Data<Console>) -> Outcome {
    let by = &form.by;
    operator(by)?;
    // A form's line ends are those of a page, and it has no last one.
    let text = format!("{}\n", form.get("next").replace("\r\n", "\n"));
    let Ok(next) = Agreement::parse(&text) else {
        let mut problems = Problems::new();
        let is_large = text.len() > LARGEST_TEXT;
        problems.add("next", if is_large { "agreement-large-text" } else { "agreement-wrong-text" });
        return page(by, &console, &problems, &text, "").await;
    };
    let current = in_force(&console).await?;
    let proposed = Proposed::of(&current, &next, &Approvals::default());
    by.session.data().proposed = Some(proposed);
    Ok(go_to("/agreement"))
}

/// `POST /agreement/approvals`: hands in what an operator signed on their own machine.
pub(crate) async fn approve(form: Form<Kept>, console: Data<Console>) -> Outcome {
    let by = &form.by;
    operator(by)?;
    form.require_fresh("/agreement")?;
    // A form's line ends are those of a page; what was signed has others.
    let text = form.get("approval").replace("\r\n", "\n");
    let refused = match console.operator()?.hand_in(&format!("{text}\n")).await {
        Ok(_) => return Ok(go_to("/agreement")),
        Err(Failure::Problem { code: ProblemCode::Invalid }) => "agreement-wrong-approval",
        Err(Failure::Problem { code: ProblemCode::Conflict }) => "agreement-approved-before",
        Err(Failure::Problem { code: ProblemCode::NotFound }) => "agreement-nothing-waits",
        Err(failure) => return Err(failure),
    };
    let mut problems = Problems::new();
    problems.add("approval", refused);
    page(by, &console, &problems, "", &text).await
}

/// What the switchboard has in force, which may be another text than the console reads.
async fn in_force(console: &Console) -> Result<Agreement, Failure> {
    let operator = console.operator()?;
    let hash = operator.agreement().await?.hash;
    let versions = operator.agreement_versions().await?.versions;
    let current = versions.iter().find(|one| one.in_force_from.is_some() && one.hash == hash);
    let place = &current.ok_or_else(Failure::unavailable)?.place;
    let text = operator.agreement_version(place).await?.text.ok_or_else(Failure::unavailable)?;
    Agreement::parse(&text).map_err(|_| Failure::unavailable())
}

async fn page(by: &By, console: &Console, problems: &Problems, next: &str, approval: &str) -> Outcome {
    let operator = console.operator()?;
    let (agreement, versions) = tokio::try_join!(operator.agreement(), operator.agreement_versions())?;
    let f = by.frame("console-agreement");
    let fact = |label: &str, value: String| Fact { label: f.t(label), value };
    let mut in_force = vec![
        fact("agreement-version", agreement.version.clone()),
        fact("agreement-hash", agreement.hash.clone()),
        fact("agreement-operators", agreement.operators.join(", ")),
    ];
    if !agreement.approved_by.is_empty() {
        in_force.push(fact("agreement-approved-by", agreement.approved_by.join(", ")));
    }
    let versions = versions.versions.iter().map(|one| shown(&f, one)).collect();
    let proposed = by.session.data().proposed.as_ref().map(|proposed| Shown {
        version: proposed.version.clone(),
        hash: proposed.hash.clone(),
        missing: proposed.admission.missing,
        changes: proposed.admission.changes.iter().map(change).collect(),
    });
    f.page(&Page { f: &f, problems, in_force, agreement, versions, proposed, next, approval })
}

fn shown(f: &Frame, version: &AgreementVersion) -> Version {
    let moment = |at: Option<_>| at.map(|at| f.moment(at)).unwrap_or_default();
    let state = match (version.in_force_from, version.in_force_until) {
        (None, _) => "agreement-is-coming",
        (Some(_), None) => "agreement-is-in-force",
        (Some(_), Some(_)) => "agreement-is-past",
    };
    let approval = |one: &AgreementApproval| match one.seen_at {
        Some(at) => f.t2("agreement-approval-seen", "operator", &one.operator, "moment", f.moment(at)),
        None => one.operator.clone(),
    };
    let approvals: Vec<String> = version.approvals.iter().map(approval).collect();
    let nobody = if state == "agreement-is-coming" {
        "agreement-approved-by-nobody"
    } else {
        "agreement-needed-nobody"
    };
    Version {
        path: format!("/agreement/versions/{}", version.place),
        name: version.version.clone().unwrap_or_else(|| {
            f.t1("agreement-unnamed", "hash", &version.hash[..12.min(version.hash.len())])
        }),
        state,
        from: moment(version.in_force_from),
        until: moment(version.in_force_until),
        approvals: if approvals.is_empty() { f.t(nobody) } else { approvals.join("; ") },
    }
}

fn change(change: &Change) -> AgreementChange {
    AgreementChange {
        direction: change.direction.as_str().to_owned(),
        path: change.path.clone(),
        sentence: change.sentence.clone(),
    }
}

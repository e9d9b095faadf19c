//! `POST /v1/access-reports`: a partner that the agreement lists asks for a person what the records say about them.

use actix_web::web::{Data, Json};
use kw_agreement::Agreement;
use kw_domain::{Bsn, Category, Purpose};
use kw_ledger::{AccessRecord, Event};
use kw_protocol::Bytes32;
use kw_protocol::access_report::{LEGAL_BASIS, NamedParty, SubjectReport, SubjectReportRequest};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_protocol::query::Receipt;
use kw_runtime::{Body, Party, Refusal, Trace};
use kw_store::WriteError;

use super::gathering::{Gathered, gather};
use super::granting::{Draft, Terms, draft};
use crate::about::{self, Access};
use crate::app::{App, not_located, recorded, recorded_actor};
use crate::grants::{Issuing, canonical_actor};
use crate::index::locate;
use crate::proving::require_actor;
use crate::queries::charge;
use crate::staleness::{Unwritten, again};

/// Says what the records say about one subject, with a grant for the log of every party that they name. Recorded about the
/// subject, made or denied, before it is answered: the person sees it in the next report.
#[utoipa::path(
    post, path = "/v1/access-reports", tag = "access-reports", request_body = SubjectReportRequest,
    responses(
        (status = 200, description = "What the person may be told", body = SubjectReport),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not one of the partners that may ask for people", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another key epoch", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "More than fits one report; ask for a period", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "The quota is used up", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was told", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn make(
    app: Data<App>,
    party: Party,
    trace: Trace,
    body: Body<SubjectReportRequest>,
) -> Result<Json<SubjectReport>, Refusal> {
    let (request, agreement) = (body.0, app.agreement.current());
    check_shape(&request)?;
    charge(&app, &agreement, &party)?;
    let record = || record_of(&app, &agreement, &party, &trace, &request);
    require_actor(&app, &agreement, &party, (&request.actor, &request.subject), record).await?;
    let mut attempt = 0;
    loop {
        attempt += 1;
        match answer(&app, &agreement, &party, &trace, &request).await? {
            Ok(report) => return Ok(Json(report)),
            Err(error) => again(&app, error, attempt).await?,
        }
    }
}

/// Looks up, gathers, commits, signs; again from the start when a rotation of keys took a step meanwhile.
async fn answer(
    app: &App,
    agreement: &Agreement,
    party: &Party,
    trace: &Trace,
    request: &SubjectReportRequest,
) -> Result<Result<SubjectReport, WriteError<Unwritten>>, Refusal> {
    let now = app.now();
    let record = record_of(app, agreement, party, trace, request);
    let keyring = app.keyring.load_full();
    let located = locate(&keyring.keys, &keyring.live, &request.subject);
    let subject = match &located {
        Ok(located) => app.known_subject(located.tags).await?,
        Err(_) => None,
    };
    if !agreement.subject_access().partners.contains(&party.oin) {
        return match about::commit_denial(app, &keyring, record, NOT_LISTED, subject).await {
            Ok(()) => Err(Refusal::new(
                ProblemCode::Denied,
                "The agreement does not list your organisation among those that ask for people.",
            )),
            Err(error) => Ok(Err(error)),
        };
    }
    let located = located.map_err(not_located)?;
    let gathered = match subject {
        Some(subject) => gather(app, agreement, &keyring, subject, request).await?,
        None => Gathered::default(),
    };
    let actor = canonical_actor(&request.actor)?;
    let terms = Terms { issuing: Issuing { agreement, issuer: app.oin, now, party }, actor: &actor };
    let drafts: Vec<Draft> = gathered
        .scopes
        .into_iter()
        .map(|(named, scope)| draft(&terms, &app.entropy, named, scope))
        .collect::<Result<_, _>>()?;
    let claims = drafts.iter().filter_map(Draft::claims).map(recorded).collect::<Result<_, _>>()?;
    let record = completed(record, gathered.lines.len(), &drafts);
    let access = Access { record, beside: None, grants: claims };
    let committed = match about::commit(app, &keyring, access, subject, &located, |_, _| Ok(())).await? {
        Ok(committed) => committed,
        Err(error) => return Ok(Err(error)),
    };

    let mut receipts = committed.of_grants.into_iter();
    let parties: Vec<NamedParty> = drafts
        .into_iter()
        .map(|draft| draft.issue(&keyring.keys.signer, now, app.store.origin(), &mut receipts))
        .collect::<Result<_, _>>()?;
    Ok(Ok(SubjectReport {
        made_at: now,
        policy: agreement.hash().to_owned(),
        lines: gathered.lines,
        parties,
        receipt: Receipt {
            origin: app.store.origin().to_owned(),
            index: committed.own.index,
            salt: Bytes32(committed.own.salt.0),
            record: Some(committed.record),
        },
    }))
}

/// What its types do not say.
fn check_shape(request: &SubjectReportRequest) -> Result<(), Refusal> {
    let mut refusal = Refusal::new(ProblemCode::Invalid, "The report cannot be made.");
    // These texts are stored centrally, and no BSN may be.
    let texts = [("/case", request.case.as_str()), ("/actor/id", request.actor.id.as_str())];
    for (pointer, _) in texts.iter().filter(|(_, text)| Bsn::occurs_in(text)) {
        refusal = refusal
            .field(*pointer, "expected no citizen service number; write a letter before a number like one");
    }
    if request.from.zip(request.until).is_some_and(|(from, until)| from >= until) {
        refusal = refusal.field("/until", "expected a moment after the beginning of the period");
    }
    refusal.if_any()
}

fn record_of(
    app: &App,
    agreement: &Agreement,
    party: &Party,
    trace: &Trace,
    request: &SubjectReportRequest,
) -> AccessRecord {
    let mut record = app.record(agreement, Event::AccessReportMade, party.oin, Some(trace));
    record.actor = Some(recorded_actor(&request.actor));
    record.case = Some(request.case.clone());
    record.categories = vec![Category::access_log()];
    record.legal_basis = Some(LEGAL_BASIS.to_owned());
    record.purpose = Some(Purpose::subject_access());
    record
}

fn completed(mut record: AccessRecord, lines: usize, drafts: &[Draft]) -> AccessRecord {
    record.count = Some(lines as u64);
    record.grants = drafts.iter().filter_map(Draft::recorded).collect();
    record.holders = record.grants.iter().map(|grant| grant.holder).collect();
    record
}

const NOT_LISTED: &str = "subject-access-not-listed";

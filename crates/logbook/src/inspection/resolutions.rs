//! `/v1/access-log/resolutions`: two auditors agree that the records about one subject may be found.
//!
//! The first asks, by a reference in a record; the second, another person with another certificate, agrees. For a day the
//! two may then search under the resolution. Who the subject is nobody is told: the log does not know it.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};
use kw_domain::{Bsn, Instant, ResolutionId, SubjectReference};
use kw_identity::ActorError;
use kw_ledger::search::Search;
use kw_ledger::{AccessRecord, Event, RecordedRelation};
use kw_protocol::IdToken;
use kw_protocol::access_log::{
    ApproveResolution, LONGEST_REASON, RequestResolution, Resolution, ResolutionList, ResolutionState,
    ResolvingAuditor,
};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Auditor, Body, Refusal, Trace};
use kw_store::{
    Abort, Consent, LedgerRead as _, Links, Meant, Resolution as Stored, ResolutionsRead as _, Service,
    WriteError,
};

use super::act::act;
use super::person::{NO_NUMBER, check, invalid};
use super::rules::{MayNot, OPEN_FOR, USABLE_FOR, may_approve};
use super::{Inspection, Reader, not_read, unavailable};
use crate::events::DualControlUnmet;

/// Asks to find the records about one subject. A second auditor has to agree within a week.
#[utoipa::path(
    post, path = "/v1/access-log/resolutions", operation_id = "requestResolution", tag = "access-log",
    request_body = RequestResolution,
    responses(
        (status = 201, description = "Asked; a second auditor has to agree", body = Resolution),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`certificate-refused`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`denied`, `actor-unproven`: the ID token is not believed", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: no record here is about that subject", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: nothing was done", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn request<S: Service>(
    inspection: Data<Inspection<S>>,
    auditor: Auditor,
    trace: Trace,
    body: Body<RequestResolution>,
) -> Result<HttpResponse, Refusal> {
    let mut reader = Reader::auditor(&auditor, &body.0.auditor);
    let act = (Event::ResolutionRequested, None);
    inspection.prove(&mut reader, Some(&trace), act, body.0.proof.as_ref()).await?;
    let resolution = inspection.request_resolution(&reader, Some(&trace), &body.0).await?;
    Ok(HttpResponse::Created().json(resolution))
}

/// Agrees to another auditor's request: another person, with another certificate. The two may search under it for a day.
#[utoipa::path(
    post, path = "/v1/access-log/resolutions/{id}/approvals", operation_id = "approveResolution", tag = "access-log",
    params(("id" = String, Path, description = "The resolution")), request_body = ApproveResolution,
    responses(
        (status = 201, description = "Agreed", body = Resolution),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`certificate-refused`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`denied`, `actor-unproven`: the ID token is not believed", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: somebody agreed before", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: nothing was done", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn approve<S: Service>(
    inspection: Data<Inspection<S>>,
    auditor: Auditor,
    trace: Trace,
    id: Path<ResolutionId>,
    body: Body<ApproveResolution>,
) -> Result<HttpResponse, Refusal> {
    let mut reader = Reader::auditor(&auditor, &body.0.auditor);
    let act = (Event::ResolutionApproved, Some(*id));
    inspection.prove(&mut reader, Some(&trace), act, body.0.proof.as_ref()).await?;
    let resolution = inspection.approve_resolution(&reader, Some(&trace), *id).await?;
    Ok(HttpResponse::Created().json(resolution))
}

/// Lists the resolutions that wait for a second auditor or can be used.
#[utoipa::path(
    get, path = "/v1/access-log/resolutions", operation_id = "listResolutions", tag = "access-log",
    responses(
        (status = 200, description = "The resolutions", body = ResolutionList),
        (status = 401, description = "`certificate-refused`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`denied`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: this service knows no subjects", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn list<S: Service>(
    inspection: Data<Inspection<S>>,
    _auditor: Auditor,
) -> Result<Json<ResolutionList>, Refusal> {
    inspection.resolutions().await.map(Json)
}

impl<S: Service> Inspection<S> {
    /// Checks the statement of the console's provider that comes with an act, if one does. A refused one is recorded.
    pub(super) async fn prove(
        &self,
        reader: &mut Reader,
        trace: Option<&Trace>,
        (event, resolution): (Event, Option<ResolutionId>),
        proof: Option<&IdToken>,
    ) -> Result<(), Refusal> {
        let Some(proof) = proof else { return Ok(()) };
        check(invalid(), &reader.person).if_any()?;
        let agreement = self.agreement.current();
        let refused = match &self.proofs {
            Some(proofs) => proofs.check_auditor(&agreement, reader.party, &reader.person, proof).await,
            None => Err(ActorError::NoProvider),
        };
        let Err(error) = refused else {
            reader.proven = true;
            return Ok(());
        };
        if error.code() == ProblemCode::ActorUnproven {
            let search = Search { resolution, ..Search::default() };
            let record = self.record(&agreement, event, reader, trace, &search)?;
            self.keep("refuse_resolution", record.denied(error.reason()), None).await?;
        }
        Err(Refusal::new(error.code(), error.detail()))
    }

    /// Stores a request with its record.
    pub async fn request_resolution(
        &self,
        reader: &Reader,
        trace: Option<&Trace>,
        asked: &RequestResolution,
    ) -> Result<Resolution, Refusal> {
        knows_subjects::<S>()?;
        let wanted = self.wanted(asked)?;
        let agreement = self.agreement.current();
        let id: ResolutionId = self.entropy.id(self.clock.now());
        let search = Search { resolution: Some(id), ..Search::default() };
        let mut record = self.record(&agreement, Event::ResolutionRequested, reader, trace, &search)?;
        let reason = asked.reason.trim().to_owned();
        record.relation =
            Some(RecordedRelation { basis: "motivated".to_owned(), reason: Some(reason.clone()) });
        if agreement.console_provider().is_some() && !reader.proven {
            return Err(self.refuse(reader, record, MayNot::NotProven).await);
        }
        let Some(whom) = self.meant(&wanted).await? else {
            return Err(self.refuse(reader, record, MayNot::SubjectUnknown).await);
        };
        let stored = Stored {
            id: *id.as_bytes(),
            whom,
            reason,
            request: reader.consent(record.at),
            approval: None,
            expires_at: record.at.plus(OPEN_FOR),
        };
        let (storing, reference) = (stored.clone(), self.entropy.id(record.at));
        let forgotten = record.at.minus(REMEMBERED_FOR);
        let done = self.store.write::<_, (), _>("request_resolution", move |tx| {
            tx.forget_resolutions(forgotten)?;
            tx.request_resolution(&storing)?;
            Ok(((), act(record.clone(), Some((whom, reference)))?))
        });
        done.await.map_err(|_| unavailable())?;
        Ok(shown(&stored))
    }

    /// Stores a second auditor's agreement with its record.
    pub async fn approve_resolution(
        &self,
        reader: &Reader,
        trace: Option<&Trace>,
        id: ResolutionId,
    ) -> Result<Resolution, Refusal> {
        knows_subjects::<S>()?;
        check(invalid(), &reader.person).if_any()?;
        let agreement = self.agreement.current();
        let search = Search { resolution: Some(id), ..Search::default() };
        let record = self.record(&agreement, Event::ResolutionApproved, reader, trace, &search)?;
        let (writing, second) = (record.clone(), reader.consent(record.at));
        let reference = self.entropy.id(record.at);
        let until = record.at.plus(USABLE_FOR);
        let done = self.store.write("approve_resolution", move |tx| {
            let found = tx.read().resolution(id.as_bytes())?;
            let mut resolution = found.ok_or(Abort::Refused(MayNot::Unknown))?;
            may_approve(&agreement, &resolution, &second).map_err(Abort::Refused)?;
            if !tx.approve_resolution(id.as_bytes(), &second, until)? {
                return Err(Abort::Refused(MayNot::AlreadyApproved));
            }
            resolution.approval = Some(second.clone());
            resolution.expires_at = until;
            let act = act(writing.clone(), Some((resolution.whom, reference)))?;
            Ok((resolution, act))
        });
        match done.await {
            Ok(done) => Ok(shown(&done.value)),
            Err(WriteError::Refused(may_not)) => Err(self.refuse(reader, record, may_not).await),
            Err(WriteError::Busy | WriteError::Unavailable) => Err(unavailable()),
        }
    }

    /// What is open: waiting for a second auditor, or usable.
    pub async fn resolutions(&self) -> Result<ResolutionList, Refusal> {
        knows_subjects::<S>()?;
        let now = self.clock.now();
        let open =
            self.store.read(move |log| log.open_resolutions(now, MOST_SHOWN)).await.map_err(not_read)?;
        Ok(ResolutionList { resolutions: open.iter().map(shown).collect() })
    }

    /// Records a refusal, and hands it back.
    pub(super) async fn refuse(&self, reader: &Reader, record: AccessRecord, may_not: MayNot) -> Refusal {
        let (caller, reason) = (reader.party, may_not.reason());
        if may_not.is_suspect() {
            DualControlUnmet { caller, reason }.log();
        }
        let kept = self.keep("refuse_resolution", record.denied(reason), None).await;
        kept.err().unwrap_or_else(|| may_not.refusal())
    }

    fn wanted(&self, asked: &RequestResolution) -> Result<Wanted, Refusal> {
        let mut refusal = check(invalid(), &asked.auditor);
        let reason = asked.reason.trim();
        if reason.is_empty() || reason.len() > LONGEST_REASON || reason.chars().any(char::is_control) {
            let expected = format!("expected 1 to {LONGEST_REASON} bytes of printable text");
            refusal = refusal.field("/reason", expected);
        } else if Bsn::occurs_in(reason) {
            refusal = refusal.field("/reason", NO_NUMBER);
        }
        let wanted = match (asked.index, asked.reference, &asked.subject) {
            (Some(index), Some(reference), None) => Some(Wanted::InRecord(index, reference)),
            (None, None, Some(subject)) if self.finder.is_some() => Some(Wanted::Element(subject.clone())),
            (None, None, Some(_)) => {
                refusal =
                    refusal.field("/subject", "expected an index and a reference: there is no index here");
                None
            }
            _ => {
                refusal = refusal.field("", "expected an index with a reference, or a subject");
                None
            }
        };
        match wanted {
            Some(wanted) => refusal.if_any().map(|()| wanted),
            None => Err(refusal),
        }
    }

    async fn meant(&self, wanted: &Wanted) -> Result<Option<Meant>, Refusal> {
        match (wanted, &self.finder) {
            (Wanted::InRecord(index, reference), _) => {
                let (index, reference) = (*index, *reference);
                let found = self.store.read(move |log| {
                    let links = log.links_at(S::LINKS, index)?;
                    Ok(links.into_iter().find(|(_, one)| *one == reference).map(|(meant, _)| meant))
                });
                found.await.map_err(not_read)
            }
            (Wanted::Element(subject), Some(finder)) => finder.find(subject).await,
            (Wanted::Element(_), None) => Ok(None),
        }
    }
}

impl Reader {
    fn consent(&self, at: Instant) -> Consent {
        Consent {
            at,
            party: self.party,
            person: self.person.clone(),
            certificate: self.certificate_sha256,
            proven: self.proven,
        }
    }
}

/// How the first auditor names the subject.
enum Wanted {
    Element(kw_protocol::pointer::SubjectElement),
    InRecord(u64, SubjectReference),
}

fn knows_subjects<S: Service>() -> Result<(), Refusal> {
    if S::LINKS == Links::None {
        let detail = "This service sees blinded points only: its records are about nobody, and there is nothing to resolve.";
        return Err(Refusal::new(ProblemCode::NotFound, detail));
    }
    Ok(())
}

fn shown(stored: &Stored) -> Resolution {
    let auditor =
        |consent: &Consent| ResolvingAuditor { auditor: consent.person.clone(), party: consent.party };
    Resolution {
        approved_by: stored.approval.as_ref().map(auditor),
        expires_at: stored.expires_at,
        id: ResolutionId::from_bytes(stored.id),
        reason: stored.reason.clone(),
        requested_at: stored.request.at,
        requested_by: auditor(&stored.request),
        state: match stored.approval {
            Some(_) => ResolutionState::Approved,
            None => ResolutionState::Requested,
        },
    }
}

const MOST_SHOWN: u32 = 100;
/// How long a resolution stays in the table after its end. The log keeps what was decided.
const REMEMBERED_FOR: Duration = Duration::from_hours(30 * 24);

//! `POST /v1/access-log/_search`: an auditor reads what happened at this service.

use std::sync::Arc;

use actix_web::web::{Data, Json};
use kw_domain::{ActorId, ResolutionId, Role};
use kw_ledger::Event;
use kw_ledger::search::{AccessFilter, Search};
use kw_protocol::access_log::{AccessLogPage, AccessLogSearch, LARGEST_PAGE, PAGE};
use kw_protocol::problem::Problem;
use kw_runtime::{Auditor, Body, Refusal, Trace};
use kw_store::{Meant, ResolutionsRead as _, Service};

use super::cursor::Question;
use super::person::{check, invalid};
use super::rules::{MayNot, may_use};
use super::walk::{AT_ONCE, Walk, walk};
use super::{Inspection, Reader, not_read, too_many};

/// Reads a page of the access log, newest first. Every page is recorded with what was asked, before it is answered. For
/// auditors of the agreement only. A page may have fewer entries than asked, even none, before the log is at its end: go
/// on while there is a `nextCursor`.
#[utoipa::path(
    post, path = "/v1/access-log/_search", operation_id = "searchAccessLog", tag = "access-log",
    request_body = AccessLogSearch,
    responses(
        (status = 200, description = "One page", body = AccessLogPage),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`certificate-refused`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`denied`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: no such resolution", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too-many`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: nothing was read", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn search<S: Service>(
    inspection: Data<Inspection<S>>,
    auditor: Auditor,
    trace: Trace,
    body: Body<AccessLogSearch>,
) -> Result<Json<AccessLogPage>, Refusal> {
    let mut reader = Reader::auditor(&auditor, &body.0.auditor);
    let act = (Event::AccessLogSearched, body.0.resolution);
    inspection.prove(&mut reader, Some(&trace), act, body.0.proof.as_ref()).await?;
    inspection.search(&reader, Some(&trace), &body.0).await.map(Json)
}

impl<S: Service> Inspection<S> {
    /// Reads a page for a person, and records that before it hands it out.
    pub async fn search(
        &self,
        reader: &Reader,
        trace: Option<&Trace>,
        asked: &AccessLogSearch,
    ) -> Result<AccessLogPage, Refusal> {
        let (mut search, question, limit) = self.understood(asked)?;
        let agreement = self.agreement.current();
        let _turn = self.turns.try_acquire().map_err(|_| too_many())?;
        let about = match asked.resolution {
            None => None,
            Some(id) => match self.opened(reader, id).await? {
                Ok(meant) => Some(meant),
                Err(may_not) => {
                    let record = self.record(&agreement, Event::AccessLogSearched, reader, trace, &search)?;
                    return Err(self.refuse(reader, record, may_not).await);
                }
            },
        };
        let going = Walk {
            before: search.before,
            from: asked.index.unwrap_or(0),
            filter: asked.filter.clone(),
            limit,
            about,
            at_once: AT_ONCE,
        };
        let store = Arc::clone(&self.store);
        // Thousands of entries take long enough for others on this thread to wait.
        let walking = tokio::task::spawn_blocking(move || store.read_blocking(|log| walk(log, &going)));
        let walked = walking.await.map_err(|_| Refusal::fault("a walk was cut off"))?.map_err(not_read)?;
        // The record says where the page began, so that it can be told later which entries were read.
        search.before = Some(search.before.unwrap_or(walked.size));
        let mut record = self.record(&agreement, Event::AccessLogSearched, reader, trace, &search)?;
        record.count = Some(walked.entries.len() as u64);
        self.keep("search_access_log", record, about).await?;
        Ok(AccessLogPage {
            entries: walked.entries,
            looked_at: walked.looked_at,
            next_cursor: walked.next.filter(|_| asked.index.is_none()).map(|before| question.cursor(before)),
            origin: self.store.origin().to_owned(),
            size: walked.size,
        })
    }

    /// All mistakes at once.
    fn understood(&self, asked: &AccessLogSearch) -> Result<(Search, Question, usize), Refusal> {
        let mut refusal = check(invalid(), &asked.auditor);
        for (field, expected) in asked.filter.mistakes() {
            refusal = refusal.field(format!("/filter/{field}"), expected);
        }
        let limit = asked.limit.unwrap_or(PAGE);
        if !(1..=LARGEST_PAGE).contains(&limit) {
            refusal = refusal.field("/limit", format!("expected 1 to {LARGEST_PAGE}"));
        }
        let mut search = Search { before: None, filter: asked.filter.clone(), resolution: asked.resolution };
        let question = Question::of(self.store.origin(), &search)
            .map_err(|_| Refusal::fault("a search cannot be written"))?;
        if let Some(cursor) = &asked.cursor {
            search.before = question.before(cursor);
            if search.before.is_none() {
                refusal = refusal.field("/cursor", "expected the nextCursor of a page of this very search");
            }
        }
        if let Some(index) = asked.index {
            let alone = asked.cursor.is_none()
                && asked.resolution.is_none()
                && asked.filter == AccessFilter::default();
            search.before = index.checked_add(1).filter(|_| alone);
            if search.before.is_none() {
                refusal = refusal
                    .field("/index", "expected a place in the log, without cursor, filter and resolution");
            }
        }
        refusal.if_any()?;
        Ok((search, question, limit as usize))
    }

    /// Whom a resolution is about, for somebody who may use it now.
    async fn opened(&self, reader: &Reader, id: ResolutionId) -> Result<Result<Meant, MayNot>, Refusal> {
        let found = self.store.read(move |log| log.resolution(id.as_bytes())).await.map_err(not_read)?;
        let Some(resolution) = found else { return Ok(Err(MayNot::Unknown)) };
        let may = may_use(&self.agreement.current(), &resolution, reader, self.clock.now());
        Ok(may.map(|()| resolution.whom))
    }
}

impl Reader {
    /// The person that an auditor names.
    pub(super) fn auditor(auditor: &Auditor, person: &ActorId) -> Self {
        Self {
            party: auditor.oin,
            person: person.clone(),
            role: Role::auditor(),
            certificate_sha256: auditor.certificate_sha256,
            proven: false,
        }
    }
}

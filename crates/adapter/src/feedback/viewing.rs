//! Reports as their two sides may see them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use kw_agreement::Agreement;
use kw_domain::{AttachmentId, FeedbackId, Instant, Oin};
use kw_ledger::{AccessRecord, Event};
use kw_protocol::dossier::Party;
use kw_protocol::feedback::{
    Annotation, AttachmentView, FeedbackAttachment, FeedbackList, FeedbackListed, FeedbackSide,
    FeedbackStatus, FeedbackSummary, FeedbackView,
};
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::Actor;
use kw_pseudonym::SealError;
use kw_runtime::{Refusal, Trace};
use kw_store::Abort;
use kw_store::partner::{FeedbackFilter, StoredAnnotation, StoredFeedback};

use super::{Feedback, sealing};
use crate::grants::recorded;
use crate::pulls::{Caller, act_about, unrecorded};

/// Who looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// The holder's own people.
    Holder,
    /// A party that reported. It sees its own reports, and not which source a record is in.
    Reporter(Oin),
}

/// A question for a list that was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    filter: FeedbackFilter,
    limit: u32,
}

impl Listed {
    /// Understands the parameters, or says all that is wrong with them.
    pub fn parse(asked: &FeedbackListed, now: Instant) -> Result<Self, Refusal> {
        let mut refusal = Refusal::new(ProblemCode::Invalid, "The list cannot be given.");
        let limit = asked.limit.unwrap_or(PAGE);
        if !(1..=LARGEST_PAGE).contains(&limit) {
            refusal = refusal.field("limit", format!("expected 1 to {LARGEST_PAGE}"));
        }
        let after = asked.cursor.as_deref().map(parse_cursor);
        if after == Some(None) {
            refusal = refusal.field("cursor", "expected the nextCursor of an earlier page");
        }
        refusal.if_any()?;
        let overdue = asked.overdue.map(|wanted| (wanted, now));
        Ok(Self {
            filter: FeedbackFilter { status: asked.status, handler: None, overdue, after: after.flatten() },
            limit,
        })
    }
}

impl Feedback {
    /// One report for a party that reported it, recorded.
    pub async fn show_reporter(&self, caller: &Caller, id: FeedbackId) -> Result<FeedbackView, Refusal> {
        let agreement = self.pulls.agreement.current();
        let view = self.view(id, &agreement, Reader::Reporter(caller.oin)).await?;
        let mut record = self.record(Event::FeedbackRead, &agreement, caller.supplier.unwrap_or(caller.oin));
        record.on_behalf_of = caller.supplier.map(|_| caller.oin);
        record.trace.clone_from(&caller.trace);
        self.record_about(id, record).await?;
        Ok(view)
    }

    /// One report for the holder's own people, recorded.
    pub async fn show_holder(
        &self,
        id: FeedbackId,
        by: Option<&Actor>,
        trace: &Trace,
    ) -> Result<FeedbackView, Refusal> {
        let agreement = self.pulls.agreement.current();
        let view = self.view(id, &agreement, Reader::Holder).await?;
        self.record_reading(id, by, &agreement, trace).await?;
        Ok(view)
    }

    /// One file of a report for the holder's own people, recorded.
    pub async fn attachment(
        &self,
        id: FeedbackId,
        attachment: AttachmentId,
        by: Option<&Actor>,
        trace: &Trace,
    ) -> Result<FeedbackAttachment, Refusal> {
        let found = self.pulls.store.read(move |tables| tables.feedback_attachment(id, attachment)).await;
        let stored = found.map_err(Refusal::fault)?.ok_or_else(|| {
            Refusal::new(ProblemCode::NotFound, "There is no such report, or it has no such file.")
        })?;
        self.record_reading(id, by, &self.pulls.agreement.current(), trace).await?;
        let (vault, row) = (self.pulls.vault.clone(), *attachment.as_bytes());
        let opening = move || {
            let view = sealing::open_json(&vault, sealing::FACTS, id, &row, &stored.facts_sealed)?;
            let content = sealing::open(&vault, sealing::FILE, id, &row, &stored.content_sealed)?;
            Ok::<_, SealError>(FeedbackAttachment { view, content: STANDARD.encode(content.as_slice()) })
        };
        let opened = tokio::task::spawn_blocking(opening).await;
        opened.map_err(|_| Refusal::fault("the process is ending"))?.map_err(damaged)
    }

    /// What waits and what was done, without anything about a person.
    pub async fn list(&self, listed: Listed) -> Result<FeedbackList, Refusal> {
        let Listed { mut filter, limit } = listed;
        // What another holder took over is reported there.
        filter.handler = (filter.status == Some(FeedbackStatus::Reported)).then_some(self.pulls.holder);
        let found = self.pulls.store.read(move |tables| tables.feedback_listed(&filter, limit)).await;
        let found = found.map_err(Refusal::fault)?;
        let now = self.pulls.clock.now();
        let is_full = found.len() == limit as usize;
        let next_cursor = found.last().filter(|_| is_full).map(cursor_after);
        let reports = found.into_iter().map(|report| summary(report, self.pulls.holder, now)).collect();
        Ok(FeedbackList { reports, next_cursor })
    }

    /// One report as this reader may see it, unrecorded: for whoever records what it is looked at for.
    pub(super) async fn view(
        &self,
        id: FeedbackId,
        agreement: &Agreement,
        reader: Reader,
    ) -> Result<FeedbackView, Refusal> {
        let read = self.pulls.store.read(move |tables| {
            let Some(report) = tables.feedback(id)? else { return Ok(None) };
            let (said, files) = (tables.feedback_annotations(id)?, tables.feedback_attachments(id)?);
            Ok(Some((report, said, files)))
        });
        let found = read.await.map_err(Refusal::fault)?;
        let may_see = |report: &StoredFeedback| match reader {
            Reader::Holder => true,
            Reader::Reporter(reporter) => report.reporter == reporter,
        };
        let Some((report, said, files)) = found.filter(|(report, ..)| may_see(report)) else {
            return Err(unknown());
        };
        self.shown(&report, said, files, agreement, reader).map_err(damaged)
    }

    fn shown(
        &self,
        report: &StoredFeedback,
        said: Vec<StoredAnnotation>,
        files: Vec<(AttachmentId, Vec<u8>)>,
        agreement: &Agreement,
        reader: Reader,
    ) -> Result<FeedbackView, SealError> {
        let (vault, id) = (&self.pulls.vault, report.id);
        let content: sealing::Content =
            sealing::open_json(vault, sealing::CONTENT, id, id.as_bytes(), &report.content_sealed)?;
        let annotations = said.into_iter().map(|one| {
            let said =
                sealing::open_json(vault, sealing::ANNOTATION, id, one.id.as_bytes(), &one.content_sealed)?;
            Ok(Annotation { id: one.id, at: one.at, side: one.side, party: one.party, content: said })
        });
        let attachments = files.into_iter().map(|(file, facts)| {
            sealing::open_json::<AttachmentView>(vault, sealing::FACTS, id, file.as_bytes(), &facts)
        });
        let standing = &report.standing;
        Ok(FeedbackView {
            id,
            kind: report.kind,
            reference: content.reference,
            reporter: party(agreement, report.reporter),
            holder: party(agreement, self.pulls.holder),
            handler: party(agreement, standing.handler),
            category: report.category.clone(),
            source: (reader == Reader::Holder).then(|| report.source.clone()),
            attributes: content.attributes,
            observed_at: content.observed_at,
            sent_on_by: content.sent_on_by,
            status: standing.status,
            outcome: standing.outcome,
            received_at: report.received_at,
            take_up_by: standing.take_up_by,
            overdue: standing.is_overdue(self.pulls.clock.now()),
            planned_for: standing.planned_for,
            annotations: annotations.collect::<Result<_, SealError>>()?,
            attachments: attachments.collect::<Result<_, SealError>>()?,
        })
    }

    /// A record of this holder about a report.
    pub(super) fn record(&self, event: Event, agreement: &Agreement, by: Oin) -> AccessRecord {
        let (holder, chain) = (self.pulls.holder, agreement.chain().clone());
        let mut record =
            AccessRecord::new(event, self.pulls.clock.now(), chain, holder, by, agreement.hash());
        record.holders = vec![holder];
        record
    }

    async fn record_reading(
        &self,
        id: FeedbackId,
        by: Option<&Actor>,
        agreement: &Agreement,
        trace: &Trace,
    ) -> Result<(), Refusal> {
        let mut record = self.record(Event::FeedbackRead, agreement, self.pulls.holder);
        record.actor = by.map(recorded);
        record.trace = Some(trace.trace_id());
        record.transaction = Some(trace.transaction);
        self.record_about(id, record).await
    }

    async fn record_about(&self, id: FeedbackId, mut record: AccessRecord) -> Result<(), Refusal> {
        record.count = Some(1);
        let reference = self.pulls.reference(record.at);
        let written = self
            .pulls
            .store
            .write("read_feedback", move |tx| {
                let Some(report) = tx.read().feedback(id)? else { return Err(Abort::Refused(())) };
                let mut record = record.clone();
                record.categories = vec![report.category];
                Ok(((), act_about(tx.read(), report.handle, reference, record)?))
            })
            .await;
        match written {
            Ok(_) => Ok(()),
            Err(kw_store::WriteError::Refused(())) => Err(unknown()),
            Err(error) => Err(unrecorded(&error)),
        }
    }
}

pub(super) fn unknown() -> Refusal {
    Refusal::new(ProblemCode::NotFound, "There is no such report, or it is not your organisation's.")
}

pub(super) fn damaged(_: SealError) -> Refusal {
    Refusal::fault("a sealed value of a feedback report does not open")
}

fn party(agreement: &Agreement, oin: Oin) -> Party {
    let name = agreement.partner(oin).map_or_else(|| oin.to_string(), |partner| partner.name.clone());
    Party { oin, name }
}

fn summary(report: StoredFeedback, holder: Oin, now: Instant) -> FeedbackSummary {
    let standing = report.standing;
    FeedbackSummary {
        id: report.id,
        kind: report.kind,
        reporter: report.reporter,
        category: report.category,
        source: report.source,
        status: standing.status,
        handler: Some(standing.handler).filter(|handler| *handler != holder),
        outcome: standing.outcome,
        received_at: report.received_at,
        take_up_by: standing.take_up_by,
        overdue: standing.is_overdue(now),
        planned_for: standing.planned_for,
    }
}

fn cursor_after(last: &StoredFeedback) -> String {
    let at = last.received_at.as_millis().to_be_bytes();
    URL_SAFE_NO_PAD.encode([at.as_slice(), last.id.as_bytes()].concat())
}

fn parse_cursor(text: &str) -> Option<(Instant, FeedbackId)> {
    let bytes: [u8; 24] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
    let (at, id) = bytes.split_first_chunk::<8>()?;
    let id: [u8; 16] = id.try_into().ok()?;
    Some((Instant::from_millis(i64::from_be_bytes(*at)), FeedbackId::from_bytes(id)))
}

/// The side that somebody speaks for.
pub(super) fn side_of(reader: Reader) -> FeedbackSide {
    match reader {
        Reader::Holder => FeedbackSide::Holder,
        Reader::Reporter(_) => FeedbackSide::Reporter,
    }
}

const PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 200;

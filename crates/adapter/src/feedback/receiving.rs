//! From a report that comes in to the recorded, stored one.

use std::sync::Arc;
use std::time::Duration;

use kw_agreement::Agreement;
use kw_domain::{AnnotationId, Instant};
use kw_ledger::{AccessRecord, Event};
use kw_protocol::feedback::{FeedbackReport, FeedbackSide, FeedbackSubmission, FeedbackView, Mistake};
use kw_protocol::grant::GrantClaims;
use kw_runtime::Refusal;
use kw_store::partner::{LocalRecord, StoredAnnotation, StoredAttachment, StoredFeedback};
use kw_store::{Abort, WriteError};
use zeroize::Zeroizing;

use super::refusal::FeedbackRefusal;
use super::standing::{self, Rules};
use super::viewing::Reader;
use super::{Feedback, attachments, pointing, sealing, telling};
use crate::Vault;
use crate::events::PolicyDiffers;
use crate::grants::{GrantError, Presented, promised};
use crate::pulls::refusal::PullRefusal;
use crate::pulls::{
    Asked, Caller, Ground, Pulls, act_about, digest_of, only_asserted, unrecorded, void_from,
};

/// A report with everything that it leaves in the database, under the id that its reporter gave it.
#[derive(Clone)]
struct Sealed {
    report: StoredFeedback,
    first: StoredAnnotation,
    files: Arc<Vec<StoredAttachment>>,
}

impl Feedback {
    /// Checks, records and stores in one transaction, and answers how the report stands.
    pub async fn receive(
        &self,
        caller: &Caller,
        submission: FeedbackSubmission,
    ) -> Result<FeedbackView, Refusal> {
        let pulls = &*self.pulls;
        let agreement = pulls.agreement.current();
        let presented = Presented {
            grant: &submission.grant,
            caller: caller.oin,
            certificate_sha256: &caller.certificate_sha256,
            actor: &submission.actor,
            actor_salt: &submission.actor_salt,
        };
        let record_of = |claims: Option<&GrantClaims>| {
            pulls.record_of(Event::FeedbackReceived, &agreement, caller, &submission.actor, claims)
        };
        // Under which claims the log has promised the grant; the wrapper leaves no trace in them.
        let claims = match pulls.grants.verify_feedback(&agreement, presented).await {
            Ok(claims) => claims.opening(|opens| opens.0),
            Err(error) => {
                let refusal = PullRefusal::Grant(error).into();
                return Err(self.refuse(caller, None, refusal, only_asserted(record_of(None))).await);
            }
        };
        if claims.prp.supplier != caller.supplier {
            let refusal = PullRefusal::Grant(GrantError::Requester).into();
            return Err(self.refuse(caller, Some(&claims), refusal, record_of(Some(&claims))).await);
        }
        if let Err(error) = pulls.proofs.check(&agreement, caller.oin, &submission.actor).await {
            let record = only_asserted(record_of(Some(&claims)));
            return Err(self.refuse(caller, Some(&claims), PullRefusal::Actor(error).into(), record).await);
        }
        if claims.prp.policy != agreement.hash() {
            PolicyDiffers { transaction: claims.txn, caller: caller.oin }.log();
        }
        let request = digest_of(&submission)?;
        let mut record = record_of(Some(&claims));
        let mut ground = Ground::default();
        let outcome = self.try_take(&agreement, caller, submission, &claims, &request, &mut ground).await;
        record.decision.input = ground.input;
        if let Some(allowed) = ground.allowed {
            record.legal_basis = Some(allowed.legal_basis);
            record.processing_activity = Some(allowed.processing_activity);
        }
        match outcome {
            Ok(sealed) => {
                record.count = Some(1);
                let id = sealed.report.id;
                match self.commit(&claims, request, record.clone(), Some(sealed)).await {
                    Ok(()) => self.view(id, &agreement, Reader::Reporter(caller.oin)).await,
                    Err(WriteError::Refused(refusal)) => {
                        record.count = None;
                        Err(self.refuse(caller, Some(&claims), refusal, record).await)
                    }
                    Err(error) => Err(unrecorded(&error)),
                }
            }
            Err(refusal) if refusal.keeps_the_grant() => {
                Err(self.refuse(caller, Some(&claims), refusal, record).await)
            }
            Err(refusal) => {
                let denied = refusal.record(record.clone());
                match self.commit(&claims, request, denied, None).await {
                    Ok(()) => Err(refusal.tell(caller.oin, Some(claims.txn))),
                    Err(WriteError::Refused(reused)) => {
                        Err(self.refuse(caller, Some(&claims), reused, record).await)
                    }
                    Err(error) => Err(unrecorded(&error)),
                }
            }
        }
    }

    /// Everything between the grant and the record, in the order in which it is refused.
    async fn try_take(
        &self,
        agreement: &Agreement,
        caller: &Caller,
        submission: FeedbackSubmission,
        claims: &GrantClaims,
        request: &[u8; 32],
        ground: &mut Ground,
    ) -> Result<Sealed, FeedbackRefusal> {
        let pulls = &*self.pulls;
        let asked = Asked::from(&submission);
        let mut mistakes = submission.report.mistakes();
        mistakes.extend(of_this_chain(agreement, claims, &submission.report, pulls.clock.now()));
        let decoded = decode(&submission.report).await?;
        let contents = match decoded {
            Ok(contents) => contents,
            Err(wrong) => {
                mistakes.extend(wrong);
                Vec::new()
            }
        };
        if !mistakes.is_empty() {
            return Err(FeedbackRefusal::Mistakes(mistakes));
        }
        let admitted = match pulls.admit(agreement, caller, asked, claims, request, ground).await {
            Ok(Some(admitted)) => admitted,
            Ok(None) => return Err(FeedbackRefusal::Nothing { reason: "nothing" }),
            // What a pull would keep back without a word, keeps itself back here too.
            Err(PullRefusal::Denied(reason)) if !agreement.may_be_told(&claims.prp.purpose, reason) => {
                return Err(FeedbackRefusal::Nothing { reason: reason.as_str() });
            }
            Err(refusal) => return Err(refusal.into()),
        };
        if admitted.demands_birth_date || asked.proofs.has_birth_date() {
            let Some(document) = pulls.retrieve(&admitted.record).await? else {
                return Err(FeedbackRefusal::Nothing { reason: "nothing" });
            };
            pulls.compare(agreement, &admitted, asked, claims, document.birth_date)?;
        }
        let rules = Rules { holder: pulls.holder, take_up_within: agreement.feedback().take_up_within };
        let (vault, now, record) = (pulls.vault.clone(), pulls.clock.now(), admitted.record);
        let reporter = caller.oin;
        // Some tens of megabytes to digest and to seal.
        let sealing = move || seal(&vault, rules, &record, reporter, submission.report, &contents, now);
        let sealed = tokio::task::spawn_blocking(sealing).await;
        sealed.ok().and_then(Result::ok).ok_or_else(|| PullRefusal::Unavailable.into())
    }

    /// Makes the use of the grant, the record and the report durable together; of a refusal, the first two.
    async fn commit(
        &self,
        claims: &GrantClaims,
        request: [u8; 32],
        record: AccessRecord,
        sealed: Option<Sealed>,
    ) -> Result<(), WriteError<FeedbackRefusal>> {
        let pulls = &*self.pulls;
        let (grant, handle, now) = (claims.jti, claims.prp.hdl, record.at);
        let granted_in = claims.txn;
        let (expires_at, reference) = (void_from(claims.exp), pulls.reference(now));
        let receipt = promised(claims, now);
        pulls
            .store
            .write("receive_feedback", move |tx| {
                match tx.read().used_grant(grant)? {
                    None => {
                        if let Some(receipt) = &receipt {
                            tx.write().await_receipt(receipt)?;
                        }
                        tx.write().use_grant(grant, &request, expires_at)?;
                        tx.write().forget_grants(now)?;
                    }
                    Some(earlier) if earlier == request => {}
                    Some(_) => return Err(Abort::Refused(PullRefusal::Reused.into())),
                }
                if let Some(sealed) = &sealed {
                    let new = &sealed.report;
                    match tx.read().feedback(new.id)? {
                        None => {
                            if tx.read().count_open_feedback(handle, new.reporter)? >= MOST_OPEN {
                                return Err(Abort::Refused(FeedbackRefusal::TooMany));
                            }
                            let kept =
                                sealed.files.iter().map(|file| file.content_sealed.len() as u64).sum::<u64>();
                            if kept > 0 && tx.read().feedback_bytes_of(new.reporter)? + kept > MOST_BYTES {
                                return Err(Abort::Refused(FeedbackRefusal::TooMuch));
                            }
                            tx.write().receive_feedback(new, &sealed.files)?;
                            tx.write().annotate_feedback(&sealed.first)?;
                            tx.write().queue_feedback_message(&telling::received(new, granted_in, now)?)?;
                        }
                        Some(known) if is_same(&known, new) => {}
                        Some(_) => return Err(Abort::Refused(FeedbackRefusal::Known)),
                    }
                }
                Ok(((), act_about(tx.read(), handle, reference, record.clone())?))
            })
            .await
            .map(|_| ())
    }

    /// Records a refusal that leaves the grant as it is, and tells it. Such a refusal can be had for nothing and without end,
    /// so not each of them is recorded.
    async fn refuse(
        &self,
        caller: &Caller,
        claims: Option<&GrantClaims>,
        refusal: FeedbackRefusal,
        record: AccessRecord,
    ) -> Refusal {
        let pulls: &Pulls = &self.pulls;
        let transaction = claims.map(|claims| claims.txn);
        if !pulls.refusals.claim(caller.oin, refusal.reason(), record.at) {
            return refusal.tell(caller.oin, transaction);
        }
        let denied = refusal.record(record);
        let (handle, reference) = (claims.map(|claims| claims.prp.hdl), pulls.reference(denied.at));
        let written = pulls
            .store
            .write("refuse_feedback", move |tx| {
                let act = match handle {
                    Some(handle) => act_about(tx.read(), handle, reference, denied.clone()),
                    None => crate::sync::into_act(&denied),
                };
                Ok::<_, Abort<FeedbackRefusal>>(((), act?))
            })
            .await;
        match written {
            Ok(_) => refusal.tell(caller.oin, transaction),
            Err(error) => unrecorded(&error),
        }
    }
}

/// Decodes and looks into files, off the threads that answer others.
async fn decode(report: &FeedbackReport) -> Result<Result<Vec<Vec<u8>>, Vec<Mistake>>, FeedbackRefusal> {
    if report.attachments.is_empty() {
        return Ok(Ok(Vec::new()));
    }
    let files = report.attachments.clone();
    let decoded = tokio::task::spawn_blocking(move || attachments::decode(&files)).await;
    decoded.map_err(|_| PullRefusal::Unavailable.into())
}

/// What this chain and this moment do not fit.
fn of_this_chain(
    agreement: &Agreement,
    claims: &GrantClaims,
    report: &FeedbackReport,
    now: Instant,
) -> Vec<Mistake> {
    let mut found = Vec::new();
    let mut say =
        |pointer: String, expected: &str| found.push(Mistake { pointer, expected: expected.to_owned() });
    for (number, attribute) in report.attributes.iter().enumerate() {
        if !pointing::may_exist(agreement, &claims.prp.cat, &attribute.pointer) {
            let expected = "expected a place that the agreement's schema of this category has";
            say(format!("/attributes/{number}/pointer"), expected);
        }
    }
    if report.observed_at.is_some_and(|at| at > now.plus(CLOCKS_DIFFER)) {
        say("/observedAt".to_owned(), "expected a moment that has been");
    }
    if report.sent_on_by.is_some_and(|oin| agreement.partner(oin).is_none()) {
        say("/sentOnBy".to_owned(), "expected a partner of this chain");
    }
    found
}

fn seal(
    vault: &Vault,
    rules: Rules,
    record: &LocalRecord,
    reporter: kw_domain::Oin,
    report: FeedbackReport,
    contents: &[Vec<u8>],
    now: Instant,
) -> Result<Sealed, serde_json::Error> {
    let id = report.id;
    let json = |value: &sealing::Content| serde_json::to_vec(value).map(Zeroizing::new);
    let whole = Zeroizing::new(serde_json::to_vec(&report)?);
    let digest = vault.digest_of_feedback(&whole);
    let content = json(&sealing::Content::from(&report))?;
    let pointers: Vec<&str> = report.attributes.iter().map(|one| one.pointer.as_str()).collect();
    let pointers = serde_json::to_vec(&pointers)?;
    let files = attachments::seal(vault, id, &report.attachments, contents, now)?;
    let first_id: AnnotationId = vault.entropy().id(now);
    let first = sealing::first_annotation(report.explanation, report.contact);
    Ok(Sealed {
        first: StoredAnnotation {
            report: id,
            number: 0,
            id: first_id,
            at: now,
            side: FeedbackSide::Reporter,
            party: reporter,
            content_sealed: sealing::seal_annotation(vault, id, first_id, &first)?,
        },
        report: StoredFeedback {
            id,
            handle: record.handle,
            reporter,
            kind: report.kind,
            category: record.category.clone(),
            source: record.source.clone(),
            digest,
            content_sealed: sealing::seal(vault, sealing::CONTENT, id, id.as_bytes(), &content),
            pointers_sealed: sealing::seal(vault, sealing::POINTERS, id, id.as_bytes(), &pointers),
            received_at: now,
            standing: standing::received(rules, now),
        },
        files: Arc::new(files),
    })
}

fn is_same(known: &StoredFeedback, new: &StoredFeedback) -> bool {
    known.reporter == new.reporter && known.handle == new.handle && known.digest == new.digest
}

/// Open reports of one reporter about one record.
const MOST_OPEN: u64 = 20;
/// Bytes of files that one reporter has here at a time.
const MOST_BYTES: u64 = 500 * 1024 * 1024;
const CLOCKS_DIFFER: Duration = Duration::from_mins(5);

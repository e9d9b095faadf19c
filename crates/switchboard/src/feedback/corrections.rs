//! `POST /v1/corrections` and `GET /v1/corrections/{transaction}`: whoever received a value that was wrong hears that it is
//! mended, under the name of its own pull. Whom that was about, it finds in its own records.

use std::collections::BTreeSet;

use actix_web::web::{Data, Json, Path};
use kw_agreement::Agreement;
use kw_domain::{Oin, TransactionId};
use kw_ledger::Event;
use kw_protocol::feedback::{
    CorrectionReport, CorrectionView, CorrectionsTold, FeedbackStatus, MOST_RECEIVED, ReceivedBy,
};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_protocol::signal::SignalType;
use kw_runtime::{Asking, Body, Refusal, Registering, Trace};
use kw_store::Abort;
use kw_store::switchboard::{NewSignal, StoredCorrection};

use super::{charge, charge_pulls};
use crate::app::{App, act, not_read, not_written};

/// Tells everybody named that a value was mended which their pull delivered. Only because of a report of one's own that is settled.
/// Each pull is told of once, however often it is sent, and only to whom it was granted: others are passed over.
#[utoipa::path(
    post, path = "/v1/corrections", tag = "feedback", request_body = CorrectionReport,
    responses(
        (status = 200, description = "How many pulls were told of", body = CorrectionsTold),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "The caller holds no such report", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`illegal-transition`: the report is not settled", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`budget-exhausted`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was done", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn tell_correction(
    app: Data<App>,
    party: Registering,
    trace: Trace,
    body: Body<CorrectionReport>,
) -> Result<Json<CorrectionsTold>, Refusal> {
    charge(&app, party.oin)?;
    let (agreement, now, holder) = (app.agreement.current(), app.now(), party.oin);
    let CorrectionReport { report, category, received } = understood(&agreement, holder, body.0)?;
    let named: BTreeSet<(Oin, TransactionId)> =
        received.into_iter().map(|ReceivedBy { recipient, transaction }| (recipient, transaction)).collect();
    let transactions: Vec<TransactionId> = named.iter().map(|(_, transaction)| *transaction).collect();
    let read = app.store.read(move |index| {
        let routes = index.feedback_routes(report)?;
        let told = index.corrections_told(report, holder, &transactions)?;
        Ok((routes, index.grants_given(holder, &transactions)?, told))
    });
    let (routes, granted, before) = read.await.map_err(not_read)?;
    let held: Vec<_> = routes.into_iter().filter(|route| route.holder == holder).collect();
    if held.is_empty() {
        return Err(Refusal::new(ProblemCode::NotFound, "Your organisation holds no such feedback report."));
    }
    if held.iter().all(|route| route.status != FeedbackStatus::Settled) {
        let detail = "The feedback report is not settled. Tell its status first.";
        return Err(Refusal::new(ProblemCode::IllegalTransition, detail));
    }
    let new: Vec<_> = named
        .into_iter()
        .filter(|(recipient, transaction)| !before.contains(&(*transaction, *recipient)))
        .collect();
    charge_pulls(&app, holder, new.len() as u64)?;
    // Nobody is told of a pull that was not granted to them, for a record of this holder in this kind of data; and somebody who left the
    // chain since cannot be told.
    let was_granted = |recipient: Oin, transaction: TransactionId| {
        granted.iter().any(|grant| {
            grant.transaction == transaction
                && grant.requester == recipient
                && grant.category == category
                && !grant.for_feedback
        })
    };
    let told: Vec<(StoredCorrection, NewSignal)> = new
        .into_iter()
        .filter(|(recipient, transaction)| {
            agreement.partner(*recipient).is_some() && was_granted(*recipient, *transaction)
        })
        .map(|(recipient, transaction)| {
            let signal = app.signal(recipient, SignalType::ValueCorrected, *transaction.as_bytes(), now);
            let category = category.clone();
            let corrected_at = now;
            (StoredCorrection { transaction, recipient, holder, report, category, corrected_at }, signal)
        })
        .collect();
    let mut record = app.record(&agreement, Event::CorrectionTold, &*party, Some(&trace));
    record.categories = vec![category];
    record.holders = vec![holder];
    let done = app
        .store
        .write("tell_correction", move |tx| {
            let mut count = 0;
            for (correction, signal) in &told {
                if tx.write().store_correction(correction)? {
                    tx.write().emit(std::slice::from_ref(signal))?;
                    count += 1;
                }
            }
            let mut record = record.clone();
            record.count = Some(count);
            Ok::<_, Abort<Refusal>>((count, act(&record)?))
        })
        .await
        .map_err(not_written)?;
    Ok(Json(CorrectionsTold { told: done.value }))
}

/// Reads what was corrected since one of the caller's own pulls.
#[utoipa::path(
    get, path = "/v1/corrections/{transaction}", tag = "feedback",
    params(("transaction" = String, Path, description = "The pull: `about` of its signal")),
    responses(
        (status = 200, description = "What was corrected", body = CorrectionView),
        (status = 404, description = "Nothing that this pull of the caller's delivered was corrected", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read_correction(
    app: Data<App>,
    party: Asking,
    transaction: Path<TransactionId>,
) -> Result<Json<CorrectionView>, Refusal> {
    let (transaction, recipient) = (*transaction, party.oin);
    let found =
        app.store.read(move |index| index.correction(recipient, transaction)).await.map_err(not_read)?;
    let Some(StoredCorrection { transaction, holder, category, corrected_at, .. }) = found else {
        let detail = "Nothing was corrected that this pull of your organisation's delivered.";
        return Err(Refusal::new(ProblemCode::NotFound, detail));
    };
    Ok(Json(CorrectionView { transaction, holder, category, corrected_at }))
}

fn understood(
    agreement: &Agreement,
    holder: Oin,
    told: CorrectionReport,
) -> Result<CorrectionReport, Refusal> {
    let mut refusal = Refusal::new(ProblemCode::Invalid, "The correction cannot be taken in.");
    if !(1..=MOST_RECEIVED).contains(&told.received.len()) {
        refusal = refusal.field("/received", format!("expected 1 to {MOST_RECEIVED} pulls"));
    }
    if !agreement.may_register(holder, &told.category) {
        refusal = refusal.field("/category", "expected a category that your organisation registers");
    }
    refusal.if_any()?;
    Ok(told)
}

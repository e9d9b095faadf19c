//! `POST /v1/pointers/_withdraw`: a partner takes many pointers back at once. Fails closed.

use std::collections::BTreeSet;

use actix_web::web::{Data, Json};
use kw_ledger::Event;
use kw_protocol::pointer::{WithdrawMany, WithdrawnMany};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_protocol::signal::SignalType;
use kw_runtime::{Body, Refusal, Registering, Trace};
use kw_store::Abort;
use kw_store::switchboard::ActiveSelector;

use crate::app::{App, act, not_written, rules};
use crate::index::source_key;
use crate::lifecycle::{self, is_told};
use crate::matches::Moved;

/// More in one transaction would keep everybody else waiting.
const AT_ONCE: u64 = 5_000;

/// Withdraws every active pointer that the selector means, if there are exactly as many as the caller believes.
#[utoipa::path(
    post, path = "/v1/pointers/_withdraw", tag = "pointers", request_body = WithdrawMany,
    responses(
        (status = 200, description = "They were withdrawn", body = WithdrawnMany),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The count is wrong; nothing was withdrawn", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn withdraw_many(
    app: Data<App>,
    party: Registering,
    trace: Trace,
    body: Body<WithdrawMany>,
) -> Result<Json<WithdrawnMany>, Refusal> {
    let WithdrawMany { selector, expected_count, reason } = body.0;
    let (agreement, keyring, holder, now) =
        (app.agreement.current(), app.keyring.load_full(), party.oin, app.now());
    let narrow = selector.category.is_some() || selector.source.is_some();
    if narrow == selector.all {
        return Err(Refusal::new(ProblemCode::Invalid, "The selector does not say what is meant.").field(
            "/selector",
            "expected a category, a source or both, or else all: true for every pointer you have",
        ));
    }
    if expected_count > AT_ONCE {
        return Err(Refusal::new(
            ProblemCode::TooLarge,
            format!("At most {AT_ONCE} pointers can go at once; narrow the selector."),
        ));
    }
    let selector = ActiveSelector {
        category: selector.category,
        source_key: selector.source.map(|source| source_key(&keyring.keys.row, holder, &source)),
    };
    let mut record = app.record(&agreement, Event::PointersWithdrawn, &party.0, Some(&trace));
    record.holders = vec![holder];
    record.count = Some(expected_count);
    let telling = app.telling(SignalType::PointerWithdrawn);
    let references: Vec<_> = (0..expected_count).map(|_| app.reference()).collect();
    let settler = app.settler(&agreement);
    let done = app
        .store
        .write("withdraw_many", move |tx| {
            let found = tx.read().count_active(holder, &selector)?;
            if found != expected_count {
                let detail = format!(
                    "The selector means {found} active pointers, not {expected_count}. Nothing was withdrawn."
                );
                return Err(Abort::Refused(Refusal::new(ProblemCode::CountMismatch, detail)));
            }
            let pointers = tx.write().select_active(holder, &selector, AT_ONCE as u32)?;
            let categories: BTreeSet<_> = pointers.iter().map(|pointer| pointer.category.clone()).collect();
            let mut record = record.clone();
            record.categories = categories.into_iter().collect();
            let mut act = act(&record)?;
            for (pointer, reference) in pointers.iter().zip(&references) {
                let left = lifecycle::withdraw(pointer, reason, rules(&agreement, &pointer.category), now)
                    .map_err(|_| Abort::Refused(super::view::illegal(pointer.state)))?;
                tx.write().update_pointer(&left)?;
                if let Some(subject) = pointer.subject {
                    act = act.link(subject, *reference);
                }
            }
            if is_told(Some(reason)) {
                telling.tell(tx, pointers.iter().map(|pointer| (holder, pointer.id)))?;
            }
            let moved = Moved::changed(pointers.iter().filter_map(|pointer| pointer.subject));
            let settled = settler.settle(tx, &moved)?;
            Ok((pointers.len() as u64, settled.onto(act)?))
        })
        .await
        .map_err(not_written)?;
    Ok(Json(WithdrawnMany { withdrawn: done.value }))
}

//! `GET /v1/signals`: a partner, an auditor or a supplier reads its own feed, or waits for the next signal in it.

use std::time::Duration;

use actix_web::web::{Data, Json, Query};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_domain::Oin;
use kw_ledger::Event;
use kw_protocol::problem::{Problem, ProblemCode};
use kw_protocol::signal::{FROM_NOW, PAGE, Signal, SignalPage, SignalsAsked};
use kw_runtime::{Listener, Refusal, Trace};
use kw_store::switchboard::{SignalsRead, StoredSignal};
use uuid::Uuid;

use crate::app::{App, act, not_read, not_written};
use crate::matches;

/// Reads the caller's own signals, oldest first. Whoever asks with `wait` is answered as soon as there is one. That a party
/// was told is recorded before it is told; an empty page leaves no record.
#[utoipa::path(
    get, path = "/v1/signals", tag = "signals",
    params(
        ("after" = Option<String>, Query, description = "What an earlier page gave as `cursor`, or `now`; from the oldest that is kept without it"),
        ("limit" = Option<u32>, Query, description = "At most so many, 1 to 500; 100 without it"),
        ("wait" = Option<u32>, Query, description = "Wait at most so many seconds for the next signal, 0 to 25; 0 without it"),
    ),
    responses(
        (status = 200, description = "One page", body = SignalPage),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Neither a partner, an auditor nor a supplier", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many readers wait", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was told", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read_signals(
    app: Data<App>,
    member: Listener,
    trace: Trace,
    asked: Query<SignalsAsked>,
) -> Result<Json<SignalPage>, Refusal> {
    let after = understood(&asked)?;
    let limit = asked.limit.unwrap_or(PAGE);
    let after = match after {
        Some(number) => number,
        None => head(&app, member.oin).await?,
    };
    let mut found = page(&app, member.oin, after, limit).await?;
    let wait = asked.wait.unwrap_or_default();
    if found.is_empty() && wait > 0 {
        let waiting = app.bell.wait(member.oin)?;
        tokio::select! {
            () = waiting.beyond(after) => {}
            () = tokio::time::sleep(Duration::from_secs(wait.into())) => {}
            () = app.traffic.ending() => {}
        }
        found = page(&app, member.oin, after, limit).await?;
    }
    if !found.is_empty() {
        record(&app, member.oin, &trace, &found).await?;
    }
    let cursor = cursor(found.last().map_or(after, |last| last.number));
    Ok(Json(SignalPage { signals: found.iter().map(|one| shown(&app, one)).collect(), cursor }))
}

/// After which number; `None` is "from now on".
fn understood(asked: &SignalsAsked) -> Result<Option<u64>, Refusal> {
    let mut refusal = Refusal::new(ProblemCode::Invalid, "The page cannot be given.");
    for (parameter, expected) in asked.mistakes() {
        refusal = refusal.field(parameter, expected);
    }
    let after = match asked.after.as_deref() {
        None => Some(0),
        Some(FROM_NOW) => None,
        Some(text) => {
            let number = parse_cursor(text);
            if number.is_none() {
                refusal = refusal.field("after", "expected the cursor of an earlier page, or `now`");
            }
            number
        }
    };
    refusal.if_any()?;
    Ok(after)
}

async fn head(app: &App, party: Oin) -> Result<u64, Refusal> {
    let heads = app.store.read(SignalsRead::signal_heads).await.map_err(not_read)?;
    Ok(heads.into_iter().find(|(recipient, _)| *recipient == party).map_or(0, |(_, number)| number))
}

async fn page(app: &App, party: Oin, after: u64, limit: u32) -> Result<Vec<StoredSignal>, Refusal> {
    app.store.read(move |feeds| feeds.signals_after(party, after, limit)).await.map_err(not_read)
}

async fn record(app: &App, party: Oin, trace: &Trace, told: &[StoredSignal]) -> Result<(), Refusal> {
    let (agreement, now) = (app.agreement.current(), app.now());
    let mut record = app.record(&agreement, Event::SignalsRead, party, Some(trace));
    record.count = Some(told.len() as u64);
    let of_matches = matches::told_of(told);
    let written = app
        .store
        .write("read_signals", move |tx| {
            matches::note_told(tx, party, &of_matches, now)?;
            Ok(((), act(&record)?))
        })
        .await;
    written.map(drop).map_err(not_written)
}

pub(crate) fn shown(app: &App, stored: &StoredSignal) -> Signal {
    let signal = &stored.signal;
    let about = Uuid::from_bytes(signal.about).to_string();
    Signal::new(app.oin, signal.id, signal.kind, signal.at, about, stored.number)
}

fn cursor(number: u64) -> String {
    URL_SAFE_NO_PAD.encode(number.to_be_bytes())
}

fn parse_cursor(text: &str) -> Option<u64> {
    let mut bytes = [0; 8];
    match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
        Ok(8) => Some(u64::from_be_bytes(bytes)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_nothing_else_does() {
        for number in [0, 1, u64::MAX] {
            assert_eq!(parse_cursor(&cursor(number)), Some(number));
        }
        for wrong in ["", "now", "AAAA", "AAAAAAAAAAAAAAAA", "!"] {
            assert_eq!(parse_cursor(wrong), None, "{wrong}");
        }
    }
}

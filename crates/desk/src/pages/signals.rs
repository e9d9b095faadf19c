//! What the organisation was told, the newest first.

use std::time::Duration;

use actix_web::web::Data;
use askama::Template;
use kw_client::ClientError;
use kw_protocol::signal::{LARGEST_PAGE, Signal, SignalType, SignalsAsked};
use kw_web::{Failure, Frame, Outcome, SignedIn, User};

use super::Kept;
use crate::app::App;

#[derive(Template)]
#[template(path = "signals.html")]
struct Page<'a> {
    f: &'a Frame,
    lines: Vec<Line>,
    /// Whether there are older ones.
    more: bool,
}

struct Line {
    at: String,
    what: String,
    /// Where to look here, for whoever may.
    path: Option<String>,
}

pub(crate) async fn list(by: SignedIn<Kept>, app: Data<App>) -> Outcome {
    let newest = tokio::time::timeout(PATIENCE, newest(&app)).await;
    let (signals, more) = newest.map_err(|_| Failure::unavailable())??;
    let f = by.frame("desk-signals");
    let line = |signal: &Signal| Line {
        at: f.moment(signal.time),
        what: signal
            .known()
            .map_or_else(|| f.t("desk-signal-other"), |kind| f.t_of("desk-signal", kind.code())),
        path: signal.known().and_then(|kind| path(&app, by.user(), kind, &signal.about)),
    };
    f.page(&Page { f: &f, lines: signals.iter().rev().map(line).collect(), more })
}

/// The end of the feed, and whether something comes before it. The feed is read from its beginning, as far as it is kept.
async fn newest(app: &App) -> Result<(Vec<Signal>, bool), ClientError> {
    let (mut kept, mut more, mut after) = (Vec::new(), false, None);
    for _ in 0..MOST_PAGES {
        let asked = SignalsAsked { after: after.take(), limit: Some(LARGEST_PAGE), wait: None };
        let page = app.partner.signals(&asked).await?;
        let is_last = page.signals.len() < LARGEST_PAGE as usize;
        kept.extend(page.signals);
        if kept.len() > SHOWN {
            kept.drain(..kept.len() - SHOWN);
            more = true;
        }
        if is_last {
            break;
        }
        after = Some(page.cursor);
    }
    Ok((kept, more))
}

/// Where something is followed up. What a signal is about is an opaque identifier, checked by the page that it leads to.
fn path(app: &App, user: &User, kind: SignalType, about: &str) -> Option<String> {
    let is_id = about.len() == 36 && about.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if !is_id {
        return None;
    }
    match kind.collection() {
        "matches" if App::has(user, &app.duties.matches) => Some(format!("/matches/{about}")),
        "reviews" => Some("/reviews".to_owned()),
        "feedback-reports" if app.sees_reports(user) => Some("/reports".to_owned()),
        _ => None,
    }
}

const SHOWN: usize = 100;
const MOST_PAGES: usize = 40;
const PATIENCE: Duration = Duration::from_secs(10);

//! What the organisation was told, the newest first.

use std::time::Duration;

use actix_web::web::{Data, Query};
use askama::Template;
use kw_client::ClientError;
use kw_protocol::signal::{LARGEST_PAGE, Signal, SignalType, SignalsAsked};
use kw_web::{Failure, Frame, Outcome, SignedIn, User};
use serde::Deserialize;

use super::Kept;
use crate::app::App;

#[derive(Template)]
#[template(path = "signals.html")]
struct Page<'a> {
    f: &'a Frame,
    lines: Vec<Line>,
    /// Before which number in the feed older ones are.
    older: Option<u64>,
    /// Whether this is not where the feed ends now.
    earlier: bool,
}

struct Line {
    at: String,
    what: String,
    /// Where to look here, for whoever may.
    path: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct From {
    before: Option<u64>,
}

pub(crate) async fn list(by: SignedIn<Kept>, app: Data<App>, from: Query<From>) -> Outcome {
    let kept = tokio::time::timeout(PATIENCE, kept(&app, from.before)).await;
    let kept = kept.map_err(|_| Failure::unavailable())??;
    let (signals, older) = part(&kept, from.before);
    let f = by.frame("desk-signals");
    let line = |signal: &Signal| Line {
        at: f.moment(signal.time),
        what: signal
            .known()
            .map_or_else(|| f.t("desk-signal-other"), |kind| f.t_of("desk-signal", kind.code())),
        path: signal.known().and_then(|kind| path(&app, by.user(), kind, &signal.about)),
    };
    let lines = signals.iter().rev().map(line).collect();
    f.page(&Page { f: &f, lines, older, earlier: from.before.is_some() })
}

/// What one page needs of the feed that the partner process keeps, oldest first. It is read from its beginning.
async fn kept(app: &App, before: Option<u64>) -> Result<Vec<Signal>, ClientError> {
    let (mut kept, mut after) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let asked = SignalsAsked { after: after.take(), limit: Some(LARGEST_PAGE), wait: None };
        let page = app.partner.signals(&asked).await?;
        let is_last = page.signals.len() < LARGEST_PAGE as usize;
        let is_past = !add(&mut kept, page.signals, before);
        if is_last || is_past {
            break;
        }
        after = Some(page.cursor);
    }
    Ok(kept)
}

/// Adds the next signals of the feed and keeps what [`part`] looks at; whether more of the feed can matter.
fn add(kept: &mut Vec<Signal>, next: Vec<Signal>, before: Option<u64>) -> bool {
    let all = kept.len() + next.len();
    kept.extend(next.into_iter().take_while(|signal| is_before(signal, before)));
    let goes_on = kept.len() == all;
    kept.drain(..kept.len().saturating_sub(SHOWN + 1));
    goes_on
}

fn is_before(signal: &Signal, before: Option<u64>) -> bool {
    before.is_none_or(|before| signal.number().is_some_and(|own| own < before))
}

/// What one page shows: the last ones before a number in the feed, and before which number there are more.
fn part(kept: &[Signal], before: Option<u64>) -> (&[Signal], Option<u64>) {
    let end = kept.partition_point(|signal| is_before(signal, before));
    let begin = end.saturating_sub(SHOWN);
    let older = kept.get(begin).filter(|_| begin > 0).and_then(Signal::number);
    (kept.get(begin..end).unwrap_or_default(), older)
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
/// The partner process keeps less.
const MOST_PAGES: usize = 20;
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use kw_domain::{Instant, Oin, SignalId};

    use super::*;

    #[test]
    fn every_signal_that_is_kept_is_on_one_page() {
        let own = Oin::parse("00000099000000001000").unwrap();
        // The feed lost its beginning, and has gaps.
        let signal = |number: u64| {
            let at = Instant::from_millis(1_795_000_000_000 + number as i64);
            let id = SignalId::new(at, [0; 10]);
            Signal::new(own, id, SignalType::ReviewDue, at, "x".to_owned(), number * 3)
        };
        let feed: Vec<Signal> = (50..300).map(signal).collect();
        let (mut seen, mut before, mut pages) = (Vec::new(), None, 0);
        loop {
            let mut kept = Vec::new();
            for next in feed.chunks(70) {
                let goes_on = add(&mut kept, next.to_vec(), before);
                assert!(kept.len() <= SHOWN + 1, "no more is kept than a page needs");
                assert_eq!(goes_on, next.iter().all(|signal| is_before(signal, before)));
                if !goes_on {
                    break;
                }
            }
            let (shown, older) = part(&kept, before);
            assert!(shown.len() <= SHOWN);
            seen.extend(shown.iter().rev().cloned());
            pages += 1;
            before = older;
            if before.is_none() {
                break;
            }
        }
        assert_eq!((seen.len(), pages), (250, 3));
        assert!(seen.iter().rev().eq(&feed));
        assert_eq!(part(&feed, Some(1)), (&[][..], None));
        assert_eq!(part(&[], None), (&[][..], None));
    }
}

//! The next step of a report: send it, send it on, tell the holder before, look where it stands.

use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use kw_domain::{Category, Instant, Oin};
use kw_ledger::AccessRecord;
use kw_protocol::feedback::{FeedbackStatus, FeedbackView, NewAnnotation};
use kw_protocol::local::feedback::{FeedbackDelivery, FeedbackRequest};
use kw_requester::{Addressee, Delivered, DossierQuery, ReportError};
use kw_runtime::Entropy;
use kw_store::partner::SentFeedback;
use kw_store::{Abort, WriteError};

use super::rerouting::{Onward, kinds_at, onward, translate};
use super::{CLAIM, Fault, GIVEN_UP_AFTER, KEPT, records, sealing, told};
use crate::app::App;
use crate::events::{FeedbackNotAccepted, FeedbackNotDelivered};

/// How many reports are taken up in one run, and how many at the same time.
const AT_ONCE: u32 = 50;
const SIDE_BY_SIDE: usize = 8;
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_hours(1);
/// How often the index is asked for a record of the holder that a report is sent on to. That holder may be registering it just now.
const HANDLER_SOUGHT: u32 = 5;

/// What came of a step.
pub(crate) struct Advanced {
    /// The report as it is stored now.
    pub(crate) report: SentFeedback,
    /// As its holder has it, if it was asked.
    pub(crate) view: Option<FeedbackView>,
    /// Why it was not delivered.
    pub(crate) error: Option<ReportError>,
}

/// Takes every step that is due.
pub(crate) async fn work(app: &App) -> Result<(), Fault> {
    let now = app.clock.now();
    let due = app.store.read(move |tables| tables.feedback_due(now, AT_ONCE)).await?;
    let steps = due.into_iter().map(|report| async move {
        match claim(app, report).await? {
            Some(report) => advance(app, report, None).await.map(drop),
            None => Ok(()),
        }
    });
    let done: Vec<Result<(), Fault>> = stream::iter(steps).buffer_unordered(SIDE_BY_SIDE).collect().await;
    told::follow_corrections(app).await?;
    done.into_iter().collect()
}

/// Deletes what has been over for long.
pub(crate) async fn forget(app: &App) -> Result<(), Fault> {
    let before = app.clock.now().minus(KEPT);
    Ok(app.store.keep("forget_feedback", move |books| books.forget_feedback_sent(before)).await?)
}

/// The report, if its next step is ours: nobody else takes it for a while. While somebody else's step runs it is not.
pub(crate) async fn claim(app: &App, mut report: SentFeedback) -> Result<Option<SentFeedback>, Fault> {
    let now = app.clock.now();
    if report.claimed_until.is_some_and(|until| now < until) {
        return Ok(None);
    }
    let until = Some(now.plus(CLAIM));
    (report.next_at, report.claimed_until) = (until, until);
    Ok(store(app, &mut report, true).await?.then_some(report))
}

/// Takes the next step of a report that was claimed. `request` is what it came in with, when that is at hand.
pub(crate) async fn advance(
    app: &App,
    report: SentFeedback,
    request: Option<&FeedbackRequest>,
) -> Result<Advanced, Fault> {
    let is_there = report.delivery == FeedbackDelivery::Delivered;
    if report.delivery == FeedbackDelivery::Waiting {
        send(app, report, request).await
    } else if is_there && report.must_tell {
        tell(app, report).await
    } else if is_there && report.must_look {
        look(app, report).await
    } else if is_there && report.status == Some(FeedbackStatus::Withdrawn) {
        take_back(app, report).await
    } else {
        rest(app, report).await
    }
}

async fn send(
    app: &App,
    mut report: SentFeedback,
    given: Option<&FeedbackRequest>,
) -> Result<Advanced, Fault> {
    let opened = match given {
        Some(_) => None,
        None => content(app, &report).await?,
    };
    let Some(request) = given.or(opened.as_ref()) else {
        refuse(app, &mut report, None, "content-is-gone").await?;
        return Ok(Advanced { report, view: None, error: None });
    };
    let outcome = try_to_send(app, &report, request).await;
    let (id, now) = (report.id, app.clock.now());
    // A signal that came meanwhile does not take this step's turn, and is not forgotten either.
    let stored = app.store.read(move |tables| tables.feedback_sent(id)).await?;
    report.must_look |= stored.is_some_and(|stored| stored.must_look);
    match outcome {
        Ok(Delivered { category, pointers, view }) => {
            report.delivery = FeedbackDelivery::Delivered;
            report.category = category;
            report.pointers = pointers;
            (report.reason, report.attempts, report.changed_at) = (None, 0, now);
            report.next_at = (report.must_tell || report.must_look).then_some(now);
            see(app, &mut report, &view).await?;
            take_back_if_withdrawn(app, &report).await?;
            Ok(Advanced { report, view: Some(view), error: None })
        }
        Err(error) => {
            let (holder, transaction, reason) = (report.holder, report.transaction, error.reason());
            let is_late = now.since(report.queued_at) >= GIVEN_UP_AFTER;
            let is_sought = is_sought(&report, &error);
            if (error.retryable() && !is_late) || is_sought {
                FeedbackNotDelivered { holder, transaction, reason }.log();
                put_off(app, &mut report, error.retry_after());
                report.reason = Some(if is_sought { "handler-not-found-yet" } else { reason }.to_owned());
                save(app, &mut report, true).await?;
            } else {
                FeedbackNotAccepted { holder, transaction, reason }.log();
                refuse(app, &mut report, Some(request), reason).await?;
                if error.retryable() && report.delivery == FeedbackDelivery::Refused {
                    report.delivery = FeedbackDelivery::GivenUp;
                    save(app, &mut report, false).await?;
                }
            }
            Ok(Advanced { report, view: None, error: Some(error) })
        }
    }
}

/// A report that was taken back while it was on its way is taken back where it arrived: the claim of its step had run out.
async fn take_back_if_withdrawn(app: &App, sent: &SentFeedback) -> Result<(), Fault> {
    let id = sent.id;
    let stored = app.store.read(move |tables| tables.feedback_sent(id)).await?;
    let is_withdrawn = |stored: &SentFeedback| stored.status == Some(FeedbackStatus::Withdrawn);
    let Some(mut stored) = stored.filter(is_withdrawn) else { return Ok(()) };
    (stored.holder, stored.category) = (sent.holder, sent.category.clone());
    take_back(app, stored).await.map(drop)
}

/// Takes a report back at its holder, for whoever was told already that it is.
async fn take_back(app: &App, mut report: SentFeedback) -> Result<Advanced, Fault> {
    let taken_back = NewAnnotation { status: Some(FeedbackStatus::Withdrawn), ..NewAnnotation::default() };
    let told = match app.clients.current() {
        Ok(clients) => clients.requester.annotate(report.holder, report.id, &taken_back).await.map(drop),
        Err(error) => Err(ReportError::Holder(error)),
    };
    let is_late = app.clock.now().since(report.changed_at) >= GIVEN_UP_AFTER;
    match told {
        Err(error) if error.retryable() && !is_late => {
            (report.delivery, report.must_tell) = (FeedbackDelivery::Delivered, false);
            put_off(app, &mut report, error.retry_after());
        }
        _ => (report.delivery, report.next_at) = (FeedbackDelivery::Delivered, None),
    }
    save(app, &mut report, false).await?;
    Ok(Advanced { report, view: None, error: None })
}

/// Whether the index has no record of the holder that a report is sent on to, and may have one in a moment.
fn is_sought(report: &SentFeedback, error: &ReportError) -> bool {
    let was_sent_on = !report.sent_on_by.is_empty();
    was_sent_on && *error == ReportError::NotFound && report.attempts + 1 < HANDLER_SOUGHT
}

/// One attempt: a new question, and the report under its grant.
async fn try_to_send(
    app: &App,
    report: &SentFeedback,
    request: &FeedbackRequest,
) -> Result<Delivered, ReportError> {
    let before = report.sent_on_by.last().map(|(holder, _)| *holder);
    let mut asked = request.question();
    asked.holders = vec![report.holder];
    if before.is_some() {
        // The holder that it is sent on to may have the same thing in another kind of data.
        asked.categories.clear();
    }
    // It was checked when it was taken in.
    let question = DossierQuery::parse(&asked).map_err(|_| ReportError::NotFound)?;
    let agreement = app.agreement.current();
    let instead = match before {
        Some(_) => kinds_at(&agreement, request, report.holder),
        None => Vec::new(),
    };
    let to = Addressee {
        holder: report.holder,
        category: request.category.clone(),
        instead,
        handle: request.handle.filter(|_| before.is_none()),
    };
    let clients = app.clients.current().map_err(ReportError::Holder)?;
    let told = |category: &Category| {
        let mut told = request.report(report.id);
        told.sent_on_by = before;
        translate(&agreement, told, &request.category, category)
    };
    clients.requester.report(&question, &to, told).await
}

/// The switchboard or the holder refused for good. A report that was sent on goes back to the holder before.
async fn refuse(
    app: &App,
    report: &mut SentFeedback,
    request: Option<&FeedbackRequest>,
    reason: &'static str,
) -> Result<(), Fault> {
    let now = app.clock.now();
    (report.must_tell, report.attempts, report.changed_at) = (false, 0, now);
    // The holder before may have said something while another one was sought.
    report.next_at = report.must_look.then_some(now);
    let Some((holder, category)) = report.sent_on_by.pop() else {
        report.next_at = None;
        report.delivery = FeedbackDelivery::Refused;
        report.reason = Some(reason.to_owned());
        save(app, report, false).await?;
        return Ok(());
    };
    if let Some(request) = request {
        let agreement = app.agreement.current();
        if let Some(told) = translate(&agreement, request.report(report.id), &request.category, &category) {
            report.pointers = told.attributes.into_iter().map(|one| one.pointer).collect();
        }
    }
    (report.holder, report.category) = (holder, category);
    report.delivery = FeedbackDelivery::Delivered;
    report.status = Some(FeedbackStatus::WrongHolder);
    let reason = if reason == "not-found" { "handler-has-no-record" } else { "handler-refused" };
    report.reason = Some(reason.to_owned());
    save(app, report, true).await?;
    Ok(())
}

/// Tells the holder that sent the report on that another one took it over.
async fn tell(app: &App, mut report: SentFeedback) -> Result<Advanced, Fault> {
    let taken_over = NewAnnotation {
        status: Some(FeedbackStatus::Reported),
        handler: Some(report.holder),
        ..NewAnnotation::default()
    };
    let told = match (report.sent_on_by.last(), app.clients.current()) {
        (Some((before, _)), Ok(clients)) => {
            clients.requester.annotate(*before, report.id, &taken_over).await.map(drop)
        }
        (None, _) => Ok(()),
        (_, Err(error)) => Err(ReportError::Holder(error)),
    };
    let now = app.clock.now();
    let is_late = now.since(report.queued_at) >= GIVEN_UP_AFTER;
    match told {
        Err(error) if error.retryable() && !is_late => put_off(app, &mut report, error.retry_after()),
        // What the holder refuses to hear now it will refuse later: it knows better where its report stands.
        _ => {
            (report.must_tell, report.attempts) = (false, 0);
            report.next_at = report.must_look.then_some(now);
        }
    }
    save(app, &mut report, true).await?;
    Ok(Advanced { report, view: None, error: None })
}

/// Looks where a report stands: at the switchboard, and at the holder for what the switchboard does not know.
async fn look(app: &App, mut report: SentFeedback) -> Result<Advanced, Fault> {
    let Ok(clients) = app.clients.current() else {
        put_off(app, &mut report, None);
        save(app, &mut report, true).await?;
        return Ok(Advanced { report, view: None, error: None });
    };
    let route = clients.switchboard.feedback_route(report.id, Some(report.holder)).await.ok();
    let route = route.filter(|route| route.holder == report.holder);
    let status = route.as_ref().map(|route| route.status);
    if let Some(said) = route.and_then(|route| route.annotated_at) {
        report.changed_at = report.changed_at.max(said.min(app.clock.now()));
    }
    let says_enough =
        status.filter(|status| !matches!(status, FeedbackStatus::WrongHolder | FeedbackStatus::Settled));
    if let Some(status) = says_enough {
        stands(app, &mut report, status);
        looked(&mut report);
        let keeps = keeps_content(&report);
        save(app, &mut report, keeps).await?;
        return Ok(Advanced { report, view: None, error: None });
    }
    match clients.requester.reported(report.holder, report.id).await {
        Ok(view) => {
            looked(&mut report);
            see(app, &mut report, &view).await?;
            Ok(Advanced { report, view: Some(view), error: None })
        }
        Err(error) => {
            if let Some(status) = status {
                stands(app, &mut report, status);
            }
            if error.retryable() {
                put_off(app, &mut report, error.retry_after());
            } else {
                looked(&mut report);
            }
            let keeps = keeps_content(&report);
            save(app, &mut report, keeps).await?;
            Ok(Advanced { report, view: None, error: Some(error) })
        }
    }
}

/// Takes over what the holder says, stores it, and sends the report on when it is another holder's.
pub(crate) async fn see(app: &App, report: &mut SentFeedback, view: &FeedbackView) -> Result<(), Fault> {
    stands(app, report, view.status);
    report.outcome = view.outcome;
    let mut next = None;
    if view.status == FeedbackStatus::WrongHolder {
        let request = content(app, report).await?;
        match (onward(&app.agreement.current(), app.oin, report, view, request.as_ref()), request) {
            (Onward::To(handler), Some(request)) => next = Some((handler, request)),
            (Onward::Stays(reason), _) => report.reason = Some(reason.to_owned()),
            (Onward::To(_), None) => {}
        }
    }
    if let Some((handler, request)) = next {
        return send_on(app, report, handler, &request).await;
    }
    let keeps = keeps_content(report);
    save(app, report, keeps).await.map(drop)
}

/// Another report of doubt, at another holder: recorded as the first was.
async fn send_on(
    app: &App,
    report: &mut SentFeedback,
    handler: Oin,
    request: &FeedbackRequest,
) -> Result<(), Fault> {
    let now = app.clock.now();
    let record: AccessRecord = records::sent(app, request, handler, &report.category, report.transaction);
    report.sent_on_by.push((report.holder, report.category.clone()));
    report.holder = handler;
    report.delivery = FeedbackDelivery::Waiting;
    (report.status, report.outcome, report.reason) = (None, None, None);
    (report.must_tell, report.must_look, report.attempts) = (true, false, 0);
    (report.next_at, report.queued_at, report.changed_at) = (Some(now), now, now);
    report.claimed_until = None;
    let row = report.clone();
    let written = app.store.write("send_feedback_on", move |tx| {
        if !tx.write().change_feedback_sent(&row, true)? {
            return Err(Abort::Refused(()));
        }
        Ok(((), records::act(&record, row.about)?))
    });
    match written.await {
        Ok(_) => report.version += 1,
        // Somebody else took the step.
        Err(WriteError::Refused(())) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

async fn rest(app: &App, mut report: SentFeedback) -> Result<Advanced, Fault> {
    looked(&mut report);
    let keeps = keeps_content(&report);
    save(app, &mut report, keeps).await?;
    Ok(Advanced { report, view: None, error: None })
}

/// What the report came in with, as long as it is kept.
async fn content(app: &App, report: &SentFeedback) -> Result<Option<FeedbackRequest>, Fault> {
    let id = report.id;
    let sealed = app.store.read(move |tables| tables.feedback_sealed(id)).await?;
    sealed.map(|sealed| sealing::open(&app.vault, id, &sealed)).transpose()
}

/// Stores a report after a step, which ends its claim; `false` when somebody else changed it meanwhile.
pub(crate) async fn save(app: &App, report: &mut SentFeedback, keep_sealed: bool) -> Result<bool, Fault> {
    report.claimed_until = None;
    store(app, report, keep_sealed).await
}

async fn store(app: &App, report: &mut SentFeedback, keep_sealed: bool) -> Result<bool, Fault> {
    let row = report.clone();
    let saved =
        app.store.keep("change_feedback", move |books| books.change_feedback_sent(&row, keep_sealed)).await?;
    if saved {
        report.version += 1;
    }
    Ok(saved)
}

fn stands(app: &App, report: &mut SentFeedback, status: FeedbackStatus) {
    if report.status != Some(status) {
        (report.status, report.changed_at) = (Some(status), app.clock.now());
    }
}

fn looked(report: &mut SentFeedback) {
    (report.must_look, report.attempts) = (false, 0);
    // What else is to be done keeps its time.
    report.next_at = report.next_at.filter(|_| report.must_tell);
}

/// What may have to be sent again is kept; a holder that took a report up does not send it on any more.
pub(crate) fn keeps_content(report: &SentFeedback) -> bool {
    match report.status {
        None | Some(FeedbackStatus::Reported | FeedbackStatus::WrongHolder) => true,
        Some(
            FeedbackStatus::InProgress
            | FeedbackStatus::InsufficientInformation
            | FeedbackStatus::Planned
            | FeedbackStatus::Settled
            | FeedbackStatus::Withdrawn,
        ) => false,
    }
}

fn put_off(app: &App, report: &mut SentFeedback, asked: Option<Duration>) {
    report.attempts = report.attempts.saturating_add(1);
    report.next_at = Some(after_failure(app.clock.now(), report.attempts, asked, &app.entropy));
}

/// 5 seconds, doubling to an hour, less up to half so that partners do not fall in step, and never before the service's own
/// `Retry-After`.
pub(super) fn after_failure(
    now: Instant,
    attempts: u32,
    asked: Option<Duration>,
    entropy: &Entropy,
) -> Instant {
    let doubled = FIRST_WAIT.saturating_mul(2u32.saturating_pow(attempts.saturating_sub(1).min(16)));
    let longest = doubled.min(LONGEST_WAIT);
    let [spread] = entropy.draw::<1>();
    let wait = longest.saturating_sub(longest / 2 * u32::from(spread) / 255);
    now.plus(wait.max(asked.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_to_an_hour_and_keep_to_what_the_service_asks() {
        let (entropy, now) = (Entropy::seeded(1), Instant::from_millis(0));
        for attempts in 1..40 {
            let wait = after_failure(now, attempts, None, &entropy).since(now);
            let longest =
                FIRST_WAIT.saturating_mul(2u32.saturating_pow((attempts - 1).min(16))).min(LONGEST_WAIT);
            assert!(wait <= longest && wait >= longest / 2, "{attempts}: {wait:?}");
        }
        let asked = Duration::from_hours(3);
        assert_eq!(after_failure(now, 1, Some(asked), &entropy).since(now), asked);
    }
}

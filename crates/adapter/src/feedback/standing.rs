//! How a report stands after something was said about it. Pure.

use std::time::Duration;

use kw_domain::{Instant, Oin, end_of_term};
use kw_protocol::feedback::{FeedbackSide, FeedbackStatus, Mistake, NewAnnotation};
use kw_store::partner::FeedbackStanding;

/// What both sides have to know about one holder's rules.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) holder: Oin,
    /// Working days within which a report is taken up.
    pub(super) take_up_within: u32,
}

/// How a report stands that has just been received.
pub(super) fn received(rules: Rules, at: Instant) -> FeedbackStanding {
    FeedbackStanding {
        status: FeedbackStatus::Reported,
        since: at,
        handler: rules.holder,
        outcome: None,
        planned_for: None,
        take_up_by: end_of_term(at, rules.take_up_within),
        taken_up_at: None,
        overdue_told: false,
        is_open: true,
    }
}

/// Why an annotation is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// Another holder took the report over: there it is handled.
    Elsewhere,
    /// It is not well formed, or not this side's to say.
    Mistakes(Vec<Mistake>),
    /// It does not follow on where the report stands.
    OutOfTurn(Vec<Mistake>),
}

/// How the report stands after this annotation of this side. A status is never as old as the one before, so that whoever hears
/// of both knows the newer one.
pub(super) fn after(
    before: &FeedbackStanding,
    annotation: &NewAnnotation,
    side: FeedbackSide,
    rules: Rules,
    now: Instant,
) -> Result<FeedbackStanding, NotTaken> {
    let mistakes = annotation.mistakes(before.status, side);
    if !mistakes.is_empty() {
        let out_of_turn = annotation.is_out_of_turn(before.status);
        return Err(if out_of_turn { NotTaken::OutOfTurn(mistakes) } else { NotTaken::Mistakes(mistakes) });
    }
    let mut after = before.clone();
    let Some(status) = annotation.status else { return Ok(after) };
    if side == FeedbackSide::Holder && before.handler != rules.holder {
        return Err(NotTaken::Elsewhere);
    }
    let at = moment(before, now);
    after.status = status;
    after.since = at;
    match status {
        FeedbackStatus::Reported => {
            after.handler = annotation.handler.unwrap_or(before.handler);
            if after.handler == rules.holder {
                // It came back: the term begins anew.
                after.take_up_by = end_of_term(at, rules.take_up_within);
                (after.taken_up_at, after.overdue_told) = (None, false);
            }
        }
        FeedbackStatus::Planned => after.planned_for = annotation.planned_for,
        FeedbackStatus::Settled => after.outcome = annotation.outcome,
        FeedbackStatus::InProgress
        | FeedbackStatus::InsufficientInformation
        | FeedbackStatus::Withdrawn
        | FeedbackStatus::WrongHolder => {}
    }
    if status != FeedbackStatus::Reported {
        after.taken_up_at = after.taken_up_at.or(Some(at));
    }
    after.is_open = status.is_open() && after.handler == rules.holder;
    Ok(after)
}

/// When something is said: now, and after what was said before.
pub(super) fn moment(before: &FeedbackStanding, now: Instant) -> Instant {
    now.max(before.since.plus(Duration::from_millis(1)))
}

//! Answers that must not tell by their time why nothing was found leave on a grid.
//!
//! The work is the same whatever is found (`about::Prospect`, `consenting`, `deciding`), but not to the microsecond: a choice
//! or mandate that is there is read, one that is not is not. So an answer in which something may be withheld waits for the next step of
//! the grid, counted from when its question came in. What is left of a difference shows only when it crosses a step.
//!
//! The wait is a thread's sleep, not the runtime's. The runtime waits whole milliseconds from when it falls idle, so an
//! answer that was ready 40 µs later would leave 40 µs later.

use std::thread;
use std::time::{Duration, Instant};

use actix_web::web;
use kw_agreement::{Agreement, Denials};
use kw_protocol::query::Query;

use crate::consents::is_chosen;

/// Large against what the differences come to, small against what an asker waits anyway.
const STEP: Duration = Duration::from_millis(10);

/// Whether something about the person may be withheld in the answer without the asker being told.
pub(super) fn may_withhold(agreement: &Agreement, query: &Query) -> bool {
    let Some(purpose) = agreement.purpose(&query.purpose) else { return false };
    let allowed = purpose.roles.get(&query.actor.role);
    let is_weighed = allowed.is_some_and(|all| all.iter().any(|category| is_chosen(agreement, category)));
    purpose.denials == Denials::AsNothingFound && (is_weighed || query.representation.is_some())
}

/// Waits for the next step of the grid that began with the question.
pub(super) async fn until_next_step(began: Instant) {
    let steps = began.elapsed().as_nanos() / STEP.as_nanos() + 1;
    let leaves = began + STEP * u32::try_from(steps).unwrap_or(u32::MAX);
    // Cancelled only when the process ends, with the answer itself.
    let _waited = web::block(move || thread::sleep(leaves.saturating_duration_since(Instant::now()))).await;
}

//! Answers that must not tell by their time why nothing was found leave on a grid.
//!
//! The work is the same whatever is found (`about::Prospect`, `consenting`, `deciding`), but not to the microsecond: a choice
//! or mandate that is there is read, one that is not is not. So an answer in which something may be withheld waits for the next step of
//! the grid, counted from when its question came in. What is left of a difference shows only when it crosses a step.

use std::time::Duration;

use kw_agreement::{Agreement, Denials};
use kw_protocol::query::Query;
use tokio::time::{Instant, sleep_until};

use crate::consents::is_chosen;

/// Large against what the differences come to, small against what an asker waits anyway.
const STEP: Duration = Duration::from_millis(2);

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
    sleep_until(began + STEP * u32::try_from(steps).unwrap_or(u32::MAX)).await;
}

//! How much a party has left: pure arithmetic over three windows.
//!
//! A window begins with the first evaluation after the one before it ended, and in each window no more is given than the
//! agreement says. Bursts are counted per minute. Two windows that follow each other can together give twice the limit
//! in a shorter time than two windows last; the hour bounds that for the minutes, and the day for the hours.

use std::time::Duration;

use kw_agreement::Budget;
use kw_domain::Instant;
use kw_store::pseudonymiser::{BudgetUse, WindowUse};

/// One of the windows of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Window {
    Minute,
    Hour,
    Day,
}

impl Window {
    /// The window as it stands in records and messages.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    fn length(self) -> Duration {
        match self {
            Self::Minute => Duration::from_mins(1),
            Self::Hour => Duration::from_hours(1),
            Self::Day => Duration::from_hours(24),
        }
    }
}

/// Why nothing was charged: the caller's, who asked for more than it has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overdrawn {
    /// Something may be left when this window has ended; of all windows that block, the one that ends last.
    Exhausted { window: Window, wait: Duration },
    /// No window is ever large enough: at most `largest` at once.
    NeverFits { largest: u64 },
}

/// Takes `count` evaluations at `now` from every window, or from none.
pub(crate) fn charge(
    used: &BudgetUse,
    limit: &Budget,
    count: u64,
    now: Instant,
) -> Result<BudgetUse, Overdrawn> {
    let largest = limit.burst.min(limit.hour).min(limit.day);
    if count > largest {
        return Err(Overdrawn::NeverFits { largest });
    }
    let minute = current(Window::Minute, used.minute, now);
    let hour = current(Window::Hour, used.hour, now);
    let day = current(Window::Day, used.day, now);
    let windows = [
        (Window::Minute, minute, limit.burst),
        (Window::Hour, hour, limit.hour),
        (Window::Day, day, limit.day),
    ];
    let blocking = windows
        .into_iter()
        .filter(|(_, window, limit)| window.used.saturating_add(count) > *limit)
        .map(|(kind, window, _)| (kind, window.start.plus(kind.length()).since(now)))
        .max_by_key(|(_, wait)| *wait);
    if let Some((window, wait)) = blocking {
        return Err(Overdrawn::Exhausted { window, wait });
    }
    let more = |window: WindowUse| WindowUse { used: window.used + count, ..window };
    Ok(BudgetUse { minute: more(minute), hour: more(hour), day: more(day) })
}

/// The window that `now` falls in. A clock that was set back moves the window with it and keeps what was used, so that no
/// clock can give a budget twice, nor block one for longer than a window.
fn current(kind: Window, window: WindowUse, now: Instant) -> WindowUse {
    if window.start > now {
        WindowUse { start: now, ..window }
    } else if now.since(window.start) >= kind.length() {
        WindowUse { start: now, used: 0 }
    } else {
        window
    }
}

#[cfg(test)]
mod tests;

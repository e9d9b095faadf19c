//! Long work at a terminal: a line that moves. Elsewhere, plain lines.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::note;

/// Tells how far something is.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Work of which nobody knows how long it takes.
    pub(crate) fn steps() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { bar }
    }

    /// Work that can be counted.
    pub(crate) fn counted(what: &'static str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            if let Ok(style) =
                ProgressStyle::with_template("{msg} [{bar:32}] {pos}/{len}, {per_sec}, {eta} left")
            {
                bar.set_style(style.progress_chars("=> "));
            }
            bar.set_message(what);
            bar
        });
        Self { bar }
    }

    /// So much is done, of so much.
    pub(crate) fn reached(&self, done: u64, total: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(done);
        }
    }

    /// The next thing begins.
    pub(crate) fn begins(&self, what: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(what.to_owned()),
            None => note(what),
        }
    }

    /// Something to know, which stays on the screen.
    pub(crate) fn tells(&self, what: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| note(what)),
            None => note(what),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl kw_demo::Audience for Progress {
    fn begins(&self, what: &str) {
        Self::begins(self, what);
    }

    fn hears(&self, what: &str) {
        self.tells(what);
    }
}

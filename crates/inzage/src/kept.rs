//! What a session keeps: in memory, of one person, gone with the session.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_domain::Instant;
use kw_web::Frame;

use crate::gathering::Gathered;
use crate::pages::collected::Kept as Collected;
use crate::pages::{choices, corrections};

/// What is kept for the length of a session, and nowhere else.
#[derive(Default)]
pub(crate) struct Kept {
    /// What was gathered about the person.
    gathered: Option<Arc<Gathered>>,
    /// What the register said last.
    pub(crate) counted: Option<Counted>,
    /// What the next page says first: a message.
    said: Option<&'static str>,
    /// How often somebody else's number was wrong.
    pub(crate) mistaken: u8,
    /// What the forms that were opened last begin with.
    pub(crate) wanted: Wanted,
    /// The session at the personal environment.
    pub(crate) collected: Collected,
}

/// A mandate counted.
pub(crate) struct Counted {
    /// The mandate under which somebody acts, or the dossier that is open under one: the answer is about no other.
    pub(crate) what: String,
    pub(crate) at: Instant,
}

impl Counted {
    /// Whether this mandate or dossier need not be asked about again.
    pub(crate) fn vouches(&self, what: &str, now: Instant) -> bool {
        self.what == what && self.at <= now && now.since(self.at) < REMEMBERED
    }
}

/// A page and what belongs to it ask the register once.
const REMEMBERED: Duration = Duration::from_secs(2);

/// For which line of which page a form was opened.
#[derive(Default)]
pub(crate) struct Wanted {
    pub(crate) choice: choices::Given,
    pub(crate) correction: corrections::Which,
    /// `<OIN>:<category>`.
    pub(crate) objection: String,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("gathered", &self.gathered.is_some()).finish_non_exhaustive()
    }
}

impl Kept {
    pub(crate) fn gathered(&self) -> Option<Arc<Gathered>> {
        self.gathered.clone()
    }

    pub(crate) fn keep(&mut self, gathered: Gathered) {
        self.gathered = Some(Arc::new(gathered));
    }

    /// Changes what an act changed.
    pub(crate) fn renew(&mut self, change: impl FnOnce(&mut Gathered)) {
        if let Some(gathered) = &mut self.gathered {
            change(Arc::make_mut(gathered));
        }
    }

    /// Has the next page say that something was done.
    pub(crate) fn say(&mut self, message: &'static str) {
        self.said = Some(message);
    }

    pub(crate) fn said(&mut self) -> Option<&'static str> {
        self.said.take()
    }
}

/// The name of a thing in this session's addresses: another session has another name for it, and nobody can guess it.
pub(crate) fn name(f: &Frame, thing: impl fmt::Display) -> String {
    let mut context = Context::new(&SHA256);
    context.update(b"ketenwijzer inzage name ");
    context.update(f.csrf().as_bytes());
    context.update(thing.to_string().as_bytes());
    URL_SAFE_NO_PAD.encode(&context.finish().as_ref()[..12])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_about_one_mandate_is_good_for_two_seconds_and_for_no_other() {
        let at = Instant::parse("2026-11-23T10:00:00.500Z").unwrap();
        let counted = Counted { what: "one".to_owned(), at };
        let vouches = |what, now| counted.vouches(what, Instant::parse(now).unwrap());
        assert!(vouches("one", "2026-11-23T10:00:00.500Z"));
        assert!(vouches("one", "2026-11-23T10:00:02.499Z"));
        assert!(!vouches("one", "2026-11-23T10:00:02.500Z"));
        assert!(!vouches("one", "2026-11-23T10:00:00.499Z"), "a clock that was put back proves nothing");
        assert!(!vouches("another", "2026-11-23T10:00:00.500Z"));
    }
}

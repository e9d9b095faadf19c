//! Sign-ins under way and codes that were not used yet. Everything has an end and a bound.

use std::time::Duration;

use kw_domain::{Category, Instant, MandateId};
use kw_protocol::authorisation::RepresentationScope;
use kw_protocol::mandate::{MandateAct, MandateKind};

use crate::openid::{Expiring, Full, Question};

pub(super) struct State {
    interactions: Expiring<Interaction>,
    codes: Expiring<Code>,
}

/// What a client asked for.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) question: Question,
    pub(super) representation: Option<RepresentationScope>,
    /// Whether the client wants to know whom the person may act for.
    pub(super) represented: bool,
}

/// A sign-in under way.
#[derive(Clone)]
pub(super) struct Interaction {
    pub(super) request: Request,
    /// Who signed in, and when.
    pub(super) account: Option<(String, Instant)>,
    pub(super) failures: u32,
    /// What only the browser that began it has; a program's sign-in has none.
    pub(super) browser: Option<String>,
}

/// What a code stands for.
pub(super) struct Code {
    pub(super) request: Request,
    pub(super) account: String,
    pub(super) signed_in_at: Instant,
    pub(super) chosen: Option<ChosenMandate>,
}

/// Under which mandate, for whom.
#[derive(Clone)]
pub(super) struct ChosenMandate {
    pub(super) mandate: MandateId,
    pub(super) kind: MandateKind,
    pub(super) categories: Vec<Category>,
    pub(super) acts: Vec<MandateAct>,
    /// The represented person's account.
    pub(super) account: String,
}

impl Default for State {
    fn default() -> Self {
        Self { interactions: Expiring::new(SIGN_IN), codes: Expiring::new(CODE) }
    }
}

impl State {
    pub(super) fn begin(
        &mut self,
        id: String,
        request: Request,
        browser: Option<String>,
        now: Instant,
    ) -> Result<(), Full> {
        self.interactions.keep(id, Interaction { request, account: None, failures: 0, browser }, now)
    }

    pub(super) fn interaction(&mut self, id: &str, now: Instant) -> Option<&mut Interaction> {
        self.interactions.find(id, now)
    }

    pub(super) fn end(&mut self, id: &str) {
        self.interactions.forget(id);
    }

    /// Ends a sign-in with a code. `false` when it has ended meanwhile: nobody gets two codes out of one.
    pub(super) fn finish(
        &mut self,
        id: &str,
        code: String,
        chosen: Option<ChosenMandate>,
        now: Instant,
    ) -> bool {
        let Some(Interaction { request, account: Some((account, signed_in_at)), .. }) =
            self.interactions.take(id, now)
        else {
            return false;
        };
        self.codes.keep(code, Code { request, account, signed_in_at, chosen }, now).is_ok()
    }

    /// What a code stands for. It is gone then, whatever comes of it.
    pub(super) fn take(&mut self, code: &str, now: Instant) -> Option<Code> {
        self.codes.take(code, now)
    }
}

/// How long a person may take to sign in and choose.
const SIGN_IN: Duration = Duration::from_mins(10);
/// How long a code works.
const CODE: Duration = Duration::from_mins(1);

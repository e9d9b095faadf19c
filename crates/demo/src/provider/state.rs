//! Sign-ins under way and codes that were not used yet. Everything has an end and a bound.

use std::collections::HashMap;
use std::time::Duration;

use kw_domain::{Category, Instant, MandateId};
use kw_protocol::authorisation::RepresentationScope;
use kw_protocol::mandate::{MandateAct, MandateKind};

#[derive(Default)]
pub(super) struct State {
    interactions: HashMap<String, Interaction>,
    codes: HashMap<String, Code>,
    /// Assertions of clients that were used, until they are void by themselves.
    assertions: HashMap<String, Instant>,
}

/// What a client asked for.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) client: String,
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
    pub(super) nonce: String,
    /// SHA-256 of the code verifier, unpadded base64url.
    pub(super) challenge: String,
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
    until: Instant,
}

/// What a code stands for.
pub(super) struct Code {
    pub(super) request: Request,
    pub(super) account: String,
    pub(super) signed_in_at: Instant,
    pub(super) chosen: Option<ChosenMandate>,
    until: Instant,
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

/// There is no room for another sign-in now.
pub(super) struct Full;

impl State {
    pub(super) fn begin(
        &mut self,
        id: String,
        request: Request,
        browser: Option<String>,
        now: Instant,
    ) -> Result<(), Full> {
        self.interactions.retain(|_, interaction| now < interaction.until);
        if self.interactions.len() >= MOST {
            return Err(Full);
        }
        let until = now.plus(SIGN_IN);
        self.interactions.insert(id, Interaction { request, account: None, failures: 0, browser, until });
        Ok(())
    }

    pub(super) fn interaction(&mut self, id: &str, now: Instant) -> Option<&mut Interaction> {
        self.interactions.get_mut(id).filter(|interaction| now < interaction.until)
    }

    pub(super) fn end(&mut self, id: &str) {
        self.interactions.remove(id);
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
            self.interactions.remove(id)
        else {
            return false;
        };
        self.codes.retain(|_, code| now < code.until);
        let until = now.plus(CODE);
        self.codes.insert(code, Code { request, account, signed_in_at, chosen, until });
        true
    }

    /// What a code stands for. It is gone then, whatever comes of it.
    pub(super) fn take(&mut self, code: &str, now: Instant) -> Option<Code> {
        self.codes.remove(code).filter(|code| now < code.until)
    }

    /// Whether this assertion was not used before.
    pub(super) fn first_use(&mut self, client: &str, assertion: &str, until: Instant, now: Instant) -> bool {
        self.assertions.retain(|_, until| now < *until);
        self.assertions.len() < MOST
            && self.assertions.insert(format!("{client} {assertion}"), until).is_none()
    }
}

/// How long a person may take to sign in and choose.
const SIGN_IN: Duration = Duration::from_mins(10);
/// How long a code works.
const CODE: Duration = Duration::from_mins(1);
const MOST: usize = 1000;

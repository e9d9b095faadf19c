//! Sessions: in memory only, bound to one browser, gone after a while.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_domain::{ActorId, Instant, Role};
use kw_protocol::IdToken;
use kw_runtime::Entropy;
use serde_json::Value;
use std::future::{Ready, ready};

use crate::{Failure, Frame, SessionSettings, Shell};

/// Who signed in.
#[derive(Clone)]
pub struct User {
    /// The actor's id, from the claim that the agreement names.
    pub id: ActorId,
    /// What the pages call them.
    pub name: String,
    /// What they may be, in the agreement's words.
    pub roles: Vec<Role>,
    /// The provider's statement, to show to others.
    pub token: IdToken,
    /// Everything that the provider said.
    pub claims: BTreeMap<String, Value>,
    /// When they showed who they are.
    pub authenticated_at: Instant,
    /// What they chose when they signed in (`Choices::scopes`).
    pub choice: Option<String>,
}

impl User {
    /// Whether they have this role.
    pub fn is(&self, role: &str) -> bool {
        self.roles.iter().any(|one| one.as_str() == role)
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("roles", &self.roles).finish_non_exhaustive()
    }
}

/// A session, with what the application keeps in it.
pub struct Session<D> {
    /// Who signed in.
    pub user: User,
    /// What its forms carry.
    csrf: String,
    /// What the browser showed when it began, where that is demanded.
    certificate: Option<[u8; 32]>,
    began: Instant,
    seen: Mutex<Instant>,
    data: Mutex<D>,
}

impl<D> Session<D> {
    /// What the application keeps for the length of the session.
    pub fn data(&self) -> MutexGuard<'_, D> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn certificate(&self) -> Option<[u8; 32]> {
        self.certificate
    }

    pub(crate) fn csrf(&self) -> &str {
        &self.csrf
    }

    /// Whether a form is one of this session's.
    pub(crate) fn sent(&self, token: &str) -> bool {
        verify_slices_are_equal(self.csrf.as_bytes(), token.as_bytes()).is_ok()
    }

    fn seen(&self) -> MutexGuard<'_, Instant> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<D> fmt::Debug for Session<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("began", &self.began).finish_non_exhaustive()
    }
}

/// All sessions of an application, by the digest of what the browser has.
pub(crate) struct Sessions<D> {
    settings: SessionSettings,
    open: Mutex<HashMap<[u8; 32], Arc<Session<D>>>>,
}

impl<D: Default> Sessions<D> {
    pub(crate) fn new(settings: SessionSettings) -> Self {
        Self { settings, open: Mutex::default() }
    }

    /// Begins one; `None` when there are too many. The text is for the browser's cookie.
    pub(crate) fn begin(
        &self,
        user: User,
        certificate: Option<[u8; 32]>,
        data: D,
        now: Instant,
        entropy: &Entropy,
    ) -> Option<String> {
        let token = opaque(entropy);
        let session = Session {
            user,
            csrf: opaque(entropy),
            certificate,
            began: now,
            seen: Mutex::new(now),
            data: Mutex::new(data),
        };
        self.sweep(now);
        let mut open = self.open();
        if open.len() >= self.settings.most {
            return None;
        }
        open.insert(key(&token), Arc::new(session));
        Some(token)
    }

    /// The session of a cookie, which counts as used now.
    pub(crate) fn find(&self, token: &str, now: Instant) -> Option<Arc<Session<D>>> {
        let key = key(token);
        let mut open = self.open();
        let session = Arc::clone(open.get(&key)?);
        if self.is_over(&session, now) {
            open.remove(&key);
            return None;
        }
        *session.seen() = now;
        Some(session)
    }

    /// When a session ends if nothing more is asked in it.
    pub(crate) fn ends(&self, session: &Session<D>) -> Instant {
        let idle = session.seen().plus(minutes(self.settings.idle_minutes));
        idle.min(session.began.plus(minutes(self.settings.longest_minutes)))
    }

    pub(crate) fn end(&self, token: &str) {
        self.open().remove(&key(token));
    }

    /// Forgets what is over.
    pub(crate) fn sweep(&self, now: Instant) {
        self.open().retain(|_, session| !self.is_over(session, now));
    }

    fn is_over(&self, session: &Session<D>, now: Instant) -> bool {
        now >= self.ends(session)
    }

    fn open(&self) -> MutexGuard<'_, HashMap<[u8; 32], Arc<Session<D>>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 256 random bits as text.
pub(crate) fn opaque(entropy: &Entropy) -> String {
    URL_SAFE_NO_PAD.encode(entropy.draw::<32>())
}

fn key(token: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    bytes
}

pub(crate) fn minutes(count: u64) -> Duration {
    Duration::from_secs(count.saturating_mul(60))
}

/// Somebody who signed in: what every handler behind the sign-in starts with. Without a session the browser goes there
/// first.
pub struct SignedIn<D: 'static> {
    /// The application.
    pub shell: Data<Shell<D>>,
    /// The session.
    pub session: Arc<Session<D>>,
    frame: Frame,
}

impl<D: Default + Send + 'static> SignedIn<D> {
    /// Who.
    pub fn user(&self) -> &User {
        &self.session.user
    }

    /// What surrounds a page with this title (a message).
    pub fn frame(&self, title: &str) -> Frame {
        self.frame.titled(title)
    }

    /// Refuses whoever does not have this role.
    pub fn require(&self, role: &str) -> Result<(), Failure> {
        if self.session.user.is(role) { Ok(()) } else { Err(Failure::denied()) }
    }

    /// For a sensitive act: refuses a sign-in that is too long ago, and has the browser sign in again and come back to `path`.
    pub fn require_fresh(&self, path: &str) -> Result<(), Failure> {
        let limit = minutes(self.shell.sessions.settings.fresh_minutes);
        if self.shell.now().since(self.session.user.authenticated_at) <= limit {
            Ok(())
        } else {
            Err(Failure::SignIn { next: path.to_owned(), again: true })
        }
    }
}

impl<D: Default + Send + 'static> FromRequest for SignedIn<D> {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(signed_in(request))
    }
}

fn signed_in<D: Default + Send + 'static>(request: &HttpRequest) -> Result<SignedIn<D>, Failure> {
    let shell = Shell::<D>::of(request)?;
    let next = if request.method() == actix_web::http::Method::GET { request.path() } else { "/" };
    let session =
        shell.session(request).ok_or_else(|| Failure::SignIn { next: next.to_owned(), again: false })?;
    let frame = Frame::signed_in(&shell, request, &session);
    Ok(SignedIn { shell, session, frame })
}

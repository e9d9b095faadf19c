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
use kw_protocol::problem::ProblemCode;
use kw_runtime::Entropy;
use serde_json::Value;
use std::future::{Ready, ready};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{Failure, Fields, Frame, SessionSettings, Shell};

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
    /// What those carry that a page of the same person made before they signed in again, and until when they are good.
    earlier: Option<(String, Instant)>,
    /// What the browser showed when it began, where that is demanded.
    certificate: Option<[u8; 32]>,
    began: Instant,
    seen: Mutex<Instant>,
    data: Mutex<D>,
    unsent: Mutex<Option<Unsent>>,
    reading: Semaphore,
    uploading: Semaphore,
}

/// A form that came too long after the sign-in, for the page that has it.
pub(crate) struct Unsent {
    path: String,
    fields: Fields,
}

/// What is kept of a session for the next one of the same person.
pub(crate) struct Kept<D> {
    data: D,
    unsent: Option<Unsent>,
    /// What the forms of its pages carry, and until when that session would have gone on.
    csrf: (String, Instant),
}

impl<D> Session<D> {
    /// What the application keeps for the length of the session.
    pub fn data(&self) -> MutexGuard<'_, D> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a form for the page at `path`, in place of an earlier one.
    pub(crate) fn keep_unsent(&self, path: &str, fields: Fields) {
        *self.unsent() = Some(Unsent { path: path.to_owned(), fields });
    }

    /// Everything that a session of the same person goes on with. Forms in other tabs stay good for as long as this one would have
    /// gone on, which is until then.
    pub(crate) fn hand_over(&self, until: Instant) -> Kept<D>
    where
        D: Default,
    {
        Kept {
            data: std::mem::take(&mut *self.data()),
            unsent: self.unsent().take(),
            csrf: (self.csrf.clone(), until),
        }
    }

    fn unsent(&self) -> MutexGuard<'_, Option<Unsent>> {
        self.unsent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a form that is being read: so many of one session at once, that slow ones keep nobody else waiting.
    pub(crate) fn reading(&self) -> Result<SemaphorePermit<'_>, Failure> {
        self.reading.try_acquire().map_err(|_| Failure::Problem { code: ProblemCode::TooMany })
    }

    /// The same for one with files: one of a session at once.
    pub(crate) fn uploading(&self) -> Result<SemaphorePermit<'_>, Failure> {
        self.uploading.try_acquire().map_err(|_| Failure::Problem { code: ProblemCode::TooMany })
    }

    pub(crate) fn certificate(&self) -> Option<[u8; 32]> {
        self.certificate
    }

    pub(crate) fn csrf(&self) -> &str {
        &self.csrf
    }

    /// Whether a form is one of this session's.
    pub(crate) fn sent(&self, token: &str, now: Instant) -> bool {
        let is = |own: &str| verify_slices_are_equal(own.as_bytes(), token.as_bytes()).is_ok();
        is(&self.csrf) || self.earlier.as_ref().is_some_and(|(own, until)| now < *until && is(own))
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
        kept: Option<Kept<D>>,
        now: Instant,
        entropy: &Entropy,
    ) -> Option<String> {
        let token = opaque(entropy);
        let (data, unsent, earlier) = match kept {
            Some(Kept { data, unsent, csrf }) => (data, unsent, Some(csrf)),
            None => (D::default(), None, None),
        };
        let session = Session {
            user,
            csrf: opaque(entropy),
            earlier,
            certificate,
            began: now,
            seen: Mutex::new(now),
            data: Mutex::new(data),
            unsent: Mutex::new(unsent),
            reading: Semaphore::new(MOST_READ),
            uploading: Semaphore::new(1),
        };
        self.sweep(now);
        let mut open = self.open();
        let own = open.iter().filter(|(_, other)| other.user.id == session.user.id);
        let idlest = own.clone().min_by_key(|(_, other)| *other.seen()).map(|(key, _)| *key);
        if own.count() >= MOST_OF_ONE
            && let Some(idlest) = idlest
        {
            open.remove(&idlest);
        }
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

    /// How long the session of a cookie goes on if nothing more is asked in it. Asking this is nothing.
    pub(crate) fn left(&self, token: &str, now: Instant) -> Duration {
        self.open().get(&key(token)).map(|session| self.ends(session).since(now)).unwrap_or_default()
    }

    /// When a session ends if nothing more is asked in it.
    pub(crate) fn ends(&self, session: &Session<D>) -> Instant {
        let idle = session.seen().plus(minutes(self.settings.idle_minutes));
        idle.min(session.began.plus(minutes(self.settings.longest_minutes)))
    }

    pub(crate) fn end(&self, token: &str) {
        self.open().remove(&key(token));
    }

    /// The longest that a sign-in can be good for.
    pub(crate) fn longest(&self) -> Duration {
        minutes(self.settings.longest_minutes)
    }

    /// Whether a sign-in of then is recent enough for a sensitive act now.
    pub(crate) fn is_fresh(&self, authenticated_at: Instant, now: Instant) -> bool {
        now.since(authenticated_at) <= minutes(self.settings.fresh_minutes)
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

/// Forms of one session that are read at once. People send one or two.
const MOST_READ: usize = 4;
/// Sessions of one person; another one ends the one that was used longest ago, so that nobody fills the room of all.
const MOST_OF_ONE: usize = 50;

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
        if self.shell.sessions.is_fresh(self.session.user.authenticated_at, self.shell.now()) {
            Ok(())
        } else {
            Err(Failure::SignIn { next: path.to_owned(), again: true })
        }
    }

    /// What was filled in on the page at `path` and could not be sent, because the sign-in was too long ago. It is gone then.
    pub fn unsent(&self, path: &str) -> Option<Fields> {
        self.session.unsent().take_if(|unsent| unsent.path == path).map(|unsent| unsent.fields)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str) -> User {
        User {
            id: ActorId::parse(id).unwrap(),
            name: id.to_owned(),
            roles: Vec::new(),
            token: IdToken::new("x.y.z".to_owned()),
            claims: BTreeMap::new(),
            authenticated_at: Instant::from_millis(0),
            choice: None,
        }
    }

    #[test]
    fn nobody_fills_the_room_of_all() {
        let settings = SessionSettings { most: MOST_OF_ONE + 2, ..SessionSettings::default() };
        let (sessions, entropy) = (Sessions::<()>::new(settings), Entropy::os());
        let at = |second: i64| Instant::from_millis(second * 1000);
        let begin = |id: &str, second| sessions.begin(user(id), None, None, at(second), &entropy);
        let other = begin("l.prins", 0).unwrap();
        let first = begin("j.jansen", 1).unwrap();
        let second = begin("j.jansen", 2).unwrap();
        assert!(sessions.find(&first, at(3)).is_some());
        for one in 2..MOST_OF_ONE + 5 {
            assert!(begin("j.jansen", 4).is_some(), "{one}");
        }
        assert!(sessions.find(&other, at(5)).is_some());
        assert!(sessions.find(&second, at(5)).is_none(), "the one that was used longest ago");
        assert!(begin("k.dewit", 6).is_some(), "there is room for others");
        assert!(begin("m.bos", 6).is_none(), "and no more than there is");
    }
}

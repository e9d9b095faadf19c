//! Forms: bounded, and only from our own pages.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use kw_domain::Bsn;
use kw_protocol::problem::ProblemCode;
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::events::FormRefused;
use crate::{Failure, SignedIn};

const LARGEST: usize = 64 * 1024;
const MOST: usize = 256;
/// What a session keeps of a form while somebody signs in again.
const MOST_KEPT: usize = 16 * 1024;
/// So much more of a form that is too large is read and thrown away: a browser shows no answer while it is still sending.
const THROWN_AWAY: usize = 16 * 1024 * 1024;

/// How large a form may be that somebody with this role sends; as `app_data` of a resource it replaces the general 64 KiB for them.
#[derive(Debug, Clone, Copy)]
pub struct FormLimit {
    /// In bytes, as it is sent.
    pub largest: usize,
    /// For whom. Nothing that is larger than others is read for anybody else.
    pub role: &'static str,
}

/// What was filled in.
#[derive(Clone, Default)]
pub struct Fields(Vec<(String, Zeroizing<String>)>);

impl Fields {
    /// The first value of a field, without white space around it; empty when it is not there.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(given, _)| given == name).map_or("", |(_, value)| value.trim())
    }

    /// The same, or nothing when it is empty.
    pub fn given(&self, name: &str) -> Option<&str> {
        Some(self.get(name)).filter(|value| !value.is_empty())
    }

    /// All values of a field.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(given, _)| given == name).map(|(_, value)| value.as_str()).collect()
    }

    /// What forms have in common that were filled in alike: SHA-256 over the names and values of all fields but the token.
    pub fn digest(&self) -> [u8; 32] {
        let mut context = Context::new(&SHA256);
        for (name, value) in self.0.iter().filter(|(name, _)| name != TOKEN) {
            for text in [name.as_str(), value.as_str()] {
                context.update(&(text.len() as u64).to_be_bytes());
                context.update(text.as_bytes());
            }
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(context.finish().as_ref());
        digest
    }

    /// How much memory its texts take.
    fn size(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.len()).sum()
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// The fields of a form that a page of this session sent: the session is checked, and the form's token.
pub struct Form<D: 'static> {
    /// Who sent it.
    pub by: SignedIn<D>,
    fields: Fields,
}

impl<D> Deref for Form<D> {
    type Target = Fields;

    fn deref(&self) -> &Fields {
        &self.fields
    }
}

impl<D: Default + Send + 'static> Form<D> {
    /// These fields, if a page of the sender's session made the form.
    pub(crate) fn sent(by: SignedIn<D>, fields: Vec<(String, Zeroizing<String>)>) -> Result<Self, Failure> {
        let form = Self { by, fields: Fields(fields) };
        if form.by.session.sent(form.get(TOKEN), form.by.shell.now()) {
            Ok(form)
        } else {
            FormRefused { route: "another session" }.log();
            Err(Failure::forged())
        }
    }

    /// [`SignedIn::require_fresh`], and what was filled in is there afterwards: `SignedIn::unsent` of the page at `path` has it, once.
    /// A form that is too large for that is filled in again.
    pub fn require_fresh(&self, path: &str) -> Result<(), Failure> {
        self.by.require_fresh(path).inspect_err(|_| self.keep(path))
    }

    /// Keeps what was filled in for the page at `path`, where an application itself has somebody sign in again.
    pub fn keep(&self, path: &str) {
        if self.fields.size() <= MOST_KEPT {
            let mut fields = self.fields.clone();
            fields.0.retain(|(name, _)| name != TOKEN);
            self.by.session.keep_unsent(path, fields);
        }
    }
}

impl<D> fmt::Debug for Form<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fields.fmt(f)
    }
}

impl<D: Default + Send + 'static> FromRequest for Form<D> {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let by = SignedIn::from_request(request, payload);
        let is_form = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.split(';').next() == Some("application/x-www-form-urlencoded"));
        let limit = request.app_data::<FormLimit>().copied();
        let payload = payload.take();
        Box::pin(async move {
            let by: SignedIn<D> = by.await?;
            if !is_form {
                return Err(Failure::invalid());
            }
            let limit =
                limit.filter(|limit| by.require(limit.role).is_ok()).map_or(LARGEST, |limit| limit.largest);
            let body = {
                let _place = by.session.reading()?;
                let collected = tokio::time::timeout(PATIENCE, collected(payload, limit)).await;
                collected.map_err(|_| Failure::Problem { code: ProblemCode::TooSlow })??
            };
            let mut fields = Vec::new();
            for (name, value) in form_urlencoded::parse(&body) {
                if fields.len() == MOST {
                    return Err(Failure::invalid());
                }
                fields.push((name.into_owned(), Zeroizing::new(value.into_owned())));
            }
            Self::sent(by, fields)
        })
    }
}

async fn collected(mut payload: Payload, limit: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let (mut body, mut over) = (Zeroizing::new(Vec::new()), 0);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Failure::invalid())?;
        if over > 0 || body.len() + chunk.len() > limit {
            over += chunk.len();
            if over > THROWN_AWAY {
                break;
            }
        } else {
            body.extend_from_slice(&chunk);
        }
    }
    if over > 0 { Err(Failure::Problem { code: ProblemCode::TooLarge }) } else { Ok(body) }
}

/// What the forms of a page without a session carry, made of a secret that only the browser's cookie and the server have.
/// Whoever sees the page does not learn the cookie from it.
pub fn form_token(secret: &str) -> String {
    let mut context = Context::new(&SHA256);
    context.update(b"ketenwijzer form ");
    context.update(secret.as_bytes());
    URL_SAFE_NO_PAD.encode(context.finish())
}

/// The fields of such a form, and whether it is of the page that was made with this secret.
pub fn sent_form(body: &[u8], secret: &str) -> Option<BTreeMap<String, Zeroizing<String>>> {
    if body.len() > LARGEST {
        return None;
    }
    let pairs = form_urlencoded::parse(body);
    if pairs.clone().nth(MOST).is_some() {
        return None;
    }
    let fields: BTreeMap<String, Zeroizing<String>> =
        pairs.map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned()))).collect();
    let given = fields.get(TOKEN)?;
    verify_slices_are_equal(form_token(secret).as_bytes(), given.as_bytes()).ok()?;
    Some(fields)
}

/// Until the whole of a form is here.
const PATIENCE: Duration = Duration::from_secs(15);
/// The field that shows that a form is ours.
pub(crate) const TOKEN: &str = "_token";

/// What is wrong with a form: message names by field. A page shows each at its field, and all of them on top, in the order in which
/// they were found.
#[derive(Debug, Default, Clone)]
pub struct Problems {
    found: Vec<(&'static str, &'static str)>,
    unsent: bool,
}

impl Problems {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing is wrong; the page says that what was filled in is there, and was not sent.
    pub fn of_unsent() -> Self {
        Self { unsent: true, ..Self::default() }
    }

    /// Whether the form was kept while somebody signed in again.
    pub fn is_unsent(&self) -> bool {
        self.unsent
    }

    /// Something is wrong with a field.
    pub fn add(&mut self, field: &'static str, message: &'static str) {
        if self.of(field).is_none() {
            self.found.push((field, message));
        }
    }

    /// Takes a value, or remembers what is wrong with it.
    pub fn take<T, E>(
        &mut self,
        field: &'static str,
        message: &'static str,
        parsed: Result<T, E>,
    ) -> Option<T> {
        parsed.map_err(|_| self.add(field, message)).ok()
    }

    /// What is wrong with this field.
    pub fn of(&self, field: &str) -> Option<&'static str> {
        self.found.iter().find(|(wrong, _)| *wrong == field).map(|(_, message)| *message)
    }

    /// Field and message, for the summary on top.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        self.found.iter().copied()
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }
}

/// Something to choose in a form, for the macros of `fields.html`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choosable {
    /// What is sent.
    pub value: String,
    /// What people read.
    pub label: String,
    /// What helps to choose; often nothing.
    pub help: String,
}

impl Choosable {
    /// Without help.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), help: String::new() }
    }

    /// The same, with help.
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: help.into(), ..self }
    }
}

/// Reads a number as people write it, with spaces, dots and hyphens. `web-bsn-wrong` says that it is none.
pub fn number(text: &str) -> Option<Bsn> {
    let digits: Zeroizing<String> =
        text.chars().filter(|c| !matches!(c, ' ' | '.' | '-')).collect::<String>().into();
    Bsn::parse(&digits).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_told_in_the_order_in_which_they_were_found_and_the_first_of_a_field() {
        let mut problems = Problems::new();
        for (field, message) in [("name", "missing"), ("case", "wrong"), ("name", "long")] {
            problems.add(field, message);
        }
        assert_eq!(problems.all().collect::<Vec<_>>(), [("name", "missing"), ("case", "wrong")]);
        assert_eq!((problems.of("case"), problems.of("other")), (Some("wrong"), None));
    }

    #[test]
    fn a_number_is_read_as_people_write_it() {
        let plain = number("999990342");
        assert!(plain.is_some());
        assert_eq!(number("9999.90.342"), plain);
        assert_eq!(number("999 990-342"), plain);
        for wrong in ["", "999990343", "999990342x", "12"] {
            assert!(number(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_form_of_another_page_is_refused() {
        let form = |token: &str| format!("_token={token}&decision=given");
        let sent = sent_form(form(&form_token("mine")).as_bytes(), "mine").unwrap();
        assert_eq!(sent["decision"].as_str(), "given");
        assert!(sent_form(form(&form_token("another")).as_bytes(), "mine").is_none());
        assert!(sent_form(b"decision=given", "mine").is_none());
        assert!(!form_token("mine").contains("mine"));
    }
}

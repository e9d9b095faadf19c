//! Forms: bounded, and only from our own pages.

use std::collections::BTreeMap;
use std::fmt;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::LocalBoxFuture;
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::{Failure, SignedIn};

const LARGEST: usize = 64 * 1024;
const MOST: usize = 256;

/// The fields of a form that a page of this session sent: the session is checked, and the form's token.
pub struct Form<D: 'static> {
    /// Who sent it.
    pub by: SignedIn<D>,
    fields: Vec<(String, Zeroizing<String>)>,
}

impl<D> Form<D> {
    /// The first value of a field, without white space around it; empty when it is not there.
    pub fn get(&self, name: &str) -> &str {
        self.fields.iter().find(|(given, _)| given == name).map_or("", |(_, value)| value.trim())
    }

    /// The same, or nothing when it is empty.
    pub fn given(&self, name: &str) -> Option<&str> {
        Some(self.get(name)).filter(|value| !value.is_empty())
    }

    /// All values of a field.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|(given, _)| given == name).map(|(_, value)| value.as_str()).collect()
    }
}

impl<D> fmt::Debug for Form<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.fields.iter().map(|(name, _)| name)).finish()
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
        let body = Bytes::from_request(request, payload);
        Box::pin(async move {
            let by: SignedIn<D> = by.await?;
            if !is_form {
                return Err(Failure::invalid());
            }
            let body = body.await.map_err(|_| Failure::invalid())?;
            if body.len() > LARGEST {
                return Err(Failure::invalid());
            }
            let mut fields = Vec::new();
            for (name, value) in form_urlencoded::parse(&body).take(MOST) {
                fields.push((name.into_owned(), Zeroizing::new(value.into_owned())));
            }
            let form = Self { by, fields };
            if form.by.session.sent(form.get(TOKEN)) { Ok(form) } else { Err(Failure::forged()) }
        })
    }
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
    let pairs = form_urlencoded::parse(body).take(MOST);
    let fields: BTreeMap<String, Zeroizing<String>> =
        pairs.map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned()))).collect();
    let given = fields.get(TOKEN)?;
    verify_slices_are_equal(form_token(secret).as_bytes(), given.as_bytes()).ok()?;
    Some(fields)
}

/// The field that shows that a form is ours.
pub(crate) const TOKEN: &str = "_token";

/// What is wrong with a form: message names by field. A page shows each at its field, and all of them on top.
#[derive(Debug, Default, Clone)]
pub struct Problems(BTreeMap<&'static str, &'static str>);

impl Problems {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Something is wrong with a field.
    pub fn add(&mut self, field: &'static str, message: &'static str) {
        self.0.entry(field).or_insert(message);
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
        self.0.get(field).copied()
    }

    /// Field and message, for the summary on top.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        self.0.iter().map(|(field, message)| (*field, *message))
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

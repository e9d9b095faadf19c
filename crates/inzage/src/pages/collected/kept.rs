//! What is kept of the session at the personal environment, in the session here and nowhere else.

use std::fmt;

use zeroize::Zeroizing;

/// Whom the dossier of the session there is about: on every page in it.
#[derive(Clone)]
pub(crate) struct About {
    pub(crate) dossier: String,
    pub(crate) label: String,
    /// `YYYYMMDD`, `00` where a part is not known.
    pub(crate) birth_date: Option<String>,
    /// Whether it is the user's own.
    pub(crate) own: bool,
    /// Whether the user owns it.
    pub(crate) owner: bool,
}

/// The session there.
#[derive(Default)]
pub(crate) struct Kept {
    /// A sign-in under way: what ties it to this browser, and the dossier that is opened after it.
    sign_in: Option<(Zeroizing<String>, Option<String>)>,
    token: Option<Zeroizing<String>>,
    about: Option<About>,
    said: Option<&'static str>,
    /// What ties collections under way to this browser.
    cookies: Vec<Zeroizing<String>>,
    /// Where the browser goes for the collection that was begun last: the holder's name and address.
    onwards: Option<(String, Zeroizing<String>)>,
    /// The invitation that was made last, until it was shown.
    invitation: Option<(Zeroizing<String>, kw_domain::Instant)>,
    /// What addresses of pages name by number.
    documents: Vec<String>,
    collections: Vec<String>,
}

impl Kept {
    pub(super) fn begin(&mut self, cookie: Zeroizing<String>, dossier: Option<String>) {
        self.sign_in = Some((cookie, dossier));
    }

    pub(super) fn under_way(&mut self) -> Option<(Zeroizing<String>, Option<String>)> {
        self.sign_in.take()
    }

    /// A session begins there; nothing of an earlier one is left.
    pub(super) fn enter(&mut self, token: Zeroizing<String>) {
        *self = Self { token: Some(token), ..Self::default() };
    }

    pub(super) fn token(&self) -> Option<Zeroizing<String>> {
        self.token.clone()
    }

    pub(super) fn bind(&mut self, about: About) {
        self.about = Some(about);
    }

    pub(super) fn about(&self) -> Option<About> {
        self.about.clone()
    }

    pub(super) fn say(&mut self, message: &'static str) {
        self.said = Some(message);
    }

    /// What the next page says first, once.
    pub(super) fn said(&mut self) -> Option<&'static str> {
        self.said.take()
    }

    pub(super) fn go(&mut self, cookie: Option<Zeroizing<String>>, holder: String, address: String) {
        self.cookies.extend(cookie);
        let surplus = self.cookies.len().saturating_sub(MOST_UNDER_WAY);
        self.cookies.drain(..surplus);
        self.onwards = Some((holder, Zeroizing::new(address)));
    }

    pub(super) fn onwards(&self) -> Option<(String, Zeroizing<String>)> {
        self.onwards.clone()
    }

    /// The browser is back: the way there is used.
    pub(super) fn back(&mut self) -> Zeroizing<String> {
        self.onwards = None;
        let all: Vec<&str> = self.cookies.iter().map(|cookie| cookie.as_str()).collect();
        Zeroizing::new(all.join("; "))
    }

    pub(super) fn invite(&mut self, code: String, until: kw_domain::Instant) {
        self.invitation = Some((Zeroizing::new(code), until));
    }

    pub(super) fn invitation(&mut self) -> Option<(Zeroizing<String>, kw_domain::Instant)> {
        self.invitation.take()
    }

    pub(super) fn list_documents(&mut self, ids: Vec<String>) {
        self.documents = ids;
    }

    pub(super) fn document(&self, at: usize) -> Option<String> {
        nth(&self.documents, at)
    }

    /// The number of a collection in addresses of pages: the same for the length of the session.
    pub(super) fn number_of(&mut self, collection: &str) -> usize {
        let found = self.collections.iter().position(|one| one == collection);
        found.unwrap_or_else(|| {
            self.collections.push(collection.to_owned());
            self.collections.len() - 1
        }) + 1
    }

    pub(super) fn collection(&self, at: usize) -> Option<String> {
        nth(&self.collections, at)
    }
}

/// Counted from one.
fn nth(list: &[String], at: usize) -> Option<String> {
    list.get(at.checked_sub(1)?).cloned()
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("signed_in", &self.token.is_some()).finish_non_exhaustive()
    }
}

const MOST_UNDER_WAY: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_session_there_knows_nothing_of_the_one_before() {
        let mut kept = Kept::default();
        kept.enter(Zeroizing::new("one".to_owned()));
        let number = kept.number_of("a");
        assert_eq!((number, kept.number_of("b"), kept.number_of("a")), (1, 2, 1));
        kept.list_documents(vec!["d".to_owned()]);
        assert_eq!(kept.document(1).as_deref(), Some("d"));
        assert_eq!((kept.document(0), kept.document(2)), (None, None));
        kept.enter(Zeroizing::new("other".to_owned()));
        assert_eq!((kept.collection(1), kept.document(1)), (None, None));
        assert!(kept.about().is_none());
    }

    #[test]
    fn no_more_collections_under_way_than_a_browser_holds() {
        let mut kept = Kept::default();
        for at in 0..20 {
            kept.go(Some(Zeroizing::new(format!("c{at}=x"))), "Holder".to_owned(), "https://h".to_owned());
        }
        assert_eq!(kept.back().split("; ").count(), MOST_UNDER_WAY);
        assert!(kept.onwards().is_none());
        assert!(!format!("{kept:?}").contains("c19"));
    }
}

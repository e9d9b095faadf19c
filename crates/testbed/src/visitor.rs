//! As much of a browser as tests of pages need that look at no screen: cookies by host and name, redirects one at a time, forms.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what does not work has to fail the test")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kw_domain::SystemClock;
use kw_transport::{ClientOptions, web_client};
use reqwest::header::{ACCEPT, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};

/// Somebody who reads pages and sends forms. Whatever does not work panics: it is for tests.
#[derive(Debug)]
pub struct Visitor {
    client: Client,
    /// By port, as the tests' hosts differ by nothing else.
    pub cookies: BTreeMap<(u16, String), String>,
}

/// What came.
#[derive(Debug)]
pub struct Seen {
    /// From where.
    pub url: Url,
    /// With which status.
    pub status: StatusCode,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body.
    pub text: String,
}

impl Default for Visitor {
    fn default() -> Self {
        Self::new()
    }
}

impl Visitor {
    /// With no cookies yet. It follows no redirects by itself.
    pub fn new() -> Self {
        Self::trusting(&[])
    }

    /// The same, who trusts these authorities.
    pub fn trusting(roots: &[PathBuf]) -> Self {
        let options = ClientOptions { timeout: Duration::from_mins(1), ..ClientOptions::default() };
        let client = web_client(roots, Arc::new(SystemClock), options).unwrap();
        Self { client, cookies: BTreeMap::new() }
    }

    /// The same with another client: one that shows a certificate. It has to follow no redirects by itself.
    pub fn with(client: Client) -> Self {
        Self { client, cookies: BTreeMap::new() }
    }

    /// For requests of one's own.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Asks for a page.
    pub async fn get(&mut self, url: &str) -> Seen {
        let url: Url = url.parse().unwrap();
        self.send(self.client.get(url.clone()).header(ACCEPT, "text/html"), url).await
    }

    /// Sends a form, as a page of the same site does.
    pub async fn post(&mut self, url: &str, form: &[(&str, &str)]) -> Seen {
        let url: Url = url.parse().unwrap();
        let body = Url::parse_with_params("http://form/", form).unwrap();
        let request =
            self.client.request(Method::POST, url.clone()).body(body.query().unwrap_or_default().to_owned());
        let request = request.header(ACCEPT, "text/html");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        self.send(request.header(ORIGIN, url.origin().ascii_serialization()), url).await
    }

    /// Goes where it is sent, until a page is there.
    pub async fn follow(&mut self, mut seen: Seen) -> Seen {
        for _ in 0..20 {
            let Some(next) = seen.headers.get(LOCATION) else { return seen };
            let next = seen.url.join(next.to_str().unwrap()).unwrap();
            seen = self.get(next.as_str()).await;
        }
        panic!("it is sent round in circles");
    }

    /// Sends a request with the cookies of its host, and keeps those that are set.
    pub async fn send(&mut self, request: RequestBuilder, url: Url) -> Seen {
        let port = url.port_or_known_default().unwrap();
        let request = request.header(ACCEPT, "text/html");
        let own = self.cookies.iter().filter(|((at, _), _)| *at == port);
        let text: Vec<String> = own.map(|((_, name), value)| format!("{name}={value}")).collect();
        let request = if text.is_empty() { request } else { request.header(COOKIE, text.join("; ")) };
        let answer: Response = request.send().await.unwrap();
        for set in answer.headers().get_all(SET_COOKIE) {
            let (pair, _) = set.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(&(port, name.to_owned()));
            } else {
                self.cookies.insert((port, name.to_owned()), value.to_owned());
            }
        }
        Seen {
            url,
            status: answer.status(),
            headers: answer.headers().clone(),
            text: answer.text().await.unwrap(),
        }
    }

    /// Says who they are at the demonstration's own providers, where an address leads: members of staff choose themselves from a list,
    /// citizens type what they are called. What the provider answers.
    pub async fn identify(&mut self, first: &str, name: &str, secret: &str) -> Seen {
        let asked = self.get(first).await;
        let page = self.follow(asked).await;
        let member = page.text.split("name=\"member\"").skip(1).find(|rest| rest.contains(name));
        let member = member.map(|rest| between(rest, "value=\"", "\"").unwrap().to_owned());
        let (field, who) = member.as_deref().map_or(("username", name), |member| ("member", member));
        let token = page.token();
        let form = [(field, who), ("secret", secret), ("_token", token.as_str())];
        self.post(page.url.as_str(), &form).await
    }

    /// Signs in at an application of the demonstration, at its own providers. The first page.
    pub async fn let_in(&mut self, first: &str, name: &str, secret: &str) -> Seen {
        let sent = self.identify(first, name, secret).await;
        let seen = self.follow(sent).await;
        assert_eq!((seen.status.as_u16(), seen.url.path()), (200, "/"), "{}", seen.text);
        seen
    }

    /// Every page of an application that a link leads to, by its path. Each once: other orders and parts of a list are the same page.
    pub async fn walk(&mut self, first: &str) -> BTreeMap<String, Seen> {
        let origin = first.trim_end_matches('/');
        let (mut pages, mut open) = (BTreeMap::new(), vec!["/".to_owned()]);
        while let Some(path) = open.pop() {
            if pages.contains_key(&path) {
                continue;
            }
            assert!(pages.len() < MOST_PAGES, "the walk has lost its way: {:?}", pages.keys());
            let seen = self.get(&format!("{origin}{path}")).await;
            if seen.header("content-type").starts_with("text/html") {
                let leads_on = |link: &String| {
                    link.starts_with('/') && !link.contains(['?', '#']) && !link.starts_with("/assets/")
                };
                open.extend(seen.attributes("href").filter(leads_on));
            }
            pages.insert(path, seen);
        }
        pages
    }

    /// Signs in at the provider's pages, which any name of an account opens.
    pub async fn sign_in(&mut self, start: &str, account: &str) -> Seen {
        let seen = self.get(start).await;
        let mut page = self.follow(seen).await;
        for _ in 0..3 {
            let Some(action) = between(&page.text, "action=\"", "\"") else { return page };
            if !page.url.path().starts_with("/interaction") {
                return page;
            }
            let action = page.url.join(action).unwrap();
            let prompt = between(&page.text, "name=\"prompt\" value=\"", "\"").unwrap_or("login").to_owned();
            let form = [("prompt", prompt.as_str()), ("login", account), ("password", "any")];
            let seen = self.post(action.as_str(), &form).await;
            page = self.follow(seen).await;
        }
        page
    }
}

impl Seen {
    /// A header; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The values of all attributes of this name on the page.
    pub fn attributes(&self, name: &str) -> impl Iterator<Item = String> {
        let before = format!(" {name}=\"");
        let values = self.text.split(&before).skip(1).filter_map(|rest| rest.split('"').next());
        values.map(str::to_owned).collect::<Vec<_>>().into_iter()
    }

    /// The token of the forms of this page.
    pub fn token(&self) -> String {
        between(&self.text, "name=\"_token\" value=\"", "\"").unwrap().to_owned()
    }
}

/// What stands between two texts.
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}

/// More than anybody's walk has.
const MOST_PAGES: usize = 400;

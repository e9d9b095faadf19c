//! A person's browser: cookies per address, no redirect without being told. Programs' answers and people's pages alike.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kw_domain::SystemClock;
use kw_transport::{ClientOptions, web_client};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use url::{Url, form_urlencoded};

use crate::DemoError;

/// One person at one browser.
#[derive(Clone)]
pub(crate) struct Browser {
    http: Client,
    /// By host and port, as `__Host-` cookies on one machine would otherwise mix.
    cookies: HashMap<(String, String), String>,
    /// The session at the personal environment, and its address.
    session: Option<(String, String)>,
    pub(crate) name: &'static str,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) body: Value,
    /// The page, where it is one.
    pub(crate) page: String,
}

impl Answer {
    /// A text in the body.
    pub(crate) fn text(&self, pointer: &str) -> String {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// A list in the body.
    pub(crate) fn list(&self, pointer: &str) -> Vec<Value> {
        self.body.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default()
    }

    /// Where the browser is sent, which it must be.
    pub(crate) fn onwards(&self) -> Result<String, DemoError> {
        self.location
            .clone()
            .ok_or_else(|| DemoError::Story(format!("a browser was sent nowhere (status {})", self.status)))
    }
}

impl Browser {
    pub(crate) fn open(roots: &Path, name: &'static str) -> Result<Self, DemoError> {
        let options =
            ClientOptions { timeout: Duration::from_secs(20), connect_timeout: Duration::from_secs(5) };
        let http = web_client(&[roots.to_owned()], Arc::new(SystemClock), options)?;
        Ok(Self { http, cookies: HashMap::new(), session: None, name })
    }

    /// Is signed in at an address from now on.
    pub(crate) fn keep_session(&mut self, address: &str, token: String) {
        self.session = Some((address.to_owned(), token));
    }

    pub(crate) async fn get(&mut self, url: &str) -> Result<Answer, DemoError> {
        self.call(Method::GET, url, None).await
    }

    /// Goes to a page, and on to wherever that sends. The page, and where it is.
    pub(crate) async fn visit(&mut self, url: &str) -> Result<(Answer, String), DemoError> {
        let answer = self.send(self.http.get(url).header(ACCEPT, "text/html"), url).await?;
        self.arrive(answer, url.to_owned()).await
    }

    /// Sends the form of a page to its own address, and goes on to wherever that sends.
    pub(crate) async fn submit(
        &mut self,
        page: &Answer,
        url: &str,
        fields: &[(&str, &str)],
    ) -> Result<(Answer, String), DemoError> {
        let token =
            page.page.split("name=\"_token\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("_token", token.unwrap_or_default())
            .extend_pairs(fields)
            .finish();
        let request = self.http.post(url).header(ACCEPT, "text/html");
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
        let answer = self.send(request, url).await?;
        self.arrive(answer, url.to_owned()).await
    }

    async fn arrive(&mut self, mut answer: Answer, mut url: String) -> Result<(Answer, String), DemoError> {
        for _ in 0..MOST_REDIRECTS {
            let Some(next) = &answer.location else { return Ok((answer, url)) };
            let here = Url::parse(&url).ok().and_then(|url| url.join(next).ok());
            url = here
                .ok_or_else(|| DemoError::Story("a browser was sent to an address that is none".to_owned()))?
                .into();
            answer = self.send(self.http.get(&url).header(ACCEPT, "text/html"), &url).await?;
        }
        Err(DemoError::Story("a browser was sent on and on".to_owned()))
    }

    pub(crate) async fn post(&mut self, url: &str, body: Value) -> Result<Answer, DemoError> {
        self.call(Method::POST, url, Some(body)).await
    }

    pub(crate) async fn call(
        &mut self,
        method: Method,
        url: &str,
        body: Option<Value>,
    ) -> Result<Answer, DemoError> {
        let mut request = self.http.request(method, url);
        if let Some(body) = body {
            request = request.json(&body);
        }
        self.send(request, url).await
    }

    async fn send(&mut self, mut request: RequestBuilder, url: &str) -> Result<Answer, DemoError> {
        let failed = |_| DemoError::Story("a service did not answer a browser".to_owned());
        let origin = origin_of(url)?;
        if let Some((address, token)) = &self.session
            && url.starts_with(address.as_str())
        {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let own = self.cookies.iter().filter(|((at, _), _)| *at == origin);
        let cookies: Vec<String> = own.map(|((_, name), value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        let response = request.send().await.map_err(failed)?;
        for set in response.headers().get_all(SET_COOKIE) {
            let Some((name, rest)) = set.to_str().ok().and_then(|text| text.split_once('=')) else {
                continue;
            };
            let value = rest.split(';').next().unwrap_or_default().to_owned();
            let key = (origin.clone(), name.to_owned());
            if rest.contains("Max-Age=0") {
                self.cookies.remove(&key);
            } else {
                self.cookies.insert(key, value);
            }
        }
        let status = response.status().as_u16();
        let location =
            response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let text = response.text().await.map_err(failed)?;
        Ok(Answer { status, location, body: serde_json::from_str(&text).unwrap_or(Value::Null), page: text })
    }
}

/// The address of a path at the same place.
pub(crate) fn at(url: &str, path: &str) -> Result<String, DemoError> {
    if path.starts_with("https://") {
        Ok(path.to_owned())
    } else {
        Ok(format!("https://{}{path}", origin_of(url)?))
    }
}

fn origin_of(url: &str) -> Result<String, DemoError> {
    let unusable = || DemoError::Story("a browser was sent to an address that is none".to_owned());
    let url = Url::parse(url).map_err(|_| unusable())?;
    Ok(format!("{}:{}", url.host_str().ok_or_else(unusable)?, url.port_or_known_default().unwrap_or(443)))
}

/// Through a sign-in there and back, with room.
const MOST_REDIRECTS: usize = 10;

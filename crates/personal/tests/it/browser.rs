//! A person's browser and app: cookies, a bearer token, and what people do with them.

use std::collections::HashMap;

use kw_domain::Oin;
use reqwest::header::{AUTHORIZATION, COOKIE, SET_COOKIE};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::world::{Holder, Who, World};

#[derive(Clone)]
pub(crate) struct Browser {
    http: Client,
    base: String,
    world: World,
    cookies: HashMap<String, String>,
    token: Option<String>,
    pub(crate) who: Who,
}

/// A status and a body.
pub(crate) type Answer = (u16, Value);

/// A collection under way.
#[derive(Clone)]
pub(crate) struct Underway {
    pub(crate) id: String,
    pub(crate) request_uri: String,
    pub(crate) address: String,
}

impl Browser {
    pub(crate) fn new(http: Client, base: String, world: World) -> Self {
        Self { http, base, world, cookies: HashMap::new(), token: None, who: usize::MAX }
    }

    pub(crate) async fn call(&mut self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let url = if path.starts_with("https://") { path.to_owned() } else { format!("{}{path}", self.base) };
        let mut request = self.http.request(method, url);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.expect("the service answers");
        for set in response.headers().get_all(SET_COOKIE) {
            let text = set.to_str().unwrap();
            let (name, rest) = text.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if text.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Signs in at the provider as this person: a new session.
    pub(crate) async fn sign_in(&mut self, who: Who) -> Answer {
        self.token = None;
        let (status, started) = self.call(Method::POST, "/v1/sign-ins", None).await;
        assert_eq!(status, 201, "{started}");
        let state = parameter(started["address"].as_str().unwrap(), "state");
        let path = format!("/v1/sign-ins/callback?state={state}&code=signed-in-{who}");
        let answer = self.get(&path).await;
        self.token = answer.1["token"].as_str().map(str::to_owned);
        self.who = who;
        answer
    }

    /// Opens a dossier about oneself.
    pub(crate) async fn found_own(&mut self, born: &str) -> Answer {
        self.post("/v1/dossiers", found(None, born)).await
    }

    /// Opens a dossier about somebody represented.
    pub(crate) async fn found_for(&mut self, mandate: &str, born: &str) -> Answer {
        self.post("/v1/dossiers", found(Some(mandate), born)).await
    }

    pub(crate) async fn bind(&mut self, dossier: &str) -> Answer {
        let body = json!({ "dossier": dossier });
        self.call(Method::PUT, "/v1/sessions/current/dossier", Some(body)).await
    }

    pub(crate) async fn start(&mut self, holder: Oin) -> Result<Underway, Answer> {
        let body = json!({ "holder": holder, "categories": [CATEGORY] });
        let (status, started) = self.post("/v1/collections", body).await;
        if status != 201 {
            return Err((status, started));
        }
        let address = started["address"].as_str().unwrap().to_owned();
        Ok(Underway {
            id: started["collection"]["id"].as_str().unwrap().to_owned(),
            request_uri: parameter(&address, "request_uri"),
            address,
        })
    }

    /// At the holder and its provider: chooses whom it is about, consents or not, and comes back.
    pub(crate) async fn come_back(
        &mut self,
        underway: &Underway,
        person: Who,
        consents: bool,
        holder: Holder,
    ) -> Answer {
        let back = self.world.decide(&underway.request_uri, self.who, person, consents, holder);
        self.get(&back).await
    }

    pub(crate) async fn confirm(&mut self, collection: &str, dossier: &str) -> Answer {
        let body = json!({ "dossier": dossier });
        self.post(&format!("/v1/collections/{collection}/confirmations"), body).await
    }

    pub(crate) async fn documents(&mut self, dossier: &str) -> Answer {
        self.get(&format!("/v1/dossiers/{dossier}/documents")).await
    }
}

/// A parameter of an address.
pub(crate) fn parameter(address: &str, name: &str) -> String {
    let url = url::Url::parse(address).unwrap();
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap()
}

pub(crate) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}: {value}")).to_owned()
}

fn found(mandate: Option<&str>, born: &str) -> Value {
    let mut body = json!({ "label": "a dossier" });
    if let Some(mandate) = mandate {
        body["mandate"] = json!(mandate);
    }
    if !born.is_empty() {
        body["birthDate"] = json!(born);
    }
    body
}

pub(crate) const CATEGORY: &str = "youth-care";

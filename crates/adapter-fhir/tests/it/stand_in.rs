//! A server on this machine that answers what a test says.

use std::sync::{Arc, Mutex};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use kw_adapter_fhir::FhirSource;
use serde_json::{Value, json};
use url::Url;

use crate::reading::source;

/// What was asked. The parameters are those of the address and of the form.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) address: String,
    parameters: Vec<(String, String)>,
}

impl Asked {
    pub(crate) fn value(&self, name: &str) -> &str {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }
}

pub(crate) struct StandIn {
    pub(crate) base: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl StandIn {
    pub(crate) fn answering(answer: impl Fn(&Asked) -> HttpResponse + Send + Sync + 'static) -> Self {
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (seen, answer) = (Arc::clone(&asked), Arc::new(answer));
        let server = HttpServer::new(move || {
            let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
            App::new().default_service(web::to(move |request: HttpRequest, body: String| {
                let pairs = |query: &str| {
                    let url = Url::parse(&format!("http://x/?{query}")).unwrap();
                    url.query_pairs().into_owned().collect::<Vec<_>>()
                };
                let mut parameters = pairs(request.query_string());
                parameters.extend(pairs(&body));
                let path = request.path().trim_start_matches("/fhir/").to_owned();
                let one = Asked { path, address: request.uri().to_string(), parameters };
                seen.lock().unwrap().push(one.clone());
                let answer = Arc::clone(&answer);
                async move { answer(&one) }
            }))
        });
        let server = server.workers(1).shutdown_timeout(0).bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}/fhir", server.addrs()[0]);
        actix_web::rt::spawn(server.run());
        Self { base, asked }
    }

    /// Every address that was asked for since the last time.
    pub(crate) fn addresses(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap()).into_iter().map(|one| one.address).collect()
    }

    pub(crate) fn source(&self, more: &str, categories: &str) -> FhirSource {
        source(&format!("page_size = 2\n{more}\n[api]\nbase_url = '{}'\n{categories}", self.base)).unwrap()
    }
}

/// A page of these resources.
pub(crate) fn page(resources: &[Value], next: Option<String>) -> HttpResponse {
    let entries: Vec<_> =
        resources.iter().map(|one| json!({"resource": one, "search": {"mode": "match"}})).collect();
    let links: Vec<_> = next.map(|url| json!({"relation": "next", "url": url})).into_iter().collect();
    HttpResponse::Ok()
        .json(json!({"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries}))
}

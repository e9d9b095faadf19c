//! A server on this machine that answers what a test says, and a source that reads it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use kw_adapter::mapping::RecordKey;
use kw_adapter::{Change, Cursor, LocalId, RefusedRow, Source, SourceError, SourceRecord};
use kw_adapter_rest::{RestConfig, RestSource};
use kw_domain::{Category, Clock, SourceName, SystemClock};
use kw_transport::Tls;
use serde_json::{Value, json};
use url::Url;

pub(crate) const ANNA: &str = "999990342";
pub(crate) const BRAM: &str = "999994086";
pub(crate) const CEES: &str = "999995492";

/// What was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) authorization: Option<String>,
    pub(crate) api_key: Option<String>,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn number(&self, name: &str) -> usize {
        self.value(name).and_then(|value| value.parse().ok()).unwrap_or_default()
    }

    /// What stands in the form.
    pub(crate) fn form(&self, name: &str) -> Option<String> {
        let form = Url::parse(&format!("http://x/?{}", self.body)).unwrap();
        form.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }
}

pub(crate) struct StandIn {
    pub(crate) base: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

type Answer = Arc<dyn Fn(&Asked) -> HttpResponse + Send + Sync>;

impl StandIn {
    pub(crate) fn answering(answer: impl Fn(&Asked) -> HttpResponse + Send + Sync + 'static) -> Self {
        Self::start(None, Arc::new(answer))
    }

    /// Over mutual TLS.
    pub(crate) fn over_tls(
        tls: &Tls,
        answer: impl Fn(&Asked) -> HttpResponse + Send + Sync + 'static,
    ) -> Self {
        Self::start(Some(tls), Arc::new(answer))
    }

    fn start(tls: Option<&Tls>, answer: Answer) -> Self {
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let seen = Arc::clone(&asked);
        let server = HttpServer::new(move || {
            let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
            App::new().default_service(web::to(move |request: HttpRequest, body: String| {
                let header =
                    |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
                let url = Url::parse(&format!("http://x{}", request.uri())).unwrap();
                let one = Asked {
                    path: decoded(request.uri().path()),
                    query: url.query_pairs().into_owned().collect(),
                    authorization: header("authorization"),
                    api_key: header("x-api-key"),
                    body,
                };
                seen.lock().unwrap().push(one.clone());
                let answer = Arc::clone(&answer);
                async move { answer(&one) }
            }))
        });
        let server = server.workers(1).shutdown_timeout(0);
        let (server, scheme) = match tls {
            None => (server.bind("127.0.0.1:0").unwrap(), "http"),
            Some(tls) => (server.bind_rustls_0_23("127.0.0.1:0", tls.server_config()).unwrap(), "https"),
        };
        let base = format!("{scheme}://{}/api/", server.addrs()[0]);
        actix_web::rt::spawn(server.run());
        Self { base, asked }
    }

    /// What was asked since the last time.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    pub(crate) fn source(&self, category: &str) -> RestSource {
        self.source_with("", category)
    }

    pub(crate) fn source_with(&self, api: &str, category: &str) -> RestSource {
        source(&self.config(api, category), Arc::new(SystemClock)).unwrap()
    }

    pub(crate) fn config(&self, api: &str, category: &str) -> String {
        format!("page_size = 3\n[api]\nbase_url = {:?}\n{api}\n[categories.plan]\n{category}", self.base)
    }
}

fn decoded(path: &str) -> String {
    url::form_urlencoded::parse(path.as_bytes()).map(|(name, _)| name.into_owned()).collect()
}

pub(crate) fn source(config: &str, clock: Arc<dyn Clock>) -> Result<RestSource, SourceError> {
    let config: RestConfig = toml::from_str(config).unwrap_or_else(|error| panic!("{error}\n{config}"));
    RestSource::new(SourceName::parse("plans").unwrap(), config, RecordKey::new(&[7; 32]), clock)
}

/// Everything that reading to the end gives.
#[derive(Debug)]
pub(crate) struct Everything {
    pub(crate) present: Vec<SourceRecord>,
    pub(crate) gone: Vec<LocalId>,
    pub(crate) refused: Vec<RefusedRow>,
    pub(crate) cursor: Cursor,
    pub(crate) complete: bool,
}

impl Everything {
    pub(crate) fn of(&self, number: &str) -> LocalId {
        let mut found =
            self.present.iter().filter(|record| record.subject.canonical().ends_with(number.as_bytes()));
        found.next().expect("the record is there").record.clone()
    }
}

pub(crate) async fn everything(
    source: &dyn Source,
    after: Option<&Cursor>,
) -> Result<Everything, SourceError> {
    let mut after = after.cloned();
    let (mut present, mut gone, mut refused, mut complete) = (vec![], vec![], vec![], true);
    for _ in 0..200 {
        let page = source.changes(after.as_ref()).await?;
        for change in page.changes {
            match change {
                Change::Present(record) => present.push(record),
                Change::Gone { record, .. } => gone.push(record),
            }
        }
        refused.extend(page.refused);
        complete &= page.complete;
        if !page.more {
            return Ok(Everything { present, gone, refused, cursor: page.cursor, complete });
        }
        after = Some(page.cursor);
    }
    panic!("there is no end to it");
}

pub(crate) fn plan() -> Category {
    Category::parse("plan").unwrap()
}

/// Items 1 to `count`, about three people.
pub(crate) fn items(count: usize) -> Vec<Value> {
    let people = [ANNA, BRAM, CEES];
    (1..=count)
        .map(|id| json!({"id": id, "client": {"bsn": people[id % 3], "born": "2012-05"}, "goal": format!("g{id}")}))
        .collect()
}

pub(crate) fn slice(all: &[Value], from: usize, count: usize) -> Vec<Value> {
    all.iter().skip(from).take(count).cloned().collect()
}

pub(crate) const WHERE: &str =
    "record = 'id'\nperson = '/client/bsn'\nbirth_date = '/client/born'\nfetch = 'plans/{record}'\n";
pub(crate) const SOON: Duration = Duration::from_millis(1500);

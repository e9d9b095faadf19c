//! The operator's listener: health, readiness, metrics. Plain HTTP, and therefore for this machine alone.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use futures_util::future::join_all;
use serde::Serialize;

use crate::metrics::Metrics;

/// A check that takes longer has failed.
const LONGEST_CHECK: Duration = Duration::from_secs(2);

type Ask = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;

/// What must be well before a service is ready. Clones share the checks.
#[derive(Clone, Default)]
pub struct Readiness(Arc<Checks>);

#[derive(Default)]
struct Checks {
    checks: Mutex<Vec<(&'static str, Ask)>>,
    draining: AtomicBool,
}

impl Readiness {
    /// No checks: always ready.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check. Its error is shown to the operator, and holds no more than docs/logging.md allows.
    pub fn check<F, R>(&self, name: &'static str, ask: F)
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), String>> + Send + 'static,
    {
        let ask: Ask = Arc::new(move || Box::pin(ask()));
        self.0.checks.lock().unwrap_or_else(PoisonError::into_inner).push((name, ask));
    }

    /// Says that the service is about to end, so that no new work is sent to it.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::SeqCst);
    }

    /// Asks every check.
    pub async fn report(&self) -> ReadinessReport {
        let checks = self.0.checks.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let checks = join_all(checks.into_iter().map(|(name, ask)| async move {
            let outcome = tokio::time::timeout(LONGEST_CHECK, ask()).await;
            let problem = outcome.unwrap_or_else(|_| Err("no answer in time".to_owned())).err();
            CheckReport { name, ok: problem.is_none(), problem }
        }))
        .await;
        let draining = self.0.draining.load(Ordering::SeqCst);
        ReadinessReport { ready: !draining && checks.iter().all(|check| check.ok), draining, checks }
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let checks = self.0.checks.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_list().entries(checks.iter().map(|(name, _)| name)).finish()
    }
}

/// What `/health/ready` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReadinessReport {
    /// Whether work may be sent here.
    pub ready: bool,
    /// Whether the service is about to end.
    pub draining: bool,
    /// Every check.
    pub checks: Vec<CheckReport>,
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// What is checked.
    pub name: &'static str,
    /// Whether it is well.
    pub ok: bool,
    /// What is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// The routes of the admin listener.
pub(crate) fn routes(config: &mut ServiceConfig, readiness: Readiness, metrics: Metrics) {
    config
        .app_data(Data::new(readiness))
        .app_data(Data::new(metrics))
        .service(web::resource("/health/live").route(web::get().to(live)))
        .service(web::resource("/health/ready").route(web::get().to(ready)))
        .service(web::resource("/metrics").route(web::get().to(show_metrics)));
}

async fn live() -> impl Responder {
    HttpResponse::Ok().json(serde_json::json!({ "live": true }))
}

async fn ready(readiness: Data<Readiness>) -> impl Responder {
    let report = readiness.report().await;
    let mut response = if report.ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.json(report)
}

async fn show_metrics(metrics: Data<Metrics>) -> impl Responder {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(metrics.render())
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::{App, test};

    use super::*;

    async fn ask(readiness: &Readiness, path: &str) -> (StatusCode, String) {
        let (readiness, metrics) = (readiness.clone(), Metrics::new());
        metrics.counter("seen_total", "Seen.", &[]).increment();
        let app = test::init_service(App::new().configure(|config| routes(config, readiness, metrics))).await;
        let response = test::call_service(&app, test::TestRequest::get().uri(path).to_request()).await;
        let status = response.status();
        (status, String::from_utf8(test::read_body(response).await.to_vec()).unwrap())
    }

    #[actix_web::test]
    async fn a_service_is_ready_when_every_check_is_well() {
        let readiness = Readiness::new();
        readiness.check("database", || async { Ok(()) });
        assert_eq!(ask(&readiness, "/health/ready").await.0, StatusCode::OK);
        readiness.check("keys", || async { Err("no key of this epoch".to_owned()) });
        let (status, body) = ask(&readiness, "/health/ready").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(body.contains(r#"{"name":"keys","ok":false,"problem":"no key of this epoch"}"#), "{body}");
        assert_eq!(ask(&readiness, "/health/live").await.0, StatusCode::OK);
    }

    #[actix_web::test]
    async fn a_service_that_is_about_to_end_is_not_ready() {
        let readiness = Readiness::new();
        readiness.drain();
        assert_eq!(ask(&readiness, "/health/ready").await.0, StatusCode::SERVICE_UNAVAILABLE);
    }

    #[actix_web::test]
    async fn metrics_are_prometheus_text() {
        let (status, body) = ask(&Readiness::new(), "/metrics").await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains("# TYPE seen_total counter\nseen_total 1\n"), "{body}");
    }

    #[tokio::test]
    async fn a_check_that_hangs_has_failed() {
        let readiness = Readiness::new();
        readiness.check("database", std::future::pending);
        assert_eq!(readiness.report().await.checks[0].problem.as_deref(), Some("no answer in time"));
    }
}

//! HTTP conventions (design §11, NL API Design Rules 2): the same for every service and every route.

mod body;
mod conventions;
mod defaults;
mod trace;
mod traffic;

use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::web::ServiceConfig;
use actix_web::{App, Error};
use kw_domain::{Clock, SystemClock};

pub use body::{Body, BodyLimit, BodyType, require_media_type, too_slow};
pub use conventions::{CallerOin, Conventions, PAGE, PlainHttp, TREE_SIZE};
pub use trace::{Trace, TraceParent};
pub use traffic::Traffic;

use crate::entropy::Entropy;
use crate::metrics::Metrics;

/// The version that `API-Version` tells on every response.
pub const API_VERSION: &str = "1.0.0";

/// What the conventions need: the clock, randomness, the metrics and the default body limit.
#[derive(Debug, Clone)]
pub struct Http {
    /// Where the time is read.
    pub clock: Arc<dyn Clock>,
    /// Where trace and transaction ids are drawn.
    pub entropy: Entropy,
    /// Where requests are counted.
    pub metrics: Metrics,
    /// How large a body may be where a route does not say otherwise, in bytes.
    pub body_limit: usize,
    /// The requests under way.
    pub traffic: Traffic,
}

impl Http {
    /// The conventions on the machine's clock and randomness, with bodies of at most 256 KiB.
    pub fn new(metrics: Metrics) -> Self {
        Self {
            clock: Arc::new(SystemClock),
            entropy: Entropy::os(),
            metrics,
            body_limit: 256 * 1024,
            traffic: Traffic::default(),
        }
    }

    /// The middleware; the outermost one of an application.
    pub fn conventions(&self) -> Conventions {
        Conventions::new(self.clone())
    }

    /// Sets error handlers, limits and the default service, so that nothing answers in another form.
    pub fn defaults(&self, config: &mut ServiceConfig) {
        defaults::configure(config, self.body_limit);
    }

    /// An application with the conventions, the defaults and these routes.
    pub fn app<R>(
        &self,
        routes: R,
    ) -> App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<BoxBody>,
            Error = Error,
            InitError = (),
        > + use<R>,
    >
    where
        R: FnOnce(&mut ServiceConfig) + 'static,
    {
        App::new().configure(|config| self.defaults(config)).configure(routes).wrap(self.conventions())
    }
}

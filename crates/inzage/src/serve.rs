//! Putting it together and running it.

use std::sync::Arc;

use actix_web::web::Data;
use kw_domain::{Clock, SystemClock};
use kw_runtime::{Http, Metrics, Server, SharedAgreement, telemetry};
use kw_transport::Tls;
use kw_web::{Messages, Shell, ShellParts};

use crate::config::InzageConfig;
use crate::error::StartError;
use crate::{pages, provider};

/// Runs it until it is told to end.
pub async fn serve(config: InzageConfig) -> anyhow::Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    telemetry::init(&config.log, clock)?;
    prepare(config, Http::new(Metrics::new()))?.run().await?;
    Ok(())
}

/// Everything but running.
pub fn prepare(config: InzageConfig, http: Http) -> Result<Server, StartError> {
    let agreement = SharedAgreement::load(&config.agreement, Arc::clone(&http.clock))?;
    let tls = match &config.tls {
        Some(files) => Some(Tls::load_with_clock(files, Arc::clone(&http.clock))?),
        None => None,
    };
    let agreed = agreement.clone();
    let shell = Data::new(Shell::<pages::Kept>::new(ShellParts {
        name: "inzage",
        messages: Messages::new((include_str!("../locales/nl.ftl"), include_str!("../locales/en.ftl")))?,
        web: &config.web,
        sign_in: &config.sign_in,
        session: config.session,
        provider: Arc::new(move || provider::terms(&agreed.current())),
        nav: Arc::new(pages::nav),
        http,
    })?);
    Ok(Shell::open(&shell, config.server, &agreement, tls.as_ref(), pages::routes)?)
}

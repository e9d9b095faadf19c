//! Putting it together and running it.

use std::sync::Arc;

use actix_web::web::Data;
use kw_domain::{Clock, SystemClock};
use kw_runtime::{Http, Metrics, Server, SharedAgreement, telemetry};
use kw_transport::Tls;
use kw_web::{Messages, Shell, ShellParts};

use crate::config::ConsoleConfig;
use crate::error::StartError;
use crate::{pages, provider};

/// Runs it until it is told to end.
pub async fn serve(config: ConsoleConfig) -> anyhow::Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    telemetry::init(&config.log, clock)?;
    prepare(config, Http::new(Metrics::new()))?.run().await?;
    Ok(())
}

/// Everything but running.
pub fn prepare(config: ConsoleConfig, http: Http) -> Result<Server, StartError> {
    let agreement = SharedAgreement::load(&config.agreement, Arc::clone(&http.clock))?;
    let load = |files| Tls::load_with_clock(files, Arc::clone(&http.clock));
    let tls = config.tls.as_ref().map(load).transpose()?;
    let people = match (&config.client_certificates, &config.tls) {
        (None, _) => None,
        (Some(_), None) => return Err(StartError::CertificatesWithoutTls),
        (Some(people), Some(own)) => Some(load(&people.files(own))?),
    };
    let agreed = agreement.clone();
    let shell = Shell::<pages::Kept>::new(ShellParts {
        name: "console",
        messages: Messages::new((include_str!("../locales/nl.ftl"), include_str!("../locales/en.ftl")))?,
        web: &config.web,
        sign_in: &config.sign_in,
        session: config.session,
        provider: Arc::new(move || provider::terms(&agreed.current())),
        nav: Arc::new(pages::nav),
        http,
    })?;
    let Some(people) = people else {
        return Ok(Shell::open(&Data::new(shell), config.server, &agreement, tls.as_ref(), pages::routes)?);
    };
    let shell = Data::new(shell.demanding_certificates());
    Ok(Shell::open_to_certificates(&shell, config.server, &agreement, &people, pages::routes)?)
}

//! Putting it together and running it.

use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use kw_domain::{Clock, SystemClock};
use kw_runtime::{Http, Metrics, Server, telemetry};
use kw_transport::{ClientOptions, Tls, TlsFiles, web_client};
use kw_web::{Messages, ProviderTerms, Shell, ShellParts, StartError};

use crate::app::Console;
use crate::config::ConsoleConfig;
use crate::error::SettingsError;
use crate::operator::OperatorClient;
use crate::pages;
use crate::services::Services;

/// Runs it until it is told to end.
pub async fn serve(config: ConsoleConfig) -> anyhow::Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    telemetry::init(&config.log, clock)?;
    prepare(config, Http::new(Metrics::new()))?.run().await?;
    Ok(())
}

/// Everything but running.
pub fn prepare(config: ConsoleConfig, http: Http) -> Result<Server, StartError> {
    let clock = Arc::clone(&http.clock);
    let agreement = config.web.agreement(&config.agreement, Arc::clone(&clock))?;
    let load = |files: &TlsFiles| Tls::load_with_clock(files, Arc::clone(&clock));
    let tls = config.tls.as_ref().map(load).transpose()?;
    let people = match (&config.client_certificates, &config.tls) {
        (None, _) => None,
        (Some(_), None) => return Err(StartError::settings(SettingsError::CertificatesWithoutTls)),
        (Some(people), Some(own)) => Some(load(&people.files(own))?),
    };
    let auditor = config.auditor.as_ref().map(load).transpose()?;
    let operator = match &config.operator {
        None => None,
        Some(settings) => {
            let http = web_client(&[], Arc::clone(&clock), ClientOptions::default())?;
            Some(OperatorClient::new(&settings.address, http).map_err(StartError::settings)?)
        }
    };
    let silent_seconds = config.operator.as_ref().map_or(0, |settings| settings.silent_seconds);
    let parts = pages::Parts { auditor: auditor.is_some(), operator: operator.is_some() };
    let (agreed, follows) = (agreement.clone(), auditor.clone());
    let services = auditor.map(Services::new);
    let console =
        Data::new(Console { agreement: agreement.clone(), clock, services, operator, silent_seconds });
    let shell = Shell::<pages::Kept>::new(ShellParts {
        name: "console",
        messages: Messages::new((include_str!("../locales/nl.ftl"), include_str!("../locales/en.ftl")))?,
        web: &config.web,
        sign_in: &config.sign_in,
        session: config.session,
        provider: Arc::new(move || {
            let agreement = agreed.current();
            Some(ProviderTerms::of_staff(agreement.console_provider()?, &agreement))
        }),
        nav: Arc::new(move |user| pages::nav(user, parts)),
        http,
    })?;
    let own = move |routes: &mut ServiceConfig| {
        routes.app_data(console.clone());
        pages::routes(routes, parts);
    };
    let server = match people {
        None => Shell::open(&Data::new(shell), config.server, &agreement, tls.as_ref(), own)?,
        Some(people) => {
            let shell = Data::new(shell.demanding_certificates());
            Shell::open_to_certificates(&shell, config.server, &agreement, &people, own)?
        }
    };
    let Some(auditor) = follows else { return Ok(server) };
    // Suppliers answer in the place of partners as the agreement says.
    auditor.set_stand_ins(agreement.current().stand_ins());
    let follow = move || {
        auditor.set_stand_ins(agreement.current().stand_ins());
        auditor.reload().map_err(|error| kw_telemetry::Reason::of(&error))
    };
    Ok(server.on_reload("auditor", follow))
}

//! Putting it together and running it.

use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use kw_agreement::Agreement;
use kw_domain::{Clock, Oin, SystemClock};
use kw_runtime::{Http, Metrics, Server, telemetry};
use kw_transport::Tls;
use kw_web::{Messages, ProviderTerms, Shell, ShellParts, StartError};

use crate::app::App;
use crate::config::DeskConfig;
use crate::pages;

/// Runs it until it is told to end.
pub async fn serve(config: DeskConfig) -> anyhow::Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    telemetry::init(&config.log, clock)?;
    prepare(config, Http::new(Metrics::new()))?.run().await?;
    Ok(())
}

/// Everything but running.
pub fn prepare(config: DeskConfig, http: Http) -> Result<Server, StartError> {
    let agreement = config.web.agreement(&config.agreement, Arc::clone(&http.clock))?;
    let tls = match &config.tls {
        Some(files) => Some(Tls::load_with_clock(files, Arc::clone(&http.clock))?),
        None => None,
    };
    let partner = config.partner.client()?;
    let app = App {
        own: config.own,
        agreement: agreement.clone(),
        partner,
        duties: config.duties,
        entropy: http.entropy.clone(),
    };
    let app = Data::new(app);
    let seen = app.clone();
    let (agreed, own) = (agreement.clone(), config.own);
    let shell = Data::new(Shell::<pages::Kept>::new(ShellParts {
        name: "desk",
        messages: Messages::new((include_str!("../locales/nl.ftl"), include_str!("../locales/en.ftl")))?,
        web: &config.web,
        sign_in: &config.sign_in,
        session: config.session,
        provider: Arc::new(move || terms(&agreed.current(), own)),
        nav: Arc::new(move |user| pages::nav(&seen, user)),
        http,
    })?);
    let own = move |routes: &mut ServiceConfig| pages::routes(routes, &app);
    Ok(Shell::open(&shell, config.server, &agreement, tls.as_ref(), own)?)
}

/// The organisation's provider. Nothing when the agreement names none: then nobody signs in.
fn terms(agreement: &Agreement, own: Oin) -> Option<ProviderTerms> {
    let partner = agreement.partner(own).filter(|partner| !partner.suspended)?;
    Some(ProviderTerms::of_staff(partner.identity_provider.as_ref()?, agreement))
}

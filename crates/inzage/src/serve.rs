//! Putting it together and running it.

use std::path::Path;
use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use aws_lc_rs::hmac;
use kw_domain::{Clock, SystemClock};
use kw_runtime::config::{SecretError, create_secret, read_secret};
use kw_runtime::{Http, Metrics, Server, telemetry};
use kw_transport::Tls;
use kw_web::{Messages, Shell, ShellParts, StartError};

use crate::app::App;
use crate::config::InzageConfig;
use crate::personal::Personal;
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
    let agreement = config.web.agreement(&config.agreement, Arc::clone(&http.clock))?;
    let tls = match &config.tls {
        Some(files) => Some(Tls::load_with_clock(files, Arc::clone(&http.clock))?),
        None => None,
    };
    let personal = config.personal.as_ref().map(|there| Personal::new(there, Arc::clone(&http.clock)));
    let collects = personal.is_some();
    let app = Data::new(App {
        own: config.own,
        agreement: agreement.clone(),
        partner: config.partner.client()?,
        references: reference_key(&config.reference_key, &http).map_err(StartError::settings)?,
        personal: personal.transpose()?,
    });
    let (agreed, own, client_id) = (agreement.clone(), config.own, config.client_id);
    let shell = Shell::<pages::Kept>::new(ShellParts {
        name: "inzage",
        messages: Messages::new(WORDS)?,
        web: &config.web,
        sign_in: &config.sign_in,
        session: config.session,
        provider: Arc::new(move || provider::terms(&agreed.current(), own, &client_id)),
        nav: Arc::new(move |user| pages::nav(user, collects)),
        http,
    })?;
    let shell = Data::new(shell.with_choices(provider::CHOICES));
    let own = move |routes: &mut ServiceConfig| pages::routes(routes, &app);
    Ok(Shell::open(&shell, config.server, &agreement, tls.as_ref(), own)?)
}

/// Reads the key, or makes it at the first start.
fn reference_key(path: &Path, http: &Http) -> Result<hmac::Key, ReferenceKeyError> {
    if !path.exists() {
        create_secret(path, &http.entropy.draw::<32>())?;
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &read_secret(path)?))
}

/// The key of references cannot be read or made.
#[derive(Debug, thiserror::Error)]
#[error("reference_key: {0}")]
struct ReferenceKeyError(#[from] SecretError);

const WORDS: (&str, &str) = (
    concat!(include_str!("../locales/nl.ftl"), "\n", include_str!("../locales/collected.nl.ftl")),
    concat!(include_str!("../locales/en.ftl"), "\n", include_str!("../locales/collected.en.ftl")),
);

//! `partner check`: what the configured sources would register, without registering anything. Nobody is asked but the
//! sources: neither keys nor database are needed, and nothing is written.

use std::path::Path;
use std::sync::Arc;

use kw_adapter::Source;
use kw_adapter::check::{CheckBounds, CheckPlan, SourceCheck, Verdict, check_source, unopened};
use kw_adapter::mapping::RecordKey;
use kw_domain::{Clock, Oin, SourceName};
use kw_runtime::SharedAgreement;
use kw_transport::Tls;
use serde::Serialize;

use crate::config::{PartnerConfig, SourceSettings, SourceSystem};
use crate::people::Admission;
use crate::sources;

/// What is looked at.
#[derive(Debug, Clone, Default)]
pub struct CheckOptions {
    /// Only these sources; all when empty.
    pub sources: Vec<SourceName>,
    /// How much of each.
    pub bounds: CheckBounds,
}

/// What came of it. Holds no value of a person.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PartnerCheck {
    /// The partner, as its certificate says.
    pub partner: Option<Oin>,
    /// What kept parts from being looked at: agreement or certificate.
    pub problems: Vec<String>,
    /// The worst of the sources' verdicts.
    pub verdict: Verdict,
    /// What came of each source.
    pub sources: Vec<SourceCheck>,
}

/// Looks at the sources one by one, and tells `progress` which.
pub async fn check(
    config: &PartnerConfig,
    options: &CheckOptions,
    clock: Arc<dyn Clock>,
    progress: &(dyn Fn(&SourceName) + Sync),
) -> PartnerCheck {
    let mut report =
        PartnerCheck { partner: None, problems: Vec::new(), verdict: Verdict::Good, sources: Vec::new() };
    let agreement = agreement(&config.agreement, &clock, &mut report.problems);
    report.partner = party(config, &clock, &mut report.problems);
    let admission = Admission::configured(config.admit_real_numbers);
    let current = agreement.as_ref().map(SharedAgreement::current);
    for settings in &config.sources {
        if !options.sources.is_empty() && !options.sources.contains(&settings.name) {
            continue;
        }
        progress(&settings.name);
        let opened = |settings: &SourceSettings| {
            let source = sources::open_one(settings, &RecordKey::new(&THROWN_AWAY), &clock)?;
            Ok(match &agreement {
                Some(agreement) => sources::screened(source, admission, agreement),
                None => source,
            })
        };
        let source: Arc<dyn Source> = match opened(settings) {
            Ok(source) => source,
            Err(error) => {
                report.sources.push(unopened(&settings.name, &error));
                continue;
            }
        };
        let narrow = narrowed(settings).and_then(|settings| opened(&settings).ok());
        let plan = CheckPlan {
            agreement: current.as_deref().zip(report.partner),
            narrow: narrow.as_deref(),
            bounds: options.bounds,
            now: clock.now(),
        };
        report.sources.push(check_source(&*source, &plan).await);
    }
    report.verdict = report.sources.iter().map(|source| source.verdict).max().unwrap_or(Verdict::Good);
    report
}

fn agreement(path: &Path, clock: &Arc<dyn Clock>, problems: &mut Vec<String>) -> Option<SharedAgreement> {
    // Without what was in force the last time: nothing comes into force here.
    match SharedAgreement::load(path, Arc::clone(clock)) {
        Ok(agreement) => Some(agreement),
        Err(error) => {
            problems.push(format!("the agreement: {error}"));
            None
        }
    }
}

fn party(config: &PartnerConfig, clock: &Arc<dyn Clock>, problems: &mut Vec<String>) -> Option<Oin> {
    match Tls::load_with_clock(&config.tls, Arc::clone(clock)) {
        Ok(tls) => Some(config.acts_for.unwrap_or_else(|| tls.oin())),
        Err(error) => {
            problems.push(format!("the certificate: {error}"));
            config.acts_for
        }
    }
}

/// The same source with pages so small that there are several, where pages have a size.
fn narrowed(settings: &SourceSettings) -> Option<SourceSettings> {
    let mut system = settings.system.clone();
    match &mut system {
        SourceSystem::Files(_) => return None,
        SourceSystem::Sql(config) => (config.page_size, config.connections) = (SMALL_PAGE, 1),
        SourceSystem::Rest(config) => config.page_size = SMALL_PAGE,
        SourceSystem::Fhir(config) => config.page_size = SMALL_PAGE,
    }
    Some(SourceSettings { name: settings.name.clone(), system })
}

/// Records get keys, which nobody sees and nothing keeps.
pub(crate) const THROWN_AWAY: [u8; 32] = [0; 32];
/// Rows.
const SMALL_PAGE: usize = 3;

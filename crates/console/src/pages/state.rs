//! `/state`: how the switchboard and its parties are. Nothing in it is about the persons in the index.

use actix_web::web::Data;
use askama::Template;
use kw_domain::Instant;
use kw_protocol::operator::{KeyGeneration, OperatorState, PartnerState};
use kw_web::plot::{Bar, Plot};
use kw_web::{Frame, Outcome};

use super::view::Fact;
use super::{By, operator};
use crate::app::Console;

#[derive(Template)]
#[template(path = "state.html")]
struct Page<'a> {
    f: &'a Frame,
    at: String,
    partners: Vec<Partner>,
    log: Vec<Fact>,
    witnesses: Vec<Witness>,
    signals: Vec<Fact>,
    keys: Vec<Key>,
    tls: Vec<Fact>,
    plots: Vec<String>,
}

struct Partner {
    name: String,
    oin: String,
    state: &'static str,
    pointers: u64,
    lease: String,
    lease_soon: bool,
    certificate: String,
    certificate_soon: bool,
    seen: String,
    quota: String,
}

struct Witness {
    name: String,
    at: String,
    size: u64,
}

struct Key {
    generation: u32,
    index_epoch: u32,
    pseudonymiser_epoch: u32,
    phase: String,
    began: String,
    progress: String,
}

pub(crate) async fn show(by: By, console: Data<Console>) -> Outcome {
    operator(&by)?;
    let state = console.operator()?.state().await?;
    let f = by.frame("console-state");
    let fact = |label: &str, value: String| Fact { label: f.t(label), value };
    let OperatorState { at, log, signals, tls, .. } = &state;
    let ago = |moment: Option<Instant>| match moment {
        None => f.t("state-never"),
        Some(moment) => {
            f.t2("state-ago", "moment", f.moment(moment), "ago", length(&f, at.since(moment).as_secs()))
        }
    };
    let quotas = state.partners.iter().map(|partner| {
        let day = partner.quota.iter().find(|quota| quota.span == "day");
        Bar { label: partner.name.clone(), value: day.map_or(0, |day| day.used) }
    });
    let plot = Plot {
        id: "questions",
        title: f.t("state-questions-today"),
        of: f.t("state-partner"),
        unit: f.t("state-questions"),
        bars: super::view::most(quotas.collect(), &f),
    };
    f.page(&Page {
        at: f.moment(*at),
        partners: state.partners.iter().map(|one| partner(&f, *at, one)).collect(),
        log: vec![
            fact("state-published", ago(log.published_at)),
            fact("state-published-size", log.published_size.to_string()),
            fact("state-witnessed", ago(log.witnessed_at)),
            fact("state-witnessed-size", log.witnessed_size.to_string()),
            fact("state-quorum", log.quorum.to_string()),
        ],
        witnesses: log
            .witnesses
            .iter()
            .map(|one| Witness { name: one.name.clone(), at: ago(one.cosigned_at), size: one.cosigned_size })
            .collect(),
        signals: vec![
            fact("state-subscriptions", signals.subscriptions.to_string()),
            fact("state-failing", signals.failing.to_string()),
            fact("state-oldest", length(&f, signals.oldest_seconds)),
            fact("state-dead-letters", signals.dead_letters.to_string()),
        ],
        keys: state.generations.iter().map(|one| key(&f, state.subjects, one)).collect(),
        tls: vec![
            fact("state-own-certificate", f.moment(tls.expires_at)),
            fact(
                "state-revocation-lists",
                tls.revocation_lists_until.map_or_else(|| f.t("state-unchecked"), |until| f.moment(until)),
            ),
        ],
        plots: vec![plot.rows(&f)],
        f: &f,
    })
}

fn partner(f: &Frame, now: Instant, partner: &PartnerState) -> Partner {
    let soon = |until: Instant| until.since(now).as_secs() < SOON;
    let quota = partner
        .quota
        .iter()
        .map(|one| f.t_of("quota", &one.span) + &f.t2("quota-used", "used", one.used, "limit", one.limit));
    Partner {
        name: partner.name.clone(),
        oin: partner.oin.to_string(),
        state: if partner.suspended { "state-suspended" } else { "state-active" },
        pointers: partner.pointers,
        lease: partner.lease_until.map_or_else(|| f.t("state-no-lease"), |until| f.moment(until)),
        lease_soon: partner.lease_until.is_some_and(soon),
        certificate: partner
            .certificate
            .as_ref()
            .map_or_else(|| f.t("state-not-seen"), |seen| f.moment(seen.expires_at)),
        certificate_soon: partner.certificate.as_ref().is_some_and(|seen| soon(seen.expires_at)),
        seen: partner.certificate.as_ref().map(|seen| f.moment(seen.seen_at)).unwrap_or_default(),
        quota: quota.collect::<Vec<_>>().join("; "),
    }
}

fn key(f: &Frame, subjects: u64, generation: &KeyGeneration) -> Key {
    let progress = match generation.phase.as_str() {
        "filling" | "closing" => f.t2("state-converted", "done", generation.converted, "all", subjects),
        _ => String::new(),
    };
    Key {
        generation: generation.generation,
        index_epoch: generation.index_epoch,
        pseudonymiser_epoch: generation.pseudonymiser_epoch,
        phase: f.t_of("phase", &generation.phase),
        began: f.moment(generation.began_at),
        progress,
    }
}

/// A length of time, in the largest unit that fits.
fn length(f: &Frame, seconds: u64) -> String {
    match seconds {
        0..120 => f.t1("length-seconds", "n", seconds),
        120..7_200 => f.t1("length-minutes", "n", seconds / 60),
        7_200..172_800 => f.t1("length-hours", "n", seconds / 3_600),
        _ => f.t1("length-days", "n", seconds / 86_400),
    }
}

/// Two weeks: what ends sooner has to be renewed now.
const SOON: u64 = 14 * 24 * 60 * 60;

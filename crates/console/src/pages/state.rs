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
use crate::operator::{CERTIFICATE_DAYS, LEASE_DAYS, Warning, What, is_soon, silence, warnings};

#[derive(Template)]
#[template(path = "state.html")]
struct Page<'a> {
    f: &'a Frame,
    at: String,
    warnings: Vec<Warned>,
    agreement: Vec<Fact>,
    partners: Vec<Partner>,
    log: Vec<Fact>,
    witnesses: Vec<Witness>,
    signals: Vec<Fact>,
    keys: Vec<Key>,
    tls: Vec<Fact>,
    plots: Vec<String>,
}

struct Warned {
    text: String,
    /// The part of the page that tells more.
    place: &'static str,
}

struct Partner {
    name: String,
    oin: String,
    state: &'static str,
    is_silent: bool,
    pointers: u64,
    lease: String,
    lease_soon: &'static str,
    certificate: String,
    certificate_soon: &'static str,
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
    let operator = console.operator()?;
    let (state, agreement) = tokio::try_join!(operator.state(), operator.agreement())?;
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
    let waits = agreement
        .next
        .as_ref()
        .map(|next| f.t2("agreement-waits", "version", &next.version, "missing", next.missing));
    f.page(&Page {
        at: f.moment(*at),
        warnings: warnings(&state, agreement.next.as_ref(), console.silent_seconds)
            .iter()
            .map(|one| warned(&f, *at, one))
            .collect(),
        agreement: vec![
            fact("agreement-version", agreement.version.clone()),
            fact("agreement-waiting", waits.unwrap_or_else(|| f.t("agreement-nothing"))),
        ],
        partners: state
            .partners
            .iter()
            .map(|one| partner(&f, *at, one, silence(&state, one, console.silent_seconds).is_some()))
            .collect(),
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

fn partner(f: &Frame, now: Instant, partner: &PartnerState, is_silent: bool) -> Partner {
    let soon = |until: Instant, days, word| match until <= now {
        true => "state-over",
        false if is_soon(now, until, days) => word,
        false => "",
    };
    let quota = partner
        .quota
        .iter()
        .map(|one| f.t_of("quota", &one.span) + &f.t2("quota-used", "used", one.used, "limit", one.limit));
    Partner {
        name: partner.name.clone(),
        oin: partner.oin.to_string(),
        state: match (partner.suspended, is_silent) {
            (true, _) => "state-suspended",
            (false, true) => "state-silent",
            (false, false) => "state-active",
        },
        is_silent,
        pointers: partner.pointers,
        lease: partner.lease_until.map_or_else(|| f.t("state-no-lease"), |until| f.moment(until)),
        lease_soon: partner.lease_until.map_or("", |until| soon(until, LEASE_DAYS, "state-soon-lease")),
        certificate: partner
            .certificate
            .as_ref()
            .map_or_else(|| f.t("state-not-seen"), |seen| f.moment(seen.expires_at)),
        certificate_soon: partner
            .certificate
            .as_ref()
            .map_or("", |seen| soon(seen.expires_at, CERTIFICATE_DAYS, "state-soon")),
        seen: partner.certificate.as_ref().map_or_else(
            || f.t("state-not-seen"),
            |seen| {
                let ago = length(f, now.since(seen.seen_at).as_secs());
                f.t2("state-ago", "moment", f.moment(seen.seen_at), "ago", ago)
            },
        ),
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

/// A warning in words, with where the page tells more.
fn warned(f: &Frame, now: Instant, warning: &Warning<'_>) -> Warned {
    let key = warning.what.message();
    let ago = |since: Option<Instant>| {
        since.map_or_else(|| f.t("state-never"), |since| length(f, now.since(since).as_secs()))
    };
    let text = match warning.what {
        What::OwnCertificate
        | What::OwnCertificateOver
        | What::RevocationLists
        | What::RevocationListsOver => {
            f.t1(key, "moment", warning.at.map(|at| f.moment(at)).unwrap_or_default())
        }
        What::Certificate | What::CertificateOver | What::Lease | What::LeaseOver => {
            let moment = warning.at.map(|at| f.moment(at)).unwrap_or_default();
            f.t2(key, "name", warning.name, "moment", moment)
        }
        What::Witness if warning.at.is_none() => f.t1("warning-witness-never", "name", warning.name),
        What::Silent | What::Witness => f.t2(key, "name", warning.name, "ago", ago(warning.at)),
        What::Checkpoint | What::Unwitnessed => f.t1(key, "ago", ago(warning.at)),
        What::NeverHeard | What::Quota => f.t1(key, "name", warning.name),
        What::DeadLetters | What::FailingSubscriptions => f.t1(key, "count", warning.count),
        What::SignalsWait => f.t1(key, "ago", length(f, warning.count)),
        What::NoWitness | What::NotPublished | What::Revocation | What::AgreementWaits => f.t(key),
    };
    Warned { text, place: warning.what.place() }
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

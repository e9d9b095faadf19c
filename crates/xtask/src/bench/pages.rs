//! `cargo xtask bench pages`: how long people wait, on the demonstration as it is.
//!
//! What a page takes is what the application says of each request in its log: from its first byte to its whole answer. A dossier is
//! timed in Chromium from the press of the button until its first section is on the screen, and from the moment at which the fastest holder
//! had answered, by that holder's own log.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use kw_domain::{Clock as _, DutchTime, SystemClock};
use kw_testbed::Visitor;
use kw_testbed::browser::{Browser, BrowserDriver};
use serde_json::Value;

use super::arguments::PagesArguments;
use super::demonstration::Demonstration;
use super::environment::binaries;

pub(super) fn run(arguments: &PagesArguments) -> anyhow::Result<()> {
    let binaries = binaries(arguments.binaries.as_deref())?;
    let folder = tempfile::tempdir()?;
    let place = folder.path().join("chain");
    let chain = Demonstration::with_pages(&binaries.product, &place)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let roots = [place.join("pki/ca.pem")];
    let applications = chain.places["pages"].as_array().context("the demonstration names no pages")?;
    for application in applications {
        runtime.block_on(walk(application, &roots, arguments.rounds))?;
    }
    let desk = applications.first().context("there is no desk")?;
    let dossiers = runtime.block_on(dossiers(desk, arguments.dossiers))?;

    println!("| application | page | times | p50 ms | p95 ms |\n| --- | --- | --- | --- | --- |");
    let mut slowest = Duration::ZERO;
    for application in applications {
        slowest = slowest.max(report(application)?);
    }
    println!("slowest page: p95 {:.1} ms", ms(slowest));
    let holders = answers_of_holders(&chain.places)?;
    let (mut whole, mut after) = (Vec::new(), Vec::new());
    for Seen { pressed, seen } in dossiers {
        let fastest = holders.iter().filter(|at| (pressed..=seen).contains(*at)).min();
        after.push(seen.saturating_sub(*fastest.context("no holder answered")?));
        whole.push(seen.saturating_sub(pressed));
    }
    for (what, times) in
        [("after the press of the button", &mut whole), ("after the fastest holder answered", &mut after)]
    {
        println!(
            "first section of a dossier on the screen {what}: p50 {:.0} ms, p95 {:.0} ms of {}",
            ms(quantile(times, 50)),
            ms(quantile(times, 95)),
            times.len()
        );
    }
    chain.end()
}

/// Asks for every page that somebody of each kind can reach.
async fn walk(application: &Value, roots: &[PathBuf], rounds: usize) -> anyhow::Result<()> {
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let address = text(application, "address");
    let mut roles = Vec::new();
    for sign_in in application["signIns"].as_array().context("nobody signs in")? {
        let role = text(sign_in, "role");
        if roles.contains(&role) {
            continue;
        }
        let mut visitor = Visitor::trusting(roots);
        let home = visitor.let_in(&address, &text(sign_in, "name"), &text(sign_in, "secret")).await;
        let today = DutchTime::at(SystemClock.now()).date().to_string();
        // What there is to read after somebody asked for it, and not by a link alone.
        let asked: &[(&str, &[(&str, &str)])] = match (text(application, "name").as_str(), role.as_str()) {
            ("console", "auditor") => &[
                ("/log", &[("log", "switchboard"), ("from", &today)]),
                ("/anomalies", &[("month", &today[..7])]),
                ("/reconciliation", &[]),
                ("/reports", &[("month", &today[..7])]),
            ],
            ("inzage", _) => &[("/collect", &[])],
            _ => &[],
        };
        for (path, fields) in asked {
            let token = [("_token", home.token())];
            let fields: Vec<(&str, &str)> = token
                .iter()
                .map(|(name, token)| (*name, token.as_str()))
                .chain(fields.iter().copied())
                .collect();
            for _ in 0..rounds {
                let sent = visitor.post(&format!("{}{path}", address.trim_end_matches('/')), &fields).await;
                let seen = visitor.follow(sent).await;
                ensure!(seen.status.is_success(), "{path} gave {}", seen.status);
            }
        }
        let walked = visitor.walk(&address).await;
        let mut alike: BTreeMap<(&str, usize), usize> = BTreeMap::new();
        for (path, _) in walked.iter().filter(|(_, seen)| seen.status.is_success()) {
            let parts: Vec<&str> = path.split(['/', '?']).skip(1).collect();
            let asked = alike.entry((parts.first().copied().unwrap_or_default(), parts.len())).or_default();
            *asked += 1;
            if *asked > MOST_ALIKE {
                continue;
            }
            for _ in 0..rounds {
                visitor.get(&format!("{}{path}", address.trim_end_matches('/'))).await;
            }
        }
        roles.push(role);
    }
    Ok(())
}

/// What an application says of its pages; the p95 of the slowest.
fn report(application: &Value) -> anyhow::Result<Duration> {
    let name = application["name"].as_str().unwrap_or_default();
    let mut pages: BTreeMap<String, Vec<Duration>> = BTreeMap::new();
    for request in requests(&application["configuration"])? {
        if request.status < 400 && !NO_PAGES.iter().any(|left| request.route.ends_with(left)) {
            let page = format!("{} {}", request.method, request.route);
            pages.entry(page).or_default().push(request.took);
        }
    }
    let mut slowest = Duration::ZERO;
    for (page, mut times) in pages {
        let (middle, slow) = (quantile(&mut times, 50), quantile(&mut times, 95));
        println!("| {name} | `{page}` | {} | {:.1} | {:.1} |", times.len(), ms(middle), ms(slow));
        slowest = slowest.max(slow);
    }
    Ok(slowest)
}

/// When holders had answered a question, since the epoch.
fn answers_of_holders(places: &Value) -> anyhow::Result<Vec<Duration>> {
    let mut answers = Vec::new();
    for service in places["services"].as_array().context("the demonstration names no services")? {
        let requests = requests(&service["configuration"])?;
        answers
            .extend(requests.into_iter().filter(|one| one.route == "/v1/pulls").map(|one| one.answered_at));
    }
    Ok(answers)
}

/// A line of a service's log about a request.
struct Request {
    method: String,
    route: String,
    status: u64,
    took: Duration,
    answered_at: Duration,
}

/// The requests of the service with this configuration, of which the log stands beside it.
fn requests(configuration: &Value) -> anyhow::Result<Vec<Request>> {
    let log =
        Path::new(configuration.as_str().context("it has no configuration")?).with_file_name("log.jsonl");
    let text = fs::read_to_string(&log).with_context(|| format!("{} cannot be read", log.display()))?;
    let mut requests = Vec::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line)?;
        if line["event"] != "request" {
            continue;
        }
        let word = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let at = kw_domain::Instant::parse(&word("time"))?.as_millis();
        requests.push(Request {
            method: word("method"),
            route: word("route"),
            status: line["status"].as_u64().unwrap_or_default(),
            took: Duration::from_micros(line["micros"].as_u64().unwrap_or_default()),
            answered_at: Duration::from_millis(u64::try_from(at)?),
        });
    }
    Ok(requests)
}

/// A dossier in a browser, by the clock of this machine: when the button was pressed, and when the first section was seen.
struct Seen {
    pressed: Duration,
    seen: Duration,
}

/// From the press of the button until the first section can be read.
async fn dossiers(desk: &Value, count: usize) -> anyhow::Result<Vec<Seen>> {
    let address = desk["address"].as_str().unwrap_or_default();
    let sign_in = &desk["signIns"][0];
    let browser = BrowserDriver::shared()?.open(&[]).await?;
    browser.go(address).await?;
    browser.tick(sign_in["name"].as_str().unwrap_or_default()).await?;
    browser.fill("Geheim", sign_in["secret"].as_str().unwrap_or_default()).await?;
    browser.press("Inloggen").await?;
    let mut waited = Vec::new();
    for round in 0..count {
        browser.go(address).await?;
        browser.fill("Zaaknummer", &format!("2026-{round:04}")).await?;
        browser.tick("Hulp op elkaar afstemmen").await?;
        browser.tick("Wij hebben zelf een dossier over deze persoon").await?;
        browser.fill("Burgerservicenummer", "999990342").await?;
        browser.fill("Geboortedatum", "04-03-2011").await?;
        waited.push(first_section(&browser).await?);
    }
    Ok(waited)
}

async fn first_section(browser: &Browser) -> anyhow::Result<Seen> {
    const PRESS: &str =
        "const now = Date.now(); document.querySelector('main form button[type=submit]').click(); return now";
    const SEEN: &str = "return document.querySelector('#sections .kw-part tbody td') ? Date.now() : null";
    let moment = |value: Value| value.as_u64().map(Duration::from_millis);
    let pressed = moment(browser.evaluate(PRESS).await?).context("there is no button")?;
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if let Some(seen) = moment(browser.evaluate(SEEN).await.unwrap_or_default()) {
            return Ok(Seen { pressed, seen });
        }
    }
    bail!("no section came: {}", browser.text().await?)
}

fn quantile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times.get((times.len() * percent / 100).min(times.len().saturating_sub(1))).copied().unwrap_or_default()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Each request is recorded: asked for every record and every access over and over, the logs would not be those of the demonstration.
const MOST_ALIKE: usize = 10;
/// Files, and what waits on purpose until there is news.
const NO_PAGES: [&str; 2] = ["/news", "/assets/{version}/{name}"];
const PATIENCE: Duration = Duration::from_secs(20);

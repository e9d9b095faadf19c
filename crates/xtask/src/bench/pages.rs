//! `cargo xtask bench pages`: how long people wait, on the demonstration as it is.
//!
//! A page is timed from the request until its last byte is there, over a connection that is kept, by a client on the same cores: an upper
//! bound of what the server needs. A dossier is timed in Chromium from the press of the button until its first section is on the
//! screen: an upper bound of what lies between the answer of the fastest holder and that moment.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
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
    println!("| application | page | p50 ms | p95 ms |\n| --- | --- | --- | --- |");
    let mut worst = Duration::ZERO;
    for page in chain.places["pages"].as_array().context("the demonstration names no pages")? {
        let measured = runtime.block_on(application(page, &roots, arguments.rounds))?;
        worst = worst.max(measured);
    }
    println!("slowest page: p95 {:.1} ms", ms(worst));
    let desk =
        chain.places["pages"].as_array().and_then(|pages| pages.first()).context("there is no desk")?;
    let mut waited = runtime.block_on(dossiers(desk, arguments.dossiers))?;
    println!(
        "first section of a dossier on the screen after the press of the button: p50 {:.0} ms, p95 {:.0} ms of {}",
        ms(quantile(&mut waited, 50)),
        ms(quantile(&mut waited, 95)),
        waited.len()
    );
    chain.end()
}

/// Every page that somebody of each kind can reach; the p95 of the slowest.
async fn application(page: &Value, roots: &[std::path::PathBuf], rounds: usize) -> anyhow::Result<Duration> {
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let (name, address) = (text(page, "name"), text(page, "address"));
    let mut worst = Duration::ZERO;
    let mut roles = Vec::new();
    for sign_in in page["signIns"].as_array().context("nobody signs in")? {
        let role = text(sign_in, "role");
        if roles.contains(&role) {
            continue;
        }
        let mut visitor = Visitor::trusting(roots);
        visitor.let_in(&address, &text(sign_in, "name"), &text(sign_in, "secret")).await;
        let walked = visitor.walk(&address).await;
        let pages: Vec<&String> =
            walked.iter().filter(|(_, seen)| seen.status.is_success()).map(|(path, _)| path).collect();
        let mut of_all = Vec::new();
        for path in &pages {
            let url = format!("{}{path}", address.trim_end_matches('/'));
            let mut times = Vec::new();
            for _ in 0..rounds {
                let began = Instant::now();
                visitor.get(&url).await;
                times.push(began.elapsed());
            }
            let slow = quantile(&mut times, 95);
            // What names a record is not for a table.
            if path.len() < 32 {
                println!(
                    "| {name}, {role} | `{path}` | {:.1} | {:.1} |",
                    ms(quantile(&mut times, 50)),
                    ms(slow)
                );
            }
            worst = worst.max(slow);
            of_all.extend(times);
        }
        println!(
            "| {name}, {role} | all {} | {:.1} | {:.1} |",
            pages.len(),
            ms(quantile(&mut of_all, 50)),
            ms(quantile(&mut of_all, 95))
        );
        roles.push(role);
    }
    Ok(worst)
}

/// From the press of the button until the first section can be read.
async fn dossiers(desk: &Value, count: usize) -> anyhow::Result<Vec<Duration>> {
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

async fn first_section(browser: &Browser) -> anyhow::Result<Duration> {
    // By the page's own clock, which goes on from one page to the next.
    const PRESS: &str = "sessionStorage.setItem('pressed', Date.now()); document.querySelector('main form button[type=submit]').click()";
    const SEEN: &str = "return document.querySelector('#sections .kw-mark--delivered') ? Date.now() - sessionStorage.getItem('pressed') : null";
    browser.evaluate(PRESS).await?;
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if let Some(waited) = browser.evaluate(SEEN).await.unwrap_or_default().as_u64() {
            return Ok(Duration::from_millis(waited));
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

const PATIENCE: Duration = Duration::from_secs(20);

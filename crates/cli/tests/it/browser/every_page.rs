//! Every page that a link leads to, as each kind of user, is one that everybody can use.

use std::collections::{BTreeSet, VecDeque};

use kw_testbed::browser::Browser;

use super::Stage;

const LINKS: &str = "return [...document.querySelectorAll('a[href]')].filter(one => one.origin === location.origin && !one.download)\
                     .map(one => one.pathname)";

/// One page of each kind: what names a record in an address is left out.
fn kind(path: &str) -> String {
    let named = |part: &&str| {
        part.len() >= 8 && part.bytes().any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
    };
    path.split('/').map(|part| if named(&part) { "*" } else { part }).collect::<Vec<_>>().join("/")
}

async fn every_page(application: &str) {
    let stage = Stage::shared();
    let (mut mistakes, mut pages, mut heaviest) = (Vec::new(), BTreeSet::new(), 0);
    for who in stage.kinds(application) {
        let browser = stage.browser().await;
        stage.sign_in(&browser, application, &who).await;
        let mut open = VecDeque::from(["/".to_owned()]);
        let mut seen = BTreeSet::new();
        while let Some(path) = open.pop_front() {
            if !seen.insert(kind(&path)) || LEFT_OUT.iter().any(|left| path.starts_with(left)) {
                continue;
            }
            browser.go(&stage.at(application, &path)).await.unwrap();
            open.extend(links(&browser).await);
            let name = format!(
                "{application}{}-{}",
                kind(&path).replace('/', "-").replace('*', "one"),
                who.replace(' ', "-")
            );
            mistakes.extend(stage.mistakes(&browser, &name).await);
            let weight = browser.weigh().await.unwrap();
            heaviest = heaviest.max(weight.bytes);
            if weight.bytes > HEAVIEST || !weight.elsewhere.is_empty() {
                mistakes.push(format!("{name}: it weighs {weight:?}"));
            }
            pages.insert((who.clone(), kind(&path)));
        }
    }
    eprintln!(
        "{application}: {} pages looked at, the heaviest {heaviest} bytes with all it loads",
        pages.len()
    );
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

async fn links(browser: &Browser) -> Vec<String> {
    let found = browser.evaluate(LINKS).await.unwrap();
    found.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn of_the_desk_can_be_used_by_everybody() {
    every_page("desk").await;
}

#[tokio::test]
async fn of_the_console_can_be_used_by_everybody() {
    every_page("console").await;
}

#[tokio::test]
async fn of_inzage_can_be_used_by_everybody() {
    every_page("inzage").await;
}

/// A page with everything that it loads, in bytes over the wire.
const HEAVIEST: u64 = 150_000;
/// Files and addresses that only send on.
const LEFT_OUT: [&str; 5] = ["/assets/", "/language/", "/sign-in", "/download", "/exports/file"];

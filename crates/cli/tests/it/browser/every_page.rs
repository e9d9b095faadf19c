//! Every page that a link leads to and every form that comes back, as each kind of user, is one that everybody can use; in Dutch and in
//! English. No address of a router is left out without a reason.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;

use kw_domain::{Clock as _, DutchTime, SystemClock};
use kw_testbed::browser::Browser;
use kw_web::testing::{Address, addresses};

use super::Stage;
use super::english::in_dutch;

/// How closely a page is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// In Dutch, in every way.
    Whole,
    /// In English: what other words can spoil, and that they are other words.
    Words,
}

/// One walk through an application.
struct Walk<'a> {
    stage: &'a Stage,
    application: &'a str,
    who: String,
    browser: Browser,
    depth: Depth,
    /// What was looked at: addresses, and forms that were sent.
    seen: BTreeSet<String>,
    /// Pages and states that this walk looked at: to somebody else the same page is another one.
    looked_at: BTreeSet<String>,
    /// Where this one was.
    known: BTreeSet<String>,
    mistakes: Vec<String>,
    heaviest: u64,
}

impl<'a> Walk<'a> {
    async fn begin(stage: &'a Stage, application: &'a str, who: &str, depth: Depth) -> Self {
        let browser = stage.browser().await;
        stage.sign_in(&browser, application, who).await;
        let who = who.to_owned();
        let (seen, looked_at, known) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let (mistakes, heaviest) = (Vec::new(), 0);
        Self { stage, application, who, browser, depth, seen, looked_at, known, mistakes, heaviest }
    }

    async fn go(&self, path: &str) {
        self.browser.go(&self.stage.at(self.application, path)).await.unwrap();
    }

    async fn path(&self) -> String {
        text(&self.browser, "return location.pathname").await
    }

    /// Looks at the page that is open.
    async fn look(&mut self, state: &str) {
        let path = kind(&self.path().await);
        let name = format!(
            "{}{}{state}-{}",
            self.application,
            path.replace('/', "-").replace('*', "one"),
            self.who.replace(' ', "-")
        );
        let is_first = self.looked_at.insert(format!("{path}{state}"));
        let mistakes = match self.depth {
            Depth::Whole if is_first => self.stage.mistakes(&self.browser, &name).await,
            // It may say more now.
            Depth::Whole => self.stage.mistakes_in_words(&self.browser, &name).await,
            Depth::Words => {
                let name = format!("{name}-en");
                let mut mistakes = self.stage.mistakes_in_words(&self.browser, &name).await;
                mistakes.extend(in_dutch(&self.browser).await.unwrap().map(|said| format!("{name} {said}")));
                mistakes
            }
        };
        self.mistakes.extend(mistakes);
        self.seen.insert(path);
    }

    /// Follows every link from here on, and sends every form as it is first found.
    async fn everywhere(&mut self) {
        let mut open = VecDeque::from([self.path().await]);
        while let Some(path) = open.pop_front() {
            if !self.known.insert(kind(&path)) || LEFT_OUT.iter().any(|left| path.starts_with(left)) {
                continue;
            }
            self.go(&path).await;
            open.extend(links(&self.browser).await);
            self.look("").await;
            if self.depth == Depth::Whole {
                self.weigh().await;
                self.send_unfilled(&path).await;
            }
        }
    }

    async fn weigh(&mut self) {
        let weight = self.browser.weigh().await.unwrap();
        self.heaviest = self.heaviest.max(weight.bytes);
        if weight.bytes > HEAVIEST || !weight.elsewhere.is_empty() {
            let path = self.path().await;
            self.mistakes.push(format!("{path}: it weighs {weight:?}"));
        }
    }

    /// Each form of a page with something to fill in, sent with nothing: what comes is as sound, and where it tells mistakes, the
    /// reader is at them. Once for each address that forms go to.
    async fn send_unfilled(&mut self, path: &str) {
        for at in 0..6 {
            let form = format!("{FORMS}[{at}]");
            let action = format!("const form = {form}; return form ? new URL(form.action).pathname : ''");
            let action = text(&self.browser, &action).await;
            if action.is_empty() {
                return;
            }
            if !self.seen.insert(format!("POST {}", kind(&action))) {
                continue;
            }
            self.browser.send_empty(&form).await.unwrap();
            let here = text(&self.browser, "return location.origin").await;
            if self.stage.at(self.application, "").starts_with(&here) {
                let focus = text(&self.browser, FOCUS).await;
                self.look(&format!("-sent{}", kind(&action).replace('/', "-").replace('*', "one"))).await;
                if !focus.is_empty() {
                    self.mistakes
                        .push(format!("{action} came back with mistakes, and the focus is on {focus}"));
                }
            }
            self.go(path).await;
        }
    }

    /// The way out, and what somebody sees who has lost the way.
    async fn strays(&mut self) {
        for (path, state) in [("/nergens", "-not-found"), ("/sign-in/callback", "-not-signed-in")] {
            self.go(path).await;
            self.look(state).await;
        }
        self.go("/sign-in?next=/&again=true").await;
        let name = format!("{}-sign-in-again", self.application);
        self.mistakes.extend(self.stage.mistakes(&self.browser, &name).await);
        self.seen.insert("/sign-in".to_owned());
        self.go("/").await;
        let told = "document.querySelector('.kw-session').classList.add('kw-session--soon')";
        self.browser.evaluate(told).await.unwrap();
        self.look("-ends-soon").await;
        self.browser.press(if self.depth == Depth::Whole { "Uitloggen" } else { "Sign out" }).await.unwrap();
        self.look("").await;
    }
}

/// One page of each kind: what names a record in an address is left out.
pub(super) fn kind(path: &str) -> String {
    let named = |part: &&str| {
        part.len() >= 8 && part.bytes().any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
            || part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty()
    };
    path.split('/').map(|part| if named(&part) { "*" } else { part }).collect::<Vec<_>>().join("/")
}

async fn text(browser: &Browser, script: &str) -> String {
    browser.evaluate(script).await.unwrap().as_str().unwrap_or_default().to_owned()
}

/// Where the links of a page lead within the application.
pub(super) async fn links(browser: &Browser) -> Vec<String> {
    let found = browser.evaluate(LINKS).await.unwrap();
    found.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

/// Something to see for who comes in: what only an act opens.
async fn open(walk: &mut Walk<'_>) {
    let (b, english) = (&walk.browser, walk.depth == Depth::Words);
    let said = |dutch: &'static str, in_english: &'static str| if english { in_english } else { dutch };
    match (walk.application, walk.who.as_str()) {
        ("desk", "consulent jeugd") => {
            ask(b, said, Ground::Need).await;
            b.sees(said("Dit wordt vastgelegd", "This is recorded")).await.unwrap();
            walk.look("").await;
            walk.go("/").await;
            ask(&walk.browser, said, Ground::Listed).await;
            walk.browser.sees("Jeugdzorg Demostad").await.unwrap();
            let all = said("Alle antwoorden zijn binnen", "All answers are here");
            walk.browser.sees(all).await.unwrap();
        }
        ("console", "auditor") => {
            walk.go("/log").await;
            walk.browser.fill(said("Zaak", "Case"), "DEZE-ZAAK-IS-ER-NIET").await.unwrap();
            walk.browser.press(said("Zoeken", "Search")).await.unwrap();
            walk.look("-nothing-found").await;
            // To a month there is a form only.
            let month = DutchTime::at(SystemClock.now()).month();
            walk.go(&format!("/reports/{month}")).await;
            walk.look("").await;
            walk.go("/log").await;
            // What was asked last stands in the form.
            walk.browser.fill(said("Zaak", "Case"), "").await.unwrap();
            walk.browser.press(said("Zoeken", "Search")).await.unwrap();
        }
        ("inzage", _) => {
            walk.look("-not-gathered").await;
            walk.browser.press(said("Haal mijn gegevens op", "Gather my data")).await.unwrap();
            walk.browser.sees(said("Opgehaald op", "Gathered on")).await.unwrap();
        }
        _ => {}
    }
}

#[derive(PartialEq)]
enum Ground {
    Listed,
    Need,
}

async fn ask(b: &Browser, said: impl Fn(&'static str, &'static str) -> &'static str, ground: Ground) {
    b.fill(said("Zaaknummer", "Case number"), "2026-0043").await.unwrap();
    b.tick(said("Hulp op elkaar afstemmen", "Coordinate help")).await.unwrap();
    let number = said("Burgerservicenummer", "Citizen service number");
    if ground == Ground::Need {
        b.tick(said("Er is nood", "There is an emergency")).await.unwrap();
        b.fill(said("Reden", "Reason"), "spoed").await.unwrap();
    } else {
        b.tick(said("Wij hebben zelf een dossier", "We have a file about")).await.unwrap();
    }
    b.fill(number, "999990342").await.unwrap();
    b.fill(said("Geboortedatum", "Birth date"), "04-03-2011").await.unwrap();
    b.press(said("Gegevens zoeken", "Search for data")).await.unwrap();
}

async fn every_page(application: &str) {
    let stage = Stage::shared();
    let (mut mistakes, mut seen, mut heaviest) = (Vec::new(), BTreeSet::new(), 0);
    let began = std::time::Instant::now();
    for (at, who) in stage.kinds(application).iter().enumerate() {
        for depth in [Depth::Whole, Depth::Words] {
            if (application, depth) == ("inzage", Depth::Words) {
                // All of it in English is looked at in `english.rs`.
                continue;
            }
            let mut walk = Walk::begin(&stage, application, who, depth).await;
            if depth == Depth::Words {
                walk.go("/language/en?next=/").await;
            }
            open(&mut walk).await;
            if walk.path().await != "/" {
                walk.everywhere().await;
                walk.go("/").await;
            }
            walk.everywhere().await;
            if at == 0 {
                walk.strays().await;
            }
            eprintln!(
                "{application}: {who} in {depth:?}: {} addresses, {:?}",
                walk.seen.len(),
                began.elapsed()
            );
            let least =
                if ["consulent jeugd", "auditor", "citizen"].contains(&who.as_str()) { 14 } else { 3 };
            assert!(walk.seen.len() >= least, "{application} {who}: {:?}", walk.seen);
            mistakes.append(&mut walk.mistakes);
            heaviest = heaviest.max(walk.heaviest);
            seen.append(&mut walk.seen);
        }
    }
    eprintln!("{application}: the heaviest page is {heaviest} bytes with all it loads");
    mistakes.extend(not_seen(application, &seen));
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

/// The addresses of the application's router where nobody was, for no reason that stands here; and reasons that are none any more.
fn not_seen(application: &str, seen: &BTreeSet<String>) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(application);
    let all = addresses(&folder);
    assert!(all.len() > 15, "the router is not read: {all:?}");
    let reason = |address: &Address| {
        NOT_HERE.iter().find(|(of, pattern, _)| *of == application && *pattern == address.pattern)
    };
    let common = |address: &Address| SENDS_ON.contains(&address.pattern.as_str());
    let was_seen = |address: &Address| seen.iter().any(|path| address.is(path));
    let pages = all.iter().filter(|address| address.get && !common(address));
    let mut wrong: Vec<String> = pages
        .filter(|address| was_seen(address) == reason(address).is_some())
        .map(|address| {
            format!("{application} {}: looked at, or not, against what stands here", address.pattern)
        })
        .collect();
    let of_none = NOT_HERE.iter().filter(|(of, pattern, _)| {
        *of == application && !all.iter().any(|address| address.pattern == *pattern)
    });
    wrong.extend(of_none.map(|(_, pattern, _)| format!("{application} has no address {pattern}")));
    wrong
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

/// Addresses that show no page: files, a choice, how long a session lasts.
const SENDS_ON: [&str; 3] = ["/assets/{version}/{name}", "/language/{tag}", "/session"];

/// What nobody comes to here, and where it is looked at instead.
const NOT_HERE: [(&str, &str, &str); 17] = [
    ("desk", "/dossiers/{id}/news", "a part of a dossier, fetched by it: desk_pages/in_browser.rs"),
    ("console", "/exports/file", "a file"),
    ("inzage", "/download.json", "a file"),
    ("inzage", "/mandates/{name}/confirm", "a mandate that waits for this person: mandates.rs"),
    ("inzage", "/corrections/new", "about one registration: inzage.rs"),
    ("inzage", "/corrections/{name}", "after a request: inzage.rs"),
    ("inzage", "/collected/new/{who}", COLLECTED),
    ("inzage", "/collected/dossier", COLLECTED),
    ("inzage", "/collected/documents/{at}", COLLECTED),
    ("inzage", "/collected/collect", COLLECTED),
    ("inzage", "/collected/onwards", COLLECTED),
    ("inzage", "/collected/collections/{at}", COLLECTED),
    ("inzage", "/collected/users", COLLECTED),
    ("inzage", "/collected/delete", COLLECTED),
    ("inzage", "/collected/invitation", "once after a form, and gone: representation.rs"),
    ("inzage", "/v1/sign-ins/callback", "on the way back from elsewhere: representation.rs"),
    ("inzage", "/v1/collections/callback", "on the way back from elsewhere: representation.rs"),
];
const COLLECTED: &str = "after a sign-in at the personal environment: representation.rs";

const LINKS: &str = "return [...document.querySelectorAll('a[href]')].filter(one => one.origin === location.origin && !one.download)\
                     .map(one => one.pathname)";

/// Those with something to fill in.
const FORMS: &str = "[...document.querySelectorAll('main form[method=post]')].filter(form =>
    form.querySelector('input:not([type=hidden]), select, textarea'))";

/// What has the focus where mistakes are told and have it not.
const FOCUS: &str = "
    const has = document.activeElement;
    return document.getElementById('problems') && has.id !== 'problems' ? has.tagName : '';";

/// A page with everything that it loads, in bytes over the wire.
const HEAVIEST: u64 = 150_000;
/// Files and addresses that only send on.
const LEFT_OUT: [&str; 5] = ["/assets/", "/language/", "/sign-in", "/download", "/exports/file"];

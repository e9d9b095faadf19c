//! Every address of every router, as everybody: it opens to those it is for, and to nobody else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use kw_testbed::Visitor;
use kw_web::testing::{Address, addresses};

use super::Stage;

/// Whom an address is for: `&[]` is everybody who signed in. Those of the shell are not here: they show the same to everybody.
type For = (&'static str, &'static [&'static str]);

const CASEWORKER: &[&str] = &["consulent jeugd"];
const COUNTS: &[&str] = &["kwaliteitsmedewerker"];
const LOOKS_UP: &[&str] = &["consulent jeugd", "leerplichtambtenaar"];
const AUDITOR: &[&str] = &["auditor"];
const OPERATOR: &[&str] = &["beheerder"];

const DESK: [For; 19] = [
    ("/", &[]),
    ("/questions/{id}", &[]),
    ("/dossiers/{id}", &[]),
    ("/dossiers/{id}/news", &[]),
    ("/dossiers/{id}/report/{place}", &[]),
    ("/dossiers/{id}/report/{place}/{row}", &[]),
    ("/accesses", &[]),
    ("/matches", CASEWORKER),
    ("/matches/figures", COUNTS),
    ("/matches/{id}", CASEWORKER),
    ("/matches/{id}/contact", CASEWORKER),
    ("/matches/{id}/coordinated", CASEWORKER),
    ("/reviews", &[]),
    ("/reviews/{id}", &[]),
    ("/signals", &[]),
    ("/reports", LOOKS_UP),
    ("/reports/sent/{id}", LOOKS_UP),
    ("/reports/sent/{id}/withdrawal", LOOKS_UP),
    ("/reports/received/{id}", CASEWORKER),
];

const CONSOLE: [For; 20] = [
    ("/", &[]),
    ("/log", AUDITOR),
    ("/log/older", AUDITOR),
    ("/log/{log}/{index}", AUDITOR),
    ("/stories", AUDITOR),
    ("/stories/{access}", AUDITOR),
    ("/reconciliation", AUDITOR),
    ("/anomalies", AUDITOR),
    ("/resolve", AUDITOR),
    ("/resolve/{log}", AUDITOR),
    ("/resolve/{log}/{id}/approvals", AUDITOR),
    ("/exports", AUDITOR),
    ("/exports/file", AUDITOR),
    ("/reports", AUDITOR),
    ("/reports/{month}", AUDITOR),
    ("/state", OPERATOR),
    ("/agreement", OPERATOR),
    ("/agreement/versions/{place}", OPERATOR),
    ("/agreement/next", OPERATOR),
    ("/agreement/approvals", OPERATOR),
];

/// Forms that fewer may send than may go to their address.
const SENT_BY: [For; 1] = [("/reviews/{id}", COUNTS)];

/// To whoever may go there, what is somebody else's is not there.
const OF_ONE_S_OWN: [&str; 2] = ["/reports/sent/{id}", "/reports/sent/{id}/withdrawal"];

/// Those that everybody can read, signed in or not. A form is sent there by who signed in.
const OF_THE_SHELL: [&str; 8] = [
    "/session",
    "/assets/{version}/{name}",
    "/language/{tag}",
    "/sign-in",
    "/sign-in/callback",
    "/sign-out",
    "/signed-out",
    "/stay",
];

fn of(application: &str) -> Vec<Address> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(application);
    addresses(&folder)
}

fn own(application: &str) -> impl Iterator<Item = Address> {
    of(application).into_iter().filter(|address| !OF_THE_SHELL.contains(&address.pattern.as_str()))
}

/// What no part of an address is.
const NOTHING: &str = "x";

/// Paths of this address: all that somebody saw, and names that nothing has, as an address has them and as none does.
fn paths_of(address: &Address, all: &[Address], seen: &BTreeSet<String>) -> BTreeSet<String> {
    let invented = |part: fn(&str) -> &str| {
        let parts = address.pattern.split('/').map(|one| if one.starts_with('{') { part(one) } else { one });
        parts.collect::<Vec<_>>().join("/")
    };
    let well_formed = invented(|part| match part {
        "{id}" | "{access}" => "019a0000-0000-7000-8000-000000000000",
        "{log}" => "switchboard",
        "{index}" | "{place}" | "{row}" | "{at}" => "0",
        "{month}" => "2026-01",
        "{who}" => "self",
        _ => "nothing",
    });
    // `/matches/figures` is no match.
    let of_another = |path: &str| address.pattern != path && all.iter().any(|one| one.pattern == path);
    let found = seen.iter().filter(|path| address.is(path) && !of_another(path)).cloned();
    found.chain([well_formed, invented(|_| NOTHING)]).collect()
}

/// Somebody who followed every link.
struct Walked {
    who: String,
    visitor: Visitor,
    token: String,
    /// Where they came, and where the forms go that they found there.
    own: BTreeSet<String>,
}

impl Walked {
    async fn begin(stage: &Stage, application: &str, who: String) -> Self {
        let mut visitor = stage.visitor_as(application, &who).await;
        let walked = visitor.walk(&stage.at(application, "/")).await;
        let opened = walked.values().filter(|one| one.status.is_success());
        let mut own: BTreeSet<String> = opened.map(|one| one.url.path().to_owned()).collect();
        own.extend(walked.values().flat_map(|one| one.attributes("action")));
        let token = visitor.get(&stage.at(application, "/")).await.token();
        Self { who, visitor, token, own }
    }

    /// Whether an address answers this person as it should: one that is for them, or not.
    async fn reads(
        &mut self,
        url: &str,
        path: &str,
        (may, theirs, known): (bool, bool, bool),
    ) -> Option<String> {
        let met = self.visitor.get(url).await.status;
        let opened = met.is_success() || met.is_redirection();
        let fits = match (may, theirs) {
            (false, _) => met == 403,
            (true, false) => met == 404,
            // There may be nothing of a name that nobody saw, and nobody comes back who did not go.
            (true, true) if !known => opened || met == 404 || path.ends_with("/callback") && met == 401,
            (true, true) => opened,
        };
        (!fits).then(|| format!("{} {path}: {met}", self.who))
    }

    /// The same for a form. Whoever may send it is given a token that is not theirs, so that nothing happens.
    async fn sends(
        &mut self,
        url: &str,
        path: &str,
        (may, theirs, names_nothing): (bool, bool, bool),
    ) -> Option<String> {
        let token = if may && theirs { "forged" } else { self.token.as_str() };
        let met = self.visitor.post(url, &[("_token", token)]).await.status;
        let fits = match (may, theirs) {
            (true, false) => met == 404,
            // The address may be none before the form is read.
            (true, true) if names_nothing => met == 403 || met == 404,
            _ => met == 403,
        };
        (!fits).then(|| format!("{} posts to {path}: {met}", self.who))
    }
}

/// What is not as the table says.
async fn wrong(stage: &Stage, application: &str, table: &BTreeMap<&str, &[&str]>) -> Vec<String> {
    let mut visitors = Vec::new();
    for who in stage.kinds(application) {
        visitors.push(Walked::begin(stage, application, who).await);
    }
    let seen: BTreeSet<String> = visitors.iter().flat_map(|one| &one.own).cloned().collect();
    let mut wrong = Vec::new();
    let (mut nobody, mut count) = (stage.visitor(), 0);
    let all = of(application);
    for address in &all {
        let pattern = address.pattern.as_str();
        let of_the_shell = OF_THE_SHELL.contains(&pattern);
        let Some(whom) = table.get(pattern).copied().or(of_the_shell.then_some([].as_slice())) else {
            wrong.push(format!("{pattern}: it does not say here whom it is for"));
            continue;
        };
        for path in paths_of(address, &all, &seen) {
            // Asked for with what was seen of it.
            let seen_so_far = if pattern.ends_with("/news") { "?seen=0" } else { "" };
            let url = stage.at(application, &path) + seen_so_far;
            let names_nothing = path.split('/').any(|part| part == NOTHING);
            count += 1;
            let reads = address.get && !of_the_shell;
            if reads {
                let met = nobody.get(&url).await;
                // Who comes back from elsewhere without a session is told so.
                let is_told = path.ends_with("/callback") && met.status == 401;
                if !(is_told || met.header("location").starts_with("/sign-in?")) {
                    wrong.push(format!("nobody {path}: {}", met.status));
                }
            }
            if address.post {
                let met = nobody.post(&url, &[("_token", "x")]).await;
                if !met.header("location").starts_with("/sign-in?") {
                    wrong.push(format!("nobody posts to {path}: {}", met.status));
                }
            }
            for one in &mut visitors {
                let may = |whom: &[&str]| whom.is_empty() || whom.contains(&one.who.as_str());
                let senders = SENT_BY.iter().find(|(sent, _)| *sent == pattern);
                let (may, may_send) = (may(whom), may(senders.map_or(whom, |(_, senders)| senders)));
                let theirs = !OF_ONE_S_OWN.contains(&pattern) || one.own.contains(&path);
                if reads {
                    wrong.extend(one.reads(&url, &path, (may, theirs, seen.contains(&path))).await);
                }
                if address.post {
                    wrong.extend(one.sends(&url, &path, (may_send, theirs, names_nothing)).await);
                }
            }
        }
    }
    eprintln!("{application}: {count} paths, as {} people and as nobody", visitors.len());
    let routed: Vec<String> = own(application).map(|address| address.pattern).collect();
    let gone = table.keys().filter(|pattern| !routed.iter().any(|one| one == *pattern));
    wrong.extend(gone.map(|pattern| format!("{application} has no address {pattern}")));
    wrong
}

#[tokio::test]
async fn an_address_of_the_desk_opens_to_whom_it_is_for_and_to_nobody_else() {
    let wrong = wrong(&Stage::shared(), "desk", &DESK.into_iter().collect()).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn an_address_of_the_console_opens_to_whom_it_is_for_and_to_nobody_else() {
    let wrong = wrong(&Stage::shared(), "console", &CONSOLE.into_iter().collect()).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// At inzage everybody is a citizen: an address is for all of them, and what it shows is one's own.
#[tokio::test]
async fn an_address_of_inzage_opens_to_whoever_signed_in_and_shows_nobody_else_s() {
    let stage = Stage::shared();
    let all: Vec<Address> = own("inzage").collect();
    let table = all.iter().map(|address| (address.pattern.as_str(), [].as_slice())).collect();
    let mut wrong = wrong(&stage, "inzage", &table).await;
    let mut named = Vec::new();
    let mut others = Vec::new();
    for who in ["riet", "eva"] {
        let mut visitor = stage.visitor_as("inzage", who).await;
        let token = visitor.get(&stage.at("inzage", "/")).await.token();
        let gathered = visitor.post(&stage.at("inzage", "/collect"), &[("_token", &token)]).await;
        assert_eq!(gathered.status.as_u16(), 303, "{}", gathered.text);
        let walked = visitor.walk(&stage.at("inzage", "/")).await;
        let actions = walked.values().flat_map(|one| one.attributes("action"));
        let paths: Vec<String> = walked.keys().cloned().chain(actions).collect();
        // What has a name of its own in an address.
        let own = all.iter().filter(|address| address.pattern.contains('{'));
        let own = own.flat_map(|address| paths.iter().filter(|path| address.is(path)).cloned());
        named.push(own.collect::<Vec<_>>());
        others.push(visitor);
    }
    assert!(named.iter().any(|own| !own.is_empty()), "nobody has anything with a name");
    others.reverse();
    for (own, other) in named.iter().zip(&mut others) {
        let token = other.get(&stage.at("inzage", "/")).await.token();
        for path in own {
            let read = other.get(&stage.at("inzage", path)).await.status.as_u16();
            let sent = other.post(&stage.at("inzage", path), &[("_token", &token)]).await.status.as_u16();
            if ![404, 405].contains(&read) || ![404, 405].contains(&sent) {
                wrong.push(format!("{path} opens to somebody else: {read}, {sent}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A question and a dossier are of the session in which they were asked, and not of the person in another one.
#[tokio::test]
async fn a_dossier_opens_in_its_own_session_only() {
    let stage = Stage::shared();
    let at = |path: &str| stage.at("desk", path);
    let mut joris = stage.visitor_as("desk", "consulent jeugd").await;
    let token = joris.get(&at("/")).await.token();
    let form = [
        ("_token", token.as_str()),
        ("case", "2026-0044"),
        ("what", "coordinate-help municipal-consultant"),
        ("basis", "listed"),
        ("bsn", "999990342"),
        ("birth_date", "04-03-2011"),
    ];
    let asked = joris.post(&at("/"), &form).await;
    let dossier = asked.header("location").to_owned();
    assert!(dossier.starts_with("/dossiers/"), "{}", asked.text);
    assert_eq!(joris.get(&at(&dossier)).await.status.as_u16(), 200);
    for who in ["consulent jeugd", "leerplichtambtenaar", "kwaliteitsmedewerker"] {
        let mut other = stage.visitor_as("desk", who).await;
        for path in ["", "/news?seen=0", "/report/0", "/report/0/0"] {
            let seen = other.get(&at(&format!("{dossier}{path}"))).await;
            assert_eq!(seen.status.as_u16(), 404, "{who} {path}");
        }
    }
}

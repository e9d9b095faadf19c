//! What holds for all applications against whoever means ill: every page that anybody can reach is walked, as each kind of user.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use kw_testbed::{Seen, Visitor};
use reqwest::header::{LOCATION, ORIGIN, SET_COOKIE};

use super::Stage;

const APPLICATIONS: [&str; 3] = ["desk", "console", "inzage"];

/// What somebody finds who follows every link from the first page.
struct Walk {
    pages: BTreeMap<String, Seen>,
    /// Where the forms go.
    actions: BTreeSet<String>,
}

async fn walk(visitor: &mut Visitor, first: &str) -> Walk {
    let pages = visitor.walk(first).await;
    let actions = pages.values().flat_map(|seen| seen.attributes("action"));
    let actions = actions.filter(|action| action.starts_with('/')).collect();
    Walk { pages, actions }
}

/// What is wrong with an answer of an application.
fn unguarded(seen: &Seen) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut demand = |holds: bool, what: &str| {
        if !holds {
            wrong.push(format!("{}: {what}", seen.url.path()));
        }
    };
    let policy = seen.header("content-security-policy");
    let begins = "default-src 'none'; script-src 'self'; style-src 'self'";
    demand(policy.starts_with(begins) && !policy.contains("unsafe"), policy);
    demand(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"), policy);
    let forms =
        policy.split("form-action ").nth(1).and_then(|rest| rest.split(';').next()).unwrap_or_default();
    demand(
        forms
            .strip_prefix("'self' ")
            .is_some_and(|to| to.parse::<reqwest::Url>().is_ok_and(|to| to.path() == "/")),
        &format!("forms lead to {forms:?}, and not to their own origin and that of the sign-in alone"),
    );
    demand(seen.header("cache-control") == "no-store", "it may be kept");
    demand(seen.header("strict-transport-security").is_empty(), "plain HTTP promises HTTPS");
    demand(seen.header("x-content-type-options") == "nosniff", "its type may be guessed");
    demand(seen.header("x-frame-options") == "DENY", "it may be framed");
    demand(
        ["no-referrer", "same-origin"].contains(&seen.header("referrer-policy")),
        "it tells where one was",
    );
    for found in harmful(&seen.text) {
        demand(false, &found);
    }
    for address in seen.attributes("href").chain(seen.attributes("action")) {
        demand(!address.contains("9999"), &format!("a number stands in {address}"));
    }
    wrong
}

/// What on a page would run, or reach elsewhere. Text of others begins no element: it has no `<` of its own.
fn harmful(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for Element { name, attributes } in elements(page) {
        let has = |part: &str| attributes.iter().any(|(name, _)| name == part);
        let foreign = ["style", "iframe", "object", "embed", "base", "frame"].contains(&name.as_str());
        if foreign || name == "script" && !has("src") {
            found.push(format!("<{name}> stands in it"));
        }
        for (part, value) in &attributes {
            let own = value.starts_with('/') && !value.starts_with("//") && !value.starts_with("/\\");
            let known = ["#", "?", "https://", "http://", "mailto:", "tel:"];
            let sound = match part.as_str() {
                "src" | "action" | "formaction" | "hx-get" | "hx-post" | "srcset" | "poster" | "data" => own,
                "href" | "xlink:href" => own || known.iter().any(|known| value.starts_with(known)),
                "content" => !value.to_lowercase().contains("url"),
                "style" | "srcdoc" => false,
                part => !part.starts_with("on"),
            };
            if !sound {
                found.push(format!("<{name}> has {part}={value:?}"));
            }
        }
    }
    found
}

/// An element as it begins on a page.
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
}

/// As a browser reads them (HTML §13.2.5), whichever way their attributes are quoted.
fn elements(page: &str) -> Vec<Element> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once('<') {
        rest = after;
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let name = taken(&mut rest, |c| c.is_whitespace() || c == '/' || c == '>');
        let mut attributes = Vec::new();
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
            if rest.is_empty() || rest.starts_with('>') {
                break;
            }
            // What begins with `=` is named so.
            let begin = usize::from(rest.starts_with('='));
            let (first, mut more) = rest.split_at(begin);
            let attribute = first.to_owned()
                + &taken(&mut more, |c| c.is_whitespace() || c == '/' || c == '>' || c == '=');
            rest = more;
            let value = match rest.trim_start().strip_prefix('=') {
                None => String::new(),
                Some(value) => {
                    let value = value.trim_start();
                    let quote = value.chars().next().filter(|c| *c == '"' || *c == '\'');
                    rest = if quote.is_some() { &value[1..] } else { value };
                    let value = taken(&mut rest, |c| match quote {
                        Some(quote) => c == quote,
                        None => c.is_whitespace() || c == '>',
                    });
                    rest = &rest[usize::from(quote.is_some() && !rest.is_empty())..];
                    value
                }
            };
            attributes.push((attribute.to_lowercase(), value));
        }
        found.push(Element { name: name.to_lowercase(), attributes });
    }
    found
}

/// What comes before the first such character, or all of it.
fn taken(rest: &mut &str, ends: impl Fn(char) -> bool) -> String {
    let (before, after) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
    *rest = after;
    before.to_owned()
}

#[test]
fn what_would_run_on_a_page_is_found_however_it_is_written() {
    let sound = "<!doctype html><html lang=nl><meta name='viewport' content=\"width=device-width\"><script src=\"/assets/1/a.js\" defer></script>\
                 <p title=\"a > b onclick=1 javascript:\">&#60;img src=x onerror=&#34;1&#34;&#62; javascript:1 onclick=\"1\" 1 < 2</p>\
                 <a href='#x'>x</a><form action=\"/stay\" method=post><button>y</button></form><br/>";
    assert_eq!(harmful(sound), Vec::<String>::new());
    for bad in [
        "<a href='javascript:1'>",
        "<a href=javascript:1>",
        "<a href=\"java\nscript:1\">",
        "<a href=\"&#106;avascript:1\">",
        "<a class=\"x\"href=\"data:text/html,1\">",
        "<p onclick=x>",
        "<p\nonclick='x'>",
        "<svg/onload=1>",
        "<p title=\"x\"ONFOCUS=\"1\">",
        "<p title = 'it > that' onpointerdown = 1>",
        "<button formaction='//evil.example'>",
        "<form action=\"https://evil.example/\">",
        "<img src=x>",
        "<script>1</script>",
        "<style>p{}</style>",
        "<p style='color:red'>",
        "<iframe srcdoc='x'>",
        "<meta http-equiv=refresh content='0;URL=https://evil.example'>",
        "<base href='/'>",
    ] {
        assert!(!harmful(&format!("{sound}{bad}")).is_empty(), "{bad}");
    }
}

#[tokio::test]
async fn every_page_of_everybody_lets_nothing_in_and_nothing_out() {
    let stage = Stage::shared();
    let mut wrong = Vec::new();
    for application in APPLICATIONS {
        for who in stage.kinds(application) {
            let mut visitor = stage.visitor_as(application, &who).await;
            let walk = walk(&mut visitor, &stage.at(application, "/")).await;
            let least = if ["consulent jeugd", "auditor", "citizen"].contains(&who.as_str()) { 7 } else { 3 };
            assert!(walk.pages.len() >= least, "{application} {who}: {:?}", walk.pages.keys());
            for (path, seen) in &walk.pages {
                let moved = seen.status.is_redirection() && seen.header("location").starts_with('/');
                if !(seen.status.is_success() || moved) {
                    wrong.push(format!("{application} {who} {path}: {}", seen.status));
                }
                wrong.extend(unguarded(seen).into_iter().map(|one| format!("{application} {who} {one}")));
            }
            for path in ["/nergens", "/sign-in/callback", "/signed-out"] {
                let seen = visitor.get(&stage.at(application, path)).await;
                wrong.extend(unguarded(&seen).into_iter().map(|one| format!("{application} {who} {one}")));
            }
            eprintln!(
                "{application}: {who} reaches {} pages, {} forms",
                walk.pages.len(),
                walk.actions.len()
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_form_that_another_site_sends_changes_nothing() {
    let stage = Stage::shared();
    for application in APPLICATIONS {
        let who = stage.kinds(application).remove(0);
        let mut visitor = stage.visitor_as(application, &who).await;
        let token = visitor.get(&stage.at(application, "/")).await.token();
        let url: reqwest::Url = stage.at(application, "/sign-out").parse().unwrap();
        for (header, value) in [
            (ORIGIN.as_str(), "https://evil.example"),
            (ORIGIN.as_str(), "null"),
            // Another port of this machine is another origin of the same site.
            (ORIGIN.as_str(), "http://127.0.0.1:1"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "none"),
        ] {
            let request = visitor.client().post(url.clone()).header(header, value);
            let request = request.header("content-type", "application/x-www-form-urlencoded");
            let seen = visitor.send(request.body(format!("_token={token}")), url.clone()).await;
            assert_eq!(seen.status.as_u16(), 403, "{application} {header}: {value}");
        }
        let mut same_person = stage.visitor_as(application, &who).await;
        let of_another = same_person.get(&stage.at(application, "/")).await.token();
        for form in
            [vec![], vec![("_token", "")], vec![("_token", "x")], vec![("_token", of_another.as_str())]]
        {
            let seen = visitor.post(url.as_str(), &form).await;
            assert_eq!(seen.status.as_u16(), 403, "{application}: {form:?}");
        }
        // What a form cannot send without asking the server first, and what needs no asking.
        for kind in ["text/plain", "multipart/form-data; boundary=x", "application/json"] {
            let request = visitor.client().post(url.clone()).header("content-type", kind);
            let seen = visitor.send(request.body(format!("_token={token}")), url.clone()).await;
            assert_eq!(seen.status.as_u16(), 400, "{application} {kind}");
        }
        let seen = visitor.get(&format!("{url}?_token={token}")).await;
        assert_eq!(seen.status.as_u16(), 405, "{application}: an address does not act");
        let still = visitor.get(&stage.at(application, "/")).await;
        assert_eq!(still.status.as_u16(), 200, "{application}: they are signed in as before");
    }
}

#[tokio::test]
async fn a_session_begins_at_the_sign_in_and_is_of_one_application() {
    let stage = Stage::shared();
    let mut tokens = Vec::new();
    for application in APPLICATIONS {
        let who = stage.kinds(application).remove(0);
        let mut visitor = stage.visitor_as(application, &who).await;
        let port = stage.at(application, "/").parse::<reqwest::Url>().unwrap().port().unwrap();
        let own = |visitor: &Visitor| -> BTreeMap<String, String> {
            let own = visitor.cookies.iter().filter(|((at, _), _)| *at == port);
            own.map(|((_, name), value)| (name.clone(), value.clone())).collect()
        };
        let before = own(&visitor);
        assert_eq!(before.len(), 1, "{before:?}");
        let (name, first) = before.into_iter().next().unwrap();
        // Somebody else's session, planted before the person signs in, is not the one that they get.
        let mut victim = stage.visitor();
        victim.cookies.insert((port, name.clone()), "geplant-door-een-ander".to_owned());
        stage.let_in(&mut victim, application, &who).await;
        assert_ne!(own(&victim)[&name], "geplant-door-een-ander");
        let mut attacker = stage.visitor();
        attacker.cookies.insert((port, name.clone()), "geplant-door-een-ander".to_owned());
        assert_eq!(attacker.get(&stage.at(application, "/")).await.status.as_u16(), 303);
        // A new sign-in is a new session, and the old one is over.
        let again = visitor.get(&stage.at(application, "/sign-in?again=true&next=/")).await;
        assert_eq!(again.status.as_u16(), 303);
        visitor.cookies.retain(|(at, one), _| *at != port || *one == name);
        let mut other = stage.visitor();
        other.cookies.insert((port, name.clone()), first.clone());
        let page = other.get(&stage.at(application, "/")).await;
        let out = other.post(&stage.at(application, "/sign-out"), &[("_token", &page.token())]).await;
        assert_eq!(out.header("location"), "/signed-out");
        assert_eq!(
            visitor.get(&stage.at(application, "/")).await.status.as_u16(),
            303,
            "it ended everywhere"
        );
        tokens.push((application, port, name, own(&victim).into_values().next().unwrap()));
    }
    for (_, _, _, token) in &tokens {
        for (application, port, name, own) in &tokens {
            if own == token {
                continue;
            }
            let mut stranger = stage.visitor();
            stranger.cookies.insert((*port, name.clone()), token.clone());
            let seen = stranger.get(&stage.at(application, "/")).await;
            assert_eq!(seen.status.as_u16(), 303, "a session of another application at {application}");
        }
    }
}

#[tokio::test]
async fn cookies_are_out_of_reach_of_scripts_and_of_other_sites() {
    let stage = Stage::shared();
    for application in APPLICATIONS {
        let visitor = stage.visitor();
        let begun = visitor.client().get(stage.at(application, "/sign-in?next=/")).send().await.unwrap();
        let set: Vec<_> =
            begun.headers().get_all(SET_COOKIE).iter().map(|one| one.to_str().unwrap().to_owned()).collect();
        assert_eq!(set.len(), 1);
        for cookie in set {
            for flag in ["; HttpOnly", "; SameSite=Lax", "; Path=/"] {
                assert!(cookie.contains(flag), "{application}: {cookie}");
            }
            assert!(!cookie.contains("Domain"), "{cookie}");
        }
    }
    let browser = stage.browser().await;
    stage.sign_in(&browser, "desk", "consulent jeugd").await;
    assert_eq!(browser.evaluate("return document.cookie").await.unwrap(), "");
    let cookies = browser.cookies().await.unwrap();
    assert!(
        !cookies.is_empty() && cookies.iter().all(|one| one["httpOnly"] == true && one["sameSite"] == "Lax")
    );
}

#[tokio::test]
async fn nobody_is_sent_to_another_site() {
    let stage = Stage::shared();
    let evil = [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "/%0d%0aSet-Cookie:x=y",
        "\\\\evil.example",
        "///evil.example",
        "/..//evil.example",
        "/.//evil.example",
        "/%2F%2Fevil.example",
        "/%5Cevil.example",
        "/\t/evil.example",
        " //evil.example",
        "//evil%E3%80%82example",
        "/@evil.example",
        "https:evil.example",
        "javascript:alert(1)//evil",
    ];
    for application in APPLICATIONS {
        let who = stage.kinds(application).remove(0);
        let mut visitor = stage.visitor_as(application, &who).await;
        let token = visitor.get(&stage.at(application, "/")).await.token();
        for next in evil {
            let mut answers = Vec::new();
            for path in ["/language/en", "/sign-in"] {
                let url =
                    reqwest::Url::parse_with_params(&stage.at(application, path), [("next", next)]).unwrap();
                answers.push(visitor.get(url.as_str()).await);
            }
            answers.push(
                visitor.post(&stage.at(application, "/stay"), &[("_token", &token), ("next", next)]).await,
            );
            for seen in answers {
                let to = seen.url.join(seen.header(LOCATION.as_str())).unwrap();
                assert!(
                    to.scheme().starts_with("http") && !to.host_str().unwrap().contains("evil"),
                    "{application} {}: {to}",
                    seen.url
                );
                let cookies = seen.headers.get_all(SET_COOKIE).iter();
                assert!(cookies.filter(|one| one.to_str().unwrap().starts_with("x=")).count() == 0);
            }
        }
        // What was asked for before the sign-in does not lead away after it either: the same sign-in, to its end.
        for next in ["//evil.example", "https://evil.example/", "/\\evil.example", "///evil.example"] {
            let url = reqwest::Url::parse_with_params(&stage.at(application, "/sign-in"), [("next", next)])
                .unwrap();
            let mut visitor = stage.visitor();
            let page = stage.let_in_from(&mut visitor, application, &who, url.as_str()).await;
            assert_eq!(page.url.as_str(), stage.at(application, "/"), "{next}");
        }
    }
}

/// Of one who sends without end, and of one who hardly sends at all.
#[tokio::test]
async fn what_is_too_large_or_too_slow_is_not_waited_for() {
    let stage = Stage::shared();
    for application in APPLICATIONS {
        let who = stage.kinds(application).remove(0);
        let mut visitor = stage.visitor_as(application, &who).await;
        let token = visitor.get(&stage.at(application, "/")).await.token();
        let next = "x".repeat(70 * 1024);
        let seen =
            visitor.post(&stage.at(application, "/stay"), &[("_token", &token), ("next", &next)]).await;
        assert_eq!(seen.status.as_u16(), 413, "{application}");
        let fields: Vec<(&str, &str)> = vec![("a", "b"); 2000];
        let many = [fields, vec![("_token", token.as_str())]].concat();
        let seen = visitor.post(&stage.at(application, "/stay"), &many).await;
        assert_eq!(seen.status.as_u16(), 400, "{application}: too many fields");
        let long = format!("{}?next=/{}", stage.at(application, "/sign-in"), "a".repeat(300 * 1024));
        let url: reqwest::Url = long.parse().unwrap();
        let seen = visitor.client().get(url).send().await;
        assert!(seen.is_err() || seen.is_ok_and(|seen| seen.status().is_client_error()), "{application}");
    }
    let slow = APPLICATIONS.map(|application| {
        let url: reqwest::Url = stage.at(application, "/").parse().unwrap();
        tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(url.socket_addrs(|| None).unwrap().remove(0)).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            let began = Instant::now();
            stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").unwrap();
            // The end of the connection, or an answer before it; not the end of our patience.
            let mut told = Vec::new();
            let ended = stream.read_to_end(&mut told);
            (application, ended.map(|_| String::from_utf8_lossy(&told).into_owned()), began.elapsed())
        })
    });
    for one in slow {
        let (application, ended, took) = one.await.unwrap();
        let told = ended.unwrap_or_else(|error| panic!("{application}: {error} after {took:?}"));
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 408"), "{application}: {told}");
        eprintln!("{application}: who says nothing more is left after {took:?}");
    }
}

/// The next person at the same screen.
#[tokio::test]
async fn the_way_back_shows_nothing_after_signing_out() {
    let stage = Stage::shared();
    let browser = stage.browser().await;
    for (application, who, path, text) in [
        ("desk", "consulent jeugd", "/accesses", "Joris Jansen"),
        ("console", "auditor", "/log", "Anke Vermeer"),
        ("inzage", "sanne", "/acting", "Sanne"),
    ] {
        stage.sign_in(&browser, application, who).await;
        browser.go(&stage.at(application, path)).await.unwrap();
        browser.sees(text).await.unwrap();
        browser.press("Uitloggen").await.unwrap();
        browser.sees("U bent uitgelogd").await.unwrap();
        for _ in 0..3 {
            browser.back().await.unwrap();
            let shown = browser.text().await.unwrap();
            let is_in =
                browser.evaluate("return document.querySelector('form[action=\"/sign-out\"]') !== null");
            assert_eq!(is_in.await.unwrap(), false, "{application}: {shown}");
        }
        assert!(
            !browser
                .cookies()
                .await
                .unwrap()
                .iter()
                .any(|one| { one["name"].as_str().unwrap() == format!("kw-{application}") })
        );
    }
}

#[tokio::test]
async fn no_other_page_can_put_an_application_in_a_frame() {
    let stage = Stage::shared();
    let browser = stage.browser().await;
    let framed = async |address: &str| {
        browser
            .go(&format!("data:text/html,<title>x</title><iframe src='{address}'></iframe>"))
            .await
            .unwrap();
        browser.framed_text().await.unwrap()
    };
    assert_eq!(framed("data:text/html,Binnen").await, "Binnen");
    for application in APPLICATIONS {
        let shown = framed(&stage.at(application, "/signed-out")).await;
        assert!(!shown.contains("uitgelogd"), "{application}: {shown}");
    }
}

//! What holds for all applications against whoever means ill: every page that anybody can reach is walked, as each kind of user.

use std::collections::{BTreeMap, BTreeSet};

use kw_testbed::{Seen, Visitor};
use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};

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
    demand(seen.header("cache-control") == "no-store", "it may be kept");
    demand(seen.header("x-content-type-options") == "nosniff", "its type may be guessed");
    demand(seen.header("x-frame-options") == "DENY", "it may be framed");
    demand(
        ["no-referrer", "same-origin"].contains(&seen.header("referrer-policy")),
        "it tells where one was",
    );
    let page = seen.text.replace("&quot;", "");
    demand(
        !page.contains("<script>") && !page.contains("<style") && !page.contains(" style=\""),
        "a style or script stands in it",
    );
    demand(!page.contains("javascript:"), "an address is a script");
    for handler in ["onclick", "onload", "onerror", "onsubmit", "onchange", "onfocus"] {
        demand(!page.contains(&format!(" {handler}=")), handler);
    }
    for part in ["src", "action", "hx-get", "hx-post"] {
        for address in seen.attributes(part) {
            demand(address.starts_with('/') && !address.starts_with("//"), &format!("{part} is {address}"));
        }
    }
    for address in seen.attributes("href").chain(seen.attributes("action")) {
        demand(!address.contains("9999"), &format!("a number stands in {address}"));
    }
    wrong
}

#[tokio::test]
async fn every_page_of_everybody_lets_nothing_in_and_nothing_out() {
    let stage = Stage::shared();
    let mut wrong = Vec::new();
    for application in APPLICATIONS {
        for who in stage.kinds(application) {
            let mut visitor = stage.visitor_as(application, &who).await;
            let walk = walk(&mut visitor, &stage.at(application, "/")).await;
            assert!(walk.pages.contains_key("/"));
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
async fn an_address_opens_nothing_to_who_has_no_right_to_the_page() {
    let stage = Stage::shared();
    let mut wrong = Vec::new();
    for application in APPLICATIONS {
        let kinds = stage.kinds(application);
        let mut walks = Vec::new();
        for who in &kinds {
            let mut visitor = stage.visitor_as(application, who).await;
            let walk = walk(&mut visitor, &stage.at(application, "/")).await;
            walks.push((who, visitor, walk));
        }
        let all: BTreeSet<String> =
            walks.iter().flat_map(|(_, _, walk)| walk.pages.keys().cloned()).collect();
        let actions: BTreeSet<String> =
            walks.iter().flat_map(|(_, _, walk)| walk.actions.iter().cloned()).collect();
        let mut nobody = stage.visitor();
        for path in all.iter().filter(|path| !OPEN_TO_ALL.iter().any(|open| path.starts_with(open))) {
            let seen = nobody.get(&stage.at(application, path)).await;
            let sent = seen.status.as_u16() == 303 && seen.header("location").starts_with("/sign-in?");
            if !sent {
                wrong.push(format!("{application} nobody {path}: {}", seen.status));
            }
        }
        for action in &actions {
            let seen = nobody.post(&stage.at(application, action), &[]).await;
            if seen.status.is_success() {
                wrong.push(format!("{application} nobody posts to {action}: {}", seen.status));
            }
        }
        for (who, visitor, walk) in &mut walks {
            for path in all.iter().filter(|path| !walk.pages.contains_key(*path)) {
                let seen = visitor.get(&stage.at(application, path)).await;
                if ![401, 403, 404].contains(&seen.status.as_u16()) {
                    wrong.push(format!("{application} {who} {path}: {}", seen.status));
                }
            }
            for action in &actions {
                let seen = visitor.post(&stage.at(application, action), &[("_token", "forged")]).await;
                if ![401, 403, 404, 405].contains(&seen.status.as_u16()) {
                    wrong.push(format!(
                        "{application} {who} posts a forged form to {action}: {}",
                        seen.status
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// They say the same to everybody.
const OPEN_TO_ALL: [&str; 3] = ["/assets/", "/language/", "/signed-out"];

#[tokio::test]
async fn a_form_that_another_site_sends_changes_nothing() {
    let stage = Stage::shared();
    for application in APPLICATIONS {
        let who = stage.kinds(application).remove(0);
        let mut visitor = stage.visitor_as(application, &who).await;
        let token = visitor.get(&stage.at(application, "/")).await.token();
        let url: reqwest::Url = stage.at(application, "/sign-out").parse().unwrap();
        for (header, value) in [(ORIGIN.as_str(), "https://evil.example"), ("sec-fetch-site", "cross-site")] {
            let request = visitor.client().post(url.clone()).header(header, value);
            let request = request.header("content-type", "application/x-www-form-urlencoded");
            let seen = visitor.send(request.body(format!("_token={token}")), url.clone()).await;
            assert_eq!(seen.status.as_u16(), 403, "{application} {header}");
        }
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
                let to = seen.header(LOCATION.as_str());
                assert!(
                    !to.contains("evil") && !seen.headers.contains_key("x"),
                    "{application} {}: {to}",
                    seen.url
                );
            }
        }
        // What was asked for before the sign-in does not lead away after it either.
        let mut visitor = stage.visitor();
        let url =
            reqwest::Url::parse_with_params(&stage.at(application, "/sign-in"), [("next", evil[0])]).unwrap();
        let begun = visitor.client().get(url).header(COOKIE, "").send().await.unwrap();
        assert!(!begun.headers()[LOCATION].to_str().unwrap().contains("evil"));
        stage.let_in(&mut visitor, application, &who).await;
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

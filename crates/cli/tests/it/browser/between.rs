//! The pages between the applications, against whoever means ill: a sign-in at the provider and a question of a holder go on in the browser
//! that began them, on the word of their own forms, and nowhere else.

use kw_testbed::{Seen, Visitor, between};
use reqwest::header::ORIGIN;

use super::Stage;

const WHO: &str = "sanne";
const SCHOOL: &str = "00000099000000012000";

/// Sends a form with these headers on top, as another site would.
async fn forged(visitor: &mut Visitor, page: &Seen, fields: &str, origin: &str) -> u16 {
    let request = visitor.client().post(page.url.clone()).header(ORIGIN, origin);
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(fields.to_owned());
    visitor.send(request, page.url.clone()).await.status.as_u16()
}

/// Everything that must not lead on from a page with this form, whose own field is `field`.
async fn is_guarded(stage: &Stage, visitor: &mut Visitor, page: &Seen, field: (&str, &str)) {
    let (name, value) = field;
    let own = page.url.origin().ascii_serialization();
    let token = page.token();
    let fields = |token: &str| format!("_token={token}&{name}={value}&secret=x");
    let path = page.url.path();
    assert_eq!(
        forged(visitor, page, &fields("geraden"), &own).await,
        403,
        "{path}: a token that was guessed"
    );
    assert_eq!(forged(visitor, page, &format!("{name}={value}"), &own).await, 403, "{path}: no token");
    assert_eq!(
        forged(visitor, page, &fields(&token), "https://evil.example").await,
        403,
        "{path}: another site"
    );

    // Somebody else's browser: without the cookie, and with one that was made up.
    let mut stranger = stage.visitor();
    let seen = stranger.get(page.url.as_str()).await;
    assert_eq!(seen.status.as_u16(), 404, "{path}: another browser");
    let refused = forged(&mut stranger, page, &fields(&token), &own).await;
    assert!([403, 404].contains(&refused), "{path}: {refused} for another browser's form");
    let port = page.url.port().unwrap();
    let cookies = visitor.cookies.keys().filter(|(at, _)| *at == port).cloned().collect::<Vec<_>>();
    assert!(!cookies.is_empty(), "{path}: nothing ties it to the browser");
    for cookie in cookies {
        stranger.cookies.insert(cookie, "geplant-door-een-ander".to_owned());
    }
    let refused = forged(&mut stranger, page, &fields(&token), &own).await;
    assert!([403, 404].contains(&refused), "{path}: {refused} with a planted cookie");
    let seen = visitor.get(page.url.as_str()).await;
    assert_eq!((seen.status.as_u16(), seen.token()), (200, token), "{path}: the person goes on as before");
}

#[tokio::test]
async fn a_sign_in_at_the_provider_goes_on_where_it_began() {
    let stage = Stage::shared();
    let mut visitor = stage.visitor();
    let begun = visitor.get(&stage.at("inzage", "/sign-in?next=/")).await;
    let page = visitor.follow(begun).await;
    is_guarded(&stage, &mut visitor, &page, ("username", WHO)).await;

    // A sign-in that somebody began elsewhere and planted here signs nobody in there.
    let mut victim = stage.visitor();
    victim.cookies.clone_from(&visitor.cookies);
    let own = stage.at("inzage", "/").parse::<reqwest::Url>().unwrap().port().unwrap();
    victim.cookies.retain(|(port, _), _| *port != own);
    let secret = "Sanne weet het";
    let token = page.token();
    let form = [("_token", token.as_str()), ("username", WHO), ("secret", secret)];
    let sent = victim.post(page.url.as_str(), &form).await;
    let seen = victim.follow(sent).await;
    assert_eq!(seen.status.as_u16(), 401, "{}", seen.text);
    let late = visitor.post(page.url.as_str(), &form).await;
    assert_eq!(late.status.as_u16(), 404, "it is used");
    assert_eq!(visitor.get(&stage.at("inzage", "/")).await.status.as_u16(), 303, "and nobody is signed in");
}

#[tokio::test]
async fn a_question_of_a_holder_is_answered_where_it_was_asked() {
    let stage = Stage::shared();
    let mut visitor = stage.visitor_as("inzage", WHO).await;
    let v = &mut visitor;
    let seen = send(&stage, v, "/collected/sign-in", &[]).await;
    identify(v, seen).await;
    let date = [("label", "Sanne"), ("day", "4"), ("month", "3"), ("year", "2011")];
    send(&stage, v, "/collected/new/0", &date).await;
    let list = v.get(&stage.at("inzage", "/collected")).await;
    let dossier = between(&list.text, "name=\"dossier\" value=\"", "\"").unwrap().to_owned();
    send(&stage, v, "/collected/open", &[("dossier", &dossier)]).await;
    let data = format!("{SCHOOL} school-attendance");
    let onwards = send(&stage, v, "/collected/collect", &[("data", &data), ("of", &dossier)]).await;
    let to = between(&onwards.text, "class=\"nl-button nl-button--primary\" href=\"", "\"").unwrap();
    let seen = v.get(&to.replace("&amp;", "&").replace("&#38;", "&")).await;
    let page = v.follow(seen).await;
    let question = identify(v, page).await;
    assert!(question.url.path().contains("/consents/"), "{}", question.url);
    is_guarded(&stage, v, &question, ("decision", "given")).await;

    let token = question.token();
    let yes = [("_token", token.as_str()), ("decision", "given")];
    let given = v.post(question.url.as_str(), &yes).await;
    let back = given.header("location").to_owned();
    assert!(back.contains("code="), "{back}");
    assert_eq!(v.post(question.url.as_str(), &yes).await.status.as_u16(), 404, "it is answered once");
    // Whoever finds the code cannot use it in a browser of their own.
    let mut thief = stage.visitor_as("inzage", "riet").await;
    let seen = send(&stage, &mut thief, "/collected/sign-in", &[]).await;
    let form_of = seen.token();
    let form = [("_token", form_of.as_str()), ("username", "riet"), ("secret", "Riet weet het")];
    let sent = thief.post(seen.url.as_str(), &form).await;
    thief.follow(sent).await;
    let stolen = thief.get(&back).await;
    let stolen = thief.follow(stolen).await;
    assert!(!stolen.text.contains("Klopt het dossier?"), "{}", stolen.text);
    let seen = v.get(&back).await;
    let seen = v.follow(seen).await;
    assert!(seen.text.contains("Klopt het dossier?"), "the person themselves can: {}", seen.text);
}

/// Sends a form of inzage, and goes where it leads.
async fn send(stage: &Stage, visitor: &mut Visitor, path: &str, fields: &[(&str, &str)]) -> Seen {
    let token = visitor.get(&stage.at("inzage", "/collected")).await.token();
    let form: Vec<(&str, &str)> =
        [("_token", token.as_str())].into_iter().chain(fields.iter().copied()).collect();
    let sent = visitor.post(&stage.at("inzage", path), &form).await;
    visitor.follow(sent).await
}

async fn identify(visitor: &mut Visitor, page: Seen) -> Seen {
    let token = page.token();
    let form = [("_token", token.as_str()), ("username", WHO), ("secret", "Sanne weet het")];
    let sent = visitor.post(page.url.as_str(), &form).await;
    visitor.follow(sent).await
}

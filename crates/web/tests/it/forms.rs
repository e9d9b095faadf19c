//! Forms change something only when one of our pages sent them.

use crate::bed::Bed;
use kw_testbed::Visitor;
use reqwest::header::{CONTENT_TYPE, ORIGIN};

#[tokio::test]
async fn a_form_without_the_token_of_this_session_changes_nothing() {
    let Some(bed) = Bed::start().await else { return };
    let mut anna = bed.browser("anna").await;
    let mut karel = bed.browser("karel").await;
    let other = karel.get(&bed.at("/")).await.token();
    for form in [
        vec![("note", "x")],
        vec![("note", "x"), ("_token", ""), ("_token", "")],
        vec![("note", "x"), ("_token", &other)],
    ] {
        let seen = anna.post(&bed.at("/notes"), &form).await;
        assert_eq!(seen.status.as_u16(), 403);
        assert!(seen.text.contains("Dit formulier is verlopen"));
    }
    let page = anna.get(&bed.at("/")).await;
    assert!(!page.text.contains("<li>x</li>"));
    let seen = anna.post(&bed.at("/notes"), &[("note", "x"), ("_token", &page.token())]).await;
    assert_eq!(seen.status.as_u16(), 303);
    assert!(anna.get(&bed.at("/")).await.text.contains("<li>x</li>"));
}

#[tokio::test]
async fn another_site_cannot_send_one_even_with_the_token() {
    let Some(bed) = Bed::start().await else { return };
    let mut anna = bed.browser("anna").await;
    let token = anna.get(&bed.at("/")).await.token();
    for (name, value) in [
        (ORIGIN.as_str(), "https://evil.example"),
        (ORIGIN.as_str(), "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let url: reqwest::Url = bed.at("/notes").parse().unwrap();
        let request = Visitor::new()
            .client()
            .post(url.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(name, value)
            .body(format!("_token={token}&note=y"));
        assert_eq!(anna.send(request, url).await.status.as_u16(), 403, "{name}: {value}");
    }
    assert!(!anna.get(&bed.at("/")).await.text.contains("<li>y</li>"));
}

#[tokio::test]
async fn what_others_write_is_text_and_nothing_else() {
    let Some(bed) = Bed::start().await else { return };
    let mut karel = bed.browser("karel").await;
    let token = karel.get(&bed.at("/")).await.token();
    let script = "<script>alert(1)</script>\"'&";
    karel.post(&bed.at("/notes"), &[("_token", &token), ("note", script)]).await;
    let page = karel.get(&bed.at("/")).await.text;
    assert!(!page.contains("<script>alert") && !page.contains("<b>Vos"), "{page}");
    assert!(page.contains("&#60;script&#62;"));
}

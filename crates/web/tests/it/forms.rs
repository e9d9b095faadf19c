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
async fn a_form_with_too_many_fields_is_refused_and_not_read_in_part() {
    let Some(bed) = Bed::start().await else { return };
    let mut browser = bed.browser("anna").await;
    let token = browser.get(&bed.at("/")).await.token();
    let mut fields = vec![("_token", token.as_str()), ("note", "melk")];
    fields.resize(257, ("more", "1"));
    assert_eq!(browser.post(&bed.at("/notes"), &fields).await.status.as_u16(), 400);
    assert!(!browser.get(&bed.at("/")).await.text.contains("melk"));
    fields.truncate(256);
    assert_eq!(browser.post(&bed.at("/notes"), &fields).await.status.as_u16(), 303);
}

#[tokio::test]
async fn a_form_is_of_bounded_size_which_is_larger_for_whoever_has_to_send_larger_ones() {
    let Some(bed) = Bed::start().await else { return };
    let of_anna =
        [("/notes", 60_000, 303), ("/notes", 70_000, 413), ("/long", 60_000, 303), ("/long", 70_000, 413)];
    // Karel is a keeper.
    let of_karel = [("/notes", 70_000, 413), ("/long", 1_000_000, 303), ("/long", 1_100_000, 413)];
    for (account, sent) in [("anna", &of_anna[..]), ("karel", &of_karel)] {
        let mut browser = bed.browser(account).await;
        for (path, length, status) in sent {
            let token = browser.get(&bed.at("/")).await.token();
            let note = "x".repeat(*length);
            let seen = browser.post(&bed.at(path), &[("_token", &token), ("note", &note)]).await;
            assert_eq!(seen.status.as_u16(), *status, "{account} {path} {length}");
        }
    }
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

#[tokio::test]
async fn a_file_comes_only_with_a_form_of_this_session_and_is_of_bounded_size() {
    let Some(bed) = Bed::start().await else { return };
    let mut anna = bed.browser("anna").await;
    let token = anna.get(&bed.at("/")).await.token();
    let body = |token: &str, size: usize| {
        let part = |head: &str, content: &str| {
            format!("--mark\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n")
        };
        let file = part("name=\"file\"; filename=\"brief.pdf\"", &"x".repeat(size));
        format!("{}{file}--mark--\r\n", part("name=\"_token\"", token))
    };
    let whole = body(&token, 300_000);
    for (sent, status) in [
        (body("of somebody else", 10), 403),
        (whole[..whole.len() - 12].to_owned(), 400),
        // The application is told, and has none of it.
        (body(&token, 22 * 1024 * 1024), 303),
        (body(&token, 85 * 1024 * 1024), 413),
        (whole, 303),
    ] {
        let url: reqwest::Url = bed.at("/files").parse().unwrap();
        let request = anna.client().post(url.clone()).header(ORIGIN, &bed.address);
        let request = request.header(CONTENT_TYPE, "multipart/form-data; boundary=mark").body(sent);
        assert_eq!(anna.send(request, url).await.status.as_u16(), status);
    }
    let page = anna.get(&bed.at("/")).await;
    assert!(page.text.contains("<li>too large</li>"), "{}", page.text);
    assert_eq!(page.text.matches("brief.pdf").count(), 1);
    assert!(
        page.text.contains("<li>brief.pdf: 300000</li>") && !page.text.contains("brief.pdf: 10<"),
        "{}",
        page.text
    );
    let nobody = Visitor::new().client().post(bed.at("/files")).header(ORIGIN, &bed.address);
    let nobody = nobody.header(CONTENT_TYPE, "multipart/form-data; boundary=mark").body(body(&token, 10));
    assert!(nobody.send().await.unwrap().status().is_redirection());
}

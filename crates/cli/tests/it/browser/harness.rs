//! The checks find what they are there to find.

use kw_testbed::browser::{AXE, Browser, BrowserDriver, Check};
use kw_testbed::outside::Locked;

use super::TOOLS;

async fn browser() -> Browser {
    BrowserDriver::shared().unwrap().open(&[]).await.unwrap()
}

async fn mistakes(browser: &Browser, body: &str) -> Vec<String> {
    show(browser, body).await;
    browser.mistakes(&Check { tools: TOOLS.as_ref(), name: "page" }).await.unwrap()
}

async fn show(browser: &Browser, body: &str) {
    let page = format!(
        "<!doctype html><html lang='nl'><head><title>Proef</title><meta name='viewport' content='width=device-width'></head>\
         <body><main><h1>Proef</h1>{body}</main></body></html>"
    );
    let page: String = url::form_urlencoded::byte_serialize(page.as_bytes()).collect();
    browser.go(&format!("data:text/html;charset=utf-8,{}", page.replace('+', "%20"))).await.unwrap();
}

#[tokio::test]
async fn a_sound_page_has_no_mistakes() {
    let body = "<form><label>Naam <input name='naam'></label> <button type='button'>Verder</button></form><p><a href='#x'>Naar x</a></p>";
    assert_eq!(mistakes(&browser().await, body).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_walk_ends_at_the_last_control_wherever_the_browser_goes_from_there() {
    let browser = browser().await;
    show(&browser, "<p><a href='#x'>Eerste</a> <a href='#y'>Tweede</a></p>").await;
    for _ in 0..6 {
        assert_eq!(browser.walk_by_keyboard().await.unwrap(), Vec::<String>::new());
        assert_eq!(
            browser.evaluate("return document.body.lastElementChild.localName").await.unwrap(),
            "main"
        );
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_page_is_found() {
    let page = [
        ("<input name='zonder'>", "label"),
        ("<p style='color:#999;background:#fff'>Te licht</p>", "color-contrast"),
        (
            "<button style='width:12px;height:12px;padding:0' aria-label='a'></button><button style='width:12px;height:12px;padding:0' aria-label='b'></button>",
            "target-size",
        ),
        ("<div style='width:600px;background:#eee'>breed</div>", "the page is 6"),
        (
            "<style>.stil:focus { outline: none }</style><button class='stil'>Stil</button>",
            "the focus cannot be seen on it",
        ),
        (
            "<button onkeydown='event.preventDefault()'>Vast</button><button>Verder</button>",
            "the keyboard does not reach it",
        ),
        (
            "<button tabindex='2'>Tweede</button><button tabindex='1'>Eerste</button>",
            "the keyboard does not reach it",
        ),
        (
            "<button id='a'>A</button><button>B</button><button onfocus='a.focus()'>C</button>",
            "the focus jumps back to it",
        ),
        ("<script>undefined_name()</script>", "undefined_name"),
        ("<img alt='' src='http://127.0.0.1:1/a.png'>", "another origin"),
    ];
    let browser = browser().await;
    for (body, what) in page {
        let found = mistakes(&browser, body).await;
        assert!(found.iter().any(|one| one.contains(what)), "{what}: {found:?}");
    }
}

#[test]
fn axe_core_is_the_one_of_the_lock_file_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let digest = AXE.lock.split_once("sha512-").unwrap().1;
    let changed = AXE.lock.replace(&digest[..8], "AAAAAAAA");
    let refused = Locked { lock: &changed, ..AXE }.install(folder.path()).unwrap_err();
    assert!(refused.contains("EINTEGRITY"), "{refused}");
    AXE.install(folder.path()).unwrap();
    let installed = folder.path().join("node_modules/axe-core/axe.min.js");
    assert!(installed.is_file());
}

#[tokio::test]
async fn a_form_is_filled_in_by_its_labels_and_sent_by_the_name_of_its_button() {
    let browser = browser().await;
    show(&browser,
        "<form onsubmit=\"document.title = [...new FormData(this).values()].join(' '); return false\">\
         <label for='n'>Naam</label><input id='n' name='n' value='oud'>\
         <fieldset><legend>Reden</legend><label><input type='radio' name='r' value='een'> Eerste</label><label><input type='radio' name='r' value='twee'> Tweede</label></fieldset>\
         <label>Soort <select name='s'><option value='a'>Soort A</option><option value='b'>Soort B</option></select></label>\
         <label>Dag <input type='date' name='d'></label>\
         <button>Sturen</button></form>",
    )
    .await;
    browser.fill("Naam", "Anna").await.unwrap();
    browser.tick("Tweede").await.unwrap();
    browser.fill("Soort", "Soort B").await.unwrap();
    browser.fill("Dag", "2011-03-04").await.unwrap();
    browser.press("Sturen").await.unwrap();
    assert_eq!(browser.title().await.unwrap(), "Anna twee b 2011-03-04");
    assert!(!browser.can_press("Wissen").await.unwrap());
}

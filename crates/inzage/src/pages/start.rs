//! The first page.

use askama::Template;
use kw_web::{Frame, Outcome, SignedIn};

use super::Kept;

#[derive(Template)]
#[template(path = "start.html")]
struct Page<'a> {
    f: &'a Frame,
}

pub(crate) async fn show(by: SignedIn<Kept>) -> Outcome {
    let frame = by.frame("inzage-start");
    frame.page(&Page { f: &frame })
}

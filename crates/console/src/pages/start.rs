//! The first page: what there is for this person.

use actix_web::web::Data;
use askama::Template;
use kw_agreement::ConsoleRole;
use kw_web::{Frame, Outcome};

use super::By;
use crate::app::Console;

#[derive(Template)]
#[template(path = "start.html")]
struct Page<'a> {
    f: &'a Frame,
    auditor: bool,
    operator: bool,
}

pub(crate) async fn show(by: By, console: Data<Console>) -> Outcome {
    let f = by.frame("console-start");
    let is = |role: ConsoleRole| by.user().is(role.as_str());
    f.page(&Page {
        f: &f,
        auditor: console.services.is_some() && is(ConsoleRole::Auditor),
        operator: console.operator.is_some() && is(ConsoleRole::Operator),
    })
}

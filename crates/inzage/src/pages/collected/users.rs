//! Several users of one dossier (scenario 2): who, with which rights; inviting, taking up, ending.

use actix_web::http::StatusCode;
use askama::Template;
use chrono::NaiveDate;
use kw_domain::{AccountId, DutchTime, Instant};
use kw_protocol::problem::ProblemCode;
use kw_web::{Failure, Form, Frame, Outcome, Problems};
use reqwest::Method;
use serde_json::{Value, json};

use super::open::list_of;
use super::{About, By, Open, Page, Shared, Whole, about, about_in, born, end, see, titled};
use crate::personal::{Dossier, DossierUser, Invitation};

#[derive(Template)]
#[template(path = "collected/users.html")]
struct UsersPage<'a> {
    f: &'a Frame,
    about: &'a About,
    born: String,
    said: Option<&'static str>,
    problems: &'a Problems,
    users: Vec<Line>,
    categories: Vec<Choice>,
    view: bool,
    collect: bool,
    day: &'a str,
    month: &'a str,
    year: &'a str,
}

struct Line {
    /// In the order in which they came.
    number: usize,
    account: String,
    since: Option<String>,
    view: bool,
    collect: bool,
    categories: Option<String>,
    until: String,
    ended: Option<String>,
}

struct Choice {
    code: String,
    title: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "collected/invitation.html")]
struct InvitationPage<'a> {
    f: &'a Frame,
    about: &'a About,
    born: String,
    code: &'a str,
    until: String,
}

/// `GET /collected/users`.
pub(super) async fn show(by: By, app: Shared) -> Outcome {
    end(&by, page(&by, &app, &Problems::new(), None).await)
}

async fn page(by: &By, app: &Shared, problems: &Problems, form: Option<&Form<Whole>>) -> Page {
    let (open, about) = (Open::reading(app, by).await?, about(by)?);
    let users: Vec<DossierUser> = open.get(&format!("/v1/dossiers/{}/users", about.dossier)).await?;
    let (f, agreement) = (by.frame("collected-users"), app.agreed());
    let said = by.session.data().collected.said();
    let lines = (1..).zip(users).map(|(number, one)| Line {
        number,
        account: one.account,
        since: one.since.map(|at| f.moment(at)),
        view: one.limits.view,
        collect: one.limits.collect,
        categories: one
            .limits
            .categories
            .map(|all| list_of(all.iter().map(|code| titled(&agreement, &f, code)))),
        until: f.moment(one.limits.until),
        ended: one.ended_at.map(|at| f.moment(at)),
    });
    let chosen = form.map(|form| form.all("category")).unwrap_or_default();
    let categories = agreement.categories().map(|(code, rules)| Choice {
        code: code.as_str().to_owned(),
        title: rules.title.within(super::language(&f)).to_owned(),
        chosen: chosen.contains(&code.as_str()),
    });
    let page = UsersPage {
        f: &f,
        about: &about,
        born: born(&f, about.birth_date.as_deref()),
        said,
        problems,
        users: lines.collect(),
        categories: categories.collect(),
        view: form.is_some_and(|form| form.given("view").is_some()),
        collect: form.is_some_and(|form| form.given("collect").is_some()),
        day: form.map_or("", |form| form.get("day")),
        month: form.map_or("", |form| form.get("month")),
        year: form.map_or("", |form| form.get("year")),
    };
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(f.page_with(status, &page)?)
}

/// `POST /collected/users`: an invitation.
pub(super) async fn invite(form: Form<Whole>, app: Shared) -> Outcome {
    end(&form.by, make(&form, &app).await)
}

async fn make(form: &Form<Whole>, app: &Shared) -> Page {
    let by = &form.by;
    let (open, about) = (Open::reading(app, by).await?, about_in(form)?);
    let mut problems = Problems::new();
    let (view, collect) = (form.given("view").is_some(), form.given("collect").is_some());
    if !view && !collect {
        problems.add("view", "collected-invite-nothing");
    }
    let categories = form.all("category");
    if categories.is_empty() {
        problems.add("category", "collected-invite-no-category");
    }
    let until = end_of(form.get("day"), form.get("month"), form.get("year"), by.shell.now());
    let until = problems.take("year", "collected-invite-until", until);
    if let Some(until) = until.filter(|_| problems.is_empty()) {
        let body = json!({ "view": view, "collect": collect, "categories": categories, "until": until });
        let path = format!("/v1/dossiers/{}/invitations", about.dossier);
        match open.send::<Invitation>(Method::POST, &path, Some(body)).await {
            Ok(answer) => {
                by.session.data().collected.invite(answer.body.code, answer.body.expires_at);
                return Ok(see("/collected/invitation"));
            }
            Err(refused) if refused.0 == ProblemCode::Invalid => {
                problems.add("year", "collected-invite-until");
            }
            Err(refused) => return Err(refused.into()),
        }
    }
    page(by, app, &problems, Some(form)).await
}

/// The end of that day in the Netherlands, if it is still to come.
fn end_of(day: &str, month: &str, year: &str, now: Instant) -> Result<Instant, ()> {
    let part = |text: &str| text.parse::<u32>().map_err(|_| ());
    let year = year.parse().map_err(|_| ())?;
    let day = NaiveDate::from_ymd_opt(year, part(month)?, part(day)?).ok_or(())?;
    let end = DutchTime::start_of(day.succ_opt().ok_or(())?);
    if end > now { Ok(end) } else { Err(()) }
}

/// `GET /collected/invitation`: the code, once.
pub(super) async fn invitation(by: By, app: Shared) -> Outcome {
    let page = async {
        Open::reading(&app, &by).await?;
        let about = about(&by)?;
        let made = by.session.data().collected.invitation();
        let Some((code, until)) = made else { return Ok(see("/collected/users")) };
        let f = by.frame("collected-invitation");
        let born = born(&f, about.birth_date.as_deref());
        Ok(f.page(&InvitationPage { f: &f, about: &about, born, code: &code, until: f.moment(until) })?)
    };
    end(&by, page.await)
}

/// `POST /collected/users/end`: at once.
pub(super) async fn stop(form: Form<Whole>, app: Shared) -> Outcome {
    let by = &form.by;
    let page = async {
        let (open, about) = (Open::reading(&app, by).await?, about_in(&form)?);
        let account = AccountId::parse(form.get("account")).map_err(|_| Failure::not_found())?;
        let path = format!("/v1/dossiers/{}/users/{account}", about.dossier);
        open.send::<Value>(Method::DELETE, &path, None).await?;
        by.session.data().collected.say("collected-user-ended");
        Ok(see("/collected/users"))
    };
    end(by, page.await)
}

/// `POST /collected/accept`: takes an invitation up.
pub(super) async fn accept(form: Form<Whole>, app: Shared) -> Outcome {
    let by = &form.by;
    let page = async {
        let open = Open::of(&app, by)?;
        let body = json!({ "code": form.get("code") });
        let said = match open.send::<Dossier>(Method::POST, "/v1/invitations/acceptances", Some(body)).await {
            Ok(_) => "collected-accepted",
            Err(refused) => match refused.0 {
                ProblemCode::NotFound | ProblemCode::Invalid => "collected-accept-unknown",
                ProblemCode::Denied => "collected-accept-no-mandate",
                ProblemCode::Conflict => "collected-accept-already",
                _ => return Err(refused.into()),
            },
        };
        by.session.data().collected.say(said);
        Ok(see("/collected"))
    };
    end(by, page.await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_ends_with_a_day_that_is_still_to_come() {
        let now = Instant::from_millis(1_795_000_000_000);
        assert_eq!(now.date().to_string(), "2026-11-18");
        let end = end_of("18", "11", "2026", now).unwrap();
        assert_eq!(DutchTime::at(end).date().to_string(), "2026-11-19");
        for (day, month, year) in
            [("17", "11", "2026"), ("31", "2", "2027"), ("", "1", "2027"), ("1", "1", "x")]
        {
            assert_eq!(end_of(day, month, year, now), Err(()), "{day}-{month}-{year}");
        }
    }
}

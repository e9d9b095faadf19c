//! What surrounds a page: language, navigation, who signed in.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{Datelike as _, NaiveDate, Timelike as _};
use kw_domain::{DutchTime, Instant};
use kw_runtime::http::PAGE;

use crate::session::Session;
use crate::{Failure, Language, Messages, Outcome, Pages, Say, Shell, assets};

/// An entry of the navigation.
#[derive(Debug, Clone, Copy)]
pub struct NavItem {
    /// Where it leads.
    pub path: &'static str,
    /// What it says (a message).
    pub label: &'static str,
}

/// What surrounds a page. Templates call it `f`, and say everything through it.
#[derive(Clone)]
pub struct Frame {
    messages: Arc<Messages>,
    /// The language of the page.
    pub language: Language,
    /// The application: a message with its name is `<app>-name`.
    pub app: &'static str,
    home: bool,
    title: String,
    path: String,
    user: Option<String>,
    /// Whom the pages are about, where that is somebody else than the user.
    whom: Option<String>,
    csrf: String,
    nav: Vec<NavItem>,
    ends: Option<Instant>,
    seconds: u64,
}

impl Frame {
    pub(crate) fn signed_in<D: Default + Send + 'static>(
        shell: &Shell<D>,
        request: &HttpRequest,
        session: &Session<D>,
    ) -> Self {
        let ends = shell.sessions.ends(session);
        Self {
            user: Some(session.user.name.clone()),
            whom: shell.choices.and_then(|choices| (choices.whom)(&session.user)),
            csrf: session.csrf().to_owned(),
            nav: (shell.nav)(&session.user),
            ends: Some(ends),
            seconds: ends.since(shell.now()).as_secs(),
            ..Self::outside(&shell.pages, request)
        }
    }

    /// With the session if there is one.
    pub(crate) fn of<D: Default + Send + 'static>(shell: &Shell<D>, request: &HttpRequest) -> Self {
        match shell.session(request) {
            Some(session) => Self::signed_in(shell, request, &session),
            None => Self::outside(&shell.pages, request),
        }
    }

    /// For pages without a session.
    pub(crate) fn outside(pages: &Pages, request: &HttpRequest) -> Self {
        Self {
            messages: Arc::clone(&pages.messages),
            language: Language::of(request),
            app: pages.name,
            home: pages.home,
            title: format!("{}-name", pages.name),
            path: request.path().to_owned(),
            user: None,
            whom: None,
            csrf: String::new(),
            nav: Vec::new(),
            ends: None,
            seconds: 0,
        }
    }

    pub(crate) fn titled(&self, title: &str) -> Self {
        Self { title: title.to_owned(), ..self.clone() }
    }

    /// The same, for a page whose forms carry this token ([`crate::form_token`]).
    #[must_use]
    pub fn with_token(&self, token: String) -> Self {
        Self { csrf: token, ..self.clone() }
    }

    /// The same, with another path to come back to.
    #[must_use]
    pub fn at(&self, path: String) -> Self {
        Self { path, ..self.clone() }
    }

    /// A message. For a user who acts for somebody else, `<key>-for` where there is one: it names them (`$whom`).
    pub fn t(&self, key: &str) -> String {
        self.say(key, &[])
    }

    /// A message with one value in it.
    pub fn t1(&self, key: &str, name: &str, value: impl Say) -> String {
        self.say(key, &[(name, &value)])
    }

    /// A message with two values in it.
    pub fn t2(&self, key: &str, one: &str, first: impl Say, two: &str, second: impl Say) -> String {
        self.say(key, &[(one, &first), (two, &second)])
    }

    fn say(&self, key: &str, values: &[(&str, &dyn Say)]) -> String {
        if let Some(whom) = &self.whom {
            let named = format!("{key}-for");
            if self.messages.has(self.language, &named) {
                let values: Vec<(&str, &dyn Say)> =
                    values.iter().copied().chain([("whom", whom as &dyn Say)]).collect();
                return self.messages.text(self.language, &named, &values);
            }
        }
        self.messages.text(self.language, key, values)
    }

    /// The message of a word of the code: `t_of("state", "active")` is `state-active`.
    pub fn t_of(&self, kind: &str, word: impl fmt::Display) -> String {
        self.t(&format!("{kind}-{word}"))
    }

    /// The title of the page.
    pub fn title(&self) -> String {
        self.t(&self.title)
    }

    /// The first page, where there is one.
    pub fn home(&self) -> Option<&'static str> {
        self.home.then_some("/")
    }

    /// Who signed in.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// What a form has to carry.
    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    /// The navigation.
    pub fn nav(&self) -> &[NavItem] {
        &self.nav
    }

    /// Whether an entry of the navigation is the part of the site that this page is in.
    pub fn is_here(&self, item: &NavItem) -> bool {
        match item.path {
            "/" => self.path == "/",
            path => self.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        }
    }

    /// The path of the page, for coming back to it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The other languages.
    pub fn languages(&self) -> impl Iterator<Item = Language> {
        let own = self.language;
        Language::ALL.into_iter().filter(move |language| *language != own)
    }

    /// Where a file of the design is.
    pub fn asset(&self, name: &str) -> String {
        assets::address(name)
    }

    /// When the session ends if nothing more is asked.
    pub fn ends(&self) -> Option<String> {
        self.ends.map(|ends| self.time(ends))
    }

    /// The same, in seconds from now.
    pub fn seconds(&self) -> u64 {
        self.seconds
    }

    /// A moment, as people in the Netherlands write it.
    pub fn moment(&self, moment: Instant) -> String {
        self.t2("web-moment", "day", self.day(DutchTime::at(moment).date()), "time", self.time(moment))
    }

    /// Until when something has to be done. What ends with a day is to be done by that day: nobody reads midnight as the evening before.
    pub fn deadline(&self, moment: Instant) -> String {
        match last_day(moment) {
            Some(day) => self.t1("web-by-day", "day", self.day(day)),
            None => self.t1("web-before", "moment", self.moment(moment)),
        }
    }

    /// The time of a moment, to the minute.
    pub fn time(&self, moment: Instant) -> String {
        let time = DutchTime::at(moment).time();
        format!("{:02}:{:02}", time.hour(), time.minute())
    }

    /// A day.
    pub fn day(&self, day: NaiveDate) -> String {
        let month = self.t(&format!("web-month-{}", day.month()));
        format!("{} {month} {}", day.day(), day.year())
    }

    /// The page.
    pub fn page(&self, template: &impl Template) -> Outcome {
        self.page_with(StatusCode::OK, template)
    }

    /// The page, with another status.
    pub fn page_with(&self, status: StatusCode, template: &impl Template) -> Outcome {
        let html = template.render().map_err(|_| Failure::fault())?;
        Ok(HttpResponse::build(status).content_type(PAGE).body(html))
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame").field("app", &self.app).field("title", &self.title).finish_non_exhaustive()
    }
}

/// The day that a moment is the end of, if it is one.
fn last_day(moment: Instant) -> Option<NaiveDate> {
    let clock = DutchTime::at(moment);
    match (clock.time().hour(), clock.time().minute()) {
        (0, 0) => Some(DutchTime::at(moment.minus(Duration::from_hours(1))).date()),
        (23, 59) => Some(clock.date()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_with_a_day_is_due_that_day() {
        let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap();
        let midnight = DutchTime::start_of(day("2026-11-28"));
        assert_eq!(last_day(midnight), Some(day("2026-11-27")));
        assert_eq!(last_day(midnight.minus(Duration::from_millis(1))), Some(day("2026-11-27")));
        assert_eq!(last_day(midnight.plus(Duration::from_mins(1))), None);
        // The days on which the clocks change.
        assert_eq!(last_day(DutchTime::start_of(day("2026-03-30"))), Some(day("2026-03-29")));
        assert_eq!(last_day(DutchTime::start_of(day("2026-10-26"))), Some(day("2026-10-25")));
    }
}

//! Questions on a ground of one's own, and what colleagues find of them.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use askama::Template;
use kw_agreement::Agreement;
use kw_domain::{Bsn, ReviewId};
use kw_protocol::review::{GiveVerdict, LONGEST_NOTE, Review, ReviewSearch, ReviewState, Verdict};
use kw_web::{Failure, Fields, Form, Frame, Outcome, Problems, SignedIn};
use serde::Deserialize;

use super::titles::category;
use super::titles::titled;
use super::{Kept, go_to, in_query};
use crate::app::App;
use crate::document::harmless;

#[derive(Template)]
#[template(path = "reviews.html")]
struct Page<'a> {
    f: &'a Frame,
    /// Whether the reader judges.
    reviewer: bool,
    reviews: Vec<ReviewView>,
    next: Option<String>,
    /// Which page this is.
    cursor: String,
    problems: &'a Problems,
}

struct ReviewView {
    id: String,
    asked_at: String,
    due_at: String,
    asker: String,
    facts: Vec<(String, String)>,
    state: String,
    is_open: bool,
    escalated: bool,
    /// Nobody judges their own question.
    may_judge: bool,
    verdict: Option<String>,
    /// What was written in the form, when that came back with mistakes.
    refused: Option<Refused>,
}

#[derive(Deserialize)]
pub(crate) struct From {
    cursor: Option<String>,
}

/// A form that came back: with mistakes, or after another sign-in.
#[derive(Clone)]
struct Refused {
    verdict: Option<Verdict>,
    note: String,
}

impl Refused {
    fn of(form: &Fields) -> Self {
        Self {
            verdict: Verdict::parse(form.get("verdict")),
            note: form.get("note").split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }

    fn is(&self, verdict: &str) -> bool {
        self.verdict.is_some_and(|chosen| chosen.code() == verdict)
    }
}

pub(crate) async fn list(by: SignedIn<Kept>, app: Data<App>, from: Query<From>) -> Outcome {
    app.require_proof(&by, "/reviews")?;
    page(&by, &app, from.cursor.clone(), &Problems::new(), None, StatusCode::OK).await
}

/// A form that came back has this address; whoever goes there finds the list. Whoever had to sign in again finds what they wrote.
pub(crate) async fn back(by: SignedIn<Kept>, app: Data<App>, id: Path<String>) -> Outcome {
    let id = ReviewId::parse(&id).map_err(|_| Failure::not_found())?;
    let Some(unsent) = by.unsent(&format!("/reviews/{id}")) else { return Ok(go_to("/reviews")) };
    let refused = Some((id.to_string(), Refused::of(&unsent)));
    let cursor = unsent.given("cursor").map(str::to_owned);
    page(&by, &app, cursor, &Problems::of_unsent(), refused, StatusCode::OK).await
}

pub(crate) async fn judge(form: Form<Kept>, app: Data<App>, id: Path<String>) -> Outcome {
    let by = &form.by;
    let agreement = app.agreed();
    let reviewers: Vec<_> = agreement.review().reviewers.iter().cloned().collect();
    let actor = App::actor_with(by.user(), &reviewers)?;
    let id = ReviewId::parse(&id).map_err(|_| Failure::not_found())?;
    app.require_proof_for(&form, &format!("/reviews/{id}"))?;
    let mut problems = Problems::new();
    let Refused { verdict, note } = Refused::of(&form);
    if verdict.is_none() {
        problems.add("verdict", "desk-verdict-wrong");
    }
    if note.len() > LONGEST_NOTE {
        problems.add("note", "desk-verdict-note-wrong");
    }
    if Bsn::occurs_in(&note) {
        problems.add("note", "desk-number-in-text");
    }
    let Some(verdict) = verdict.filter(|_| problems.is_empty()) else {
        let refused = Some((id.to_string(), Refused { verdict, note }));
        let cursor = form.given("cursor").map(str::to_owned);
        return page(by, &app, cursor, &problems, refused, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let note = Some(note).filter(|note| !note.is_empty());
    app.partner.give_verdict(id, &GiveVerdict { actor, verdict, note }).await?;
    Ok(go_to("/reviews"))
}

async fn page(
    by: &SignedIn<Kept>,
    app: &App,
    cursor: Option<String>,
    problems: &Problems,
    refused: Option<(String, Refused)>,
    status: StatusCode,
) -> Outcome {
    let agreement = app.agreed();
    let reviewers: Vec<_> = agreement.review().reviewers.iter().cloned().collect();
    let reviewer = App::has(by.user(), &reviewers);
    let reader = App::actor_with(by.user(), &reviewers).or_else(|_| app.some_actor(by.user()))?;
    let search = ReviewSearch {
        reader,
        state: reviewer.then_some(ReviewState::Open),
        escalated: None,
        due_before: None,
        party: None,
        cursor: cursor.clone(),
        limit: Some(REVIEWS),
    };
    let found = app.partner.reviews(&search).await?;
    let f = by.frame("desk-reviews");
    let view = |review: &Review| ReviewView {
        may_judge: reviewer && review.state == ReviewState::Open && review.asker.id != by.user().id,
        refused: refused
            .as_ref()
            .filter(|(id, _)| *id == review.id.to_string())
            .map(|(_, refused)| refused.clone()),
        ..ReviewView::of(&f, &agreement, review)
    };
    f.page_with(
        status,
        &Page {
            f: &f,
            reviewer,
            reviews: found.reviews.iter().map(view).collect(),
            next: found.next_cursor.as_deref().map(in_query),
            cursor: cursor.unwrap_or_default(),
            problems,
        },
    )
}

impl ReviewView {
    fn of(f: &Frame, agreement: &Agreement, review: &Review) -> Self {
        let role = agreement.role(&review.asker.role).map(|rules| titled(f, &rules.title));
        let purpose = agreement.purpose(&review.purpose).map(|rules| titled(f, &rules.title));
        let categories = review.categories.iter().map(|one| category(f, agreement, one));
        let state = match review.state {
            ReviewState::Justified => "justified",
            ReviewState::Open => "open",
            ReviewState::Unjustified => "unjustified",
        };
        let facts = vec![
            (f.t("desk-recorded-purpose"), purpose.unwrap_or_else(|| review.purpose.to_string())),
            (f.t("desk-recorded-case"), review.case.to_string()),
            (f.t("desk-recorded-ground"), f.t_of("desk-ground", review.ground.as_str())),
            (f.t("desk-reason"), harmless(&review.reason)),
            (f.t("desk-recorded-categories"), categories.collect::<Vec<_>>().join(", ")),
        ];
        let verdict = review.decided_at.map(|at| {
            let note = review.note.as_deref().map(harmless).unwrap_or_default();
            format!("{} {note}", f.moment(at))
        });
        Self {
            id: review.id.to_string(),
            asked_at: f.moment(review.opened_at),
            due_at: f.deadline(review.due_at),
            asker: format!("{} ({})", review.asker.id, role.unwrap_or_else(|| review.asker.role.to_string())),
            facts,
            state: f.t_of("desk-review", state),
            is_open: review.state == ReviewState::Open,
            escalated: review.escalated_at.is_some(),
            may_judge: false,
            verdict,
            refused: None,
        }
    }
}

const REVIEWS: u32 = 20;

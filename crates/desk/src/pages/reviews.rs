//! Questions on a ground of one's own, and what colleagues find of them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use askama::Template;
use kw_agreement::Agreement;
use kw_domain::{Bsn, ReviewId};
use kw_protocol::review::{GiveVerdict, LONGEST_NOTE, Review, ReviewSearch, ReviewState, Verdict};
use kw_web::{Failure, Form, Frame, Outcome, Problems, SignedIn};
use serde::Deserialize;

use super::dossier::category;
use super::{Kept, go_to, in_query, titled};
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
    refused: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct From {
    cursor: Option<String>,
}

pub(crate) async fn list(by: SignedIn<Kept>, app: Data<App>, from: Query<From>) -> Outcome {
    app.require_proof(&by, "/reviews")?;
    page(&by, &app, from.cursor.clone(), &Problems::new(), None, StatusCode::OK).await
}

/// A form that came back has this address; whoever goes there finds the list.
pub(crate) async fn back(_: SignedIn<Kept>) -> HttpResponse {
    go_to("/reviews")
}

pub(crate) async fn judge(form: Form<Kept>, app: Data<App>, id: Path<String>) -> Outcome {
    let by = &form.by;
    let id = ReviewId::parse(&id).map_err(|_| Failure::not_found())?;
    let agreement = app.agreed();
    let reviewers: Vec<_> = agreement.review().reviewers.iter().cloned().collect();
    let actor = App::actor_with(by.user(), &reviewers)?;
    app.require_proof(by, "/reviews")?;
    let mut problems = Problems::new();
    let verdict = Verdict::parse(form.get("verdict"));
    if verdict.is_none() {
        problems.add("verdict", "desk-verdict-wrong");
    }
    let note = form.get("note").split_whitespace().collect::<Vec<_>>().join(" ");
    if note.len() > LONGEST_NOTE {
        problems.add("note", "desk-verdict-note-wrong");
    }
    if Bsn::occurs_in(&note) {
        problems.add("note", "desk-number-in-text");
    }
    let Some(verdict) = verdict.filter(|_| problems.is_empty()) else {
        let refused = Some((id.to_string(), note));
        return page(by, &app, None, &problems, refused, StatusCode::UNPROCESSABLE_ENTITY).await;
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
    refused: Option<(String, String)>,
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
        cursor,
        limit: Some(REVIEWS),
    };
    let found = app.partner.reviews(&search).await?;
    let f = by.frame("desk-reviews");
    let view = |review: &Review| ReviewView {
        may_judge: reviewer && review.state == ReviewState::Open && review.asker.id != by.user().id,
        refused: refused
            .as_ref()
            .filter(|(id, _)| *id == review.id.to_string())
            .map(|(_, note)| note.clone()),
        ..ReviewView::of(&f, &agreement, review)
    };
    f.page_with(
        status,
        &Page {
            f: &f,
            reviewer,
            reviews: found.reviews.iter().map(view).collect(),
            next: found.next_cursor.as_deref().map(in_query),
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
            due_at: f.moment(review.due_at),
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

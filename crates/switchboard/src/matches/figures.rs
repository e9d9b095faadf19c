//! `GET /v1/matches/_figures`: numbers for management, without persons and without parties.

use std::collections::BTreeMap;

use actix_web::web::{Data, Json};
use kw_domain::Category;
use kw_ledger::Event;
use kw_protocol::matching::{MatchFigure, MatchFigures, MatchState, SMALLEST_FIGURE};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Member, Membership, Refusal, Trace};
use kw_store::switchboard::matches::MatchCount;

use crate::app::{App, act, not_written};

/// Counts matches by month, category and state, for coordinators and auditors. Small numbers are left out. A match in
/// several categories counts in each.
#[utoipa::path(
    get, path = "/v1/matches/_figures", tag = "matches",
    responses(
        (status = 200, description = "The numbers", body = MatchFigures),
        (status = 403, description = "Neither a coordinator nor an auditor", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was counted", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read_figures(
    app: Data<App>,
    member: Member,
    trace: Trace,
) -> Result<Json<MatchFigures>, Refusal> {
    let (agreement, now) = (app.agreement.current(), app.now());
    let coordinates = agreement.matching().coordinators.contains(&member.oin);
    if member.membership != Membership::Auditor && !coordinates {
        let detail = "Numbers about all matches are for coordinators and auditors.";
        return Err(Refusal::new(ProblemCode::Denied, detail));
    }
    let record = app.record(&agreement, Event::MatchesRead, member.oin, Some(&trace));
    let done = app
        .store
        .write("count_matches", move |tx| {
            let counted = tx.read().count_matches()?;
            let mut record = record.clone();
            record.count = Some(0);
            Ok((counted, act(&record)?))
        })
        .await
        .map_err(not_written)?;
    Ok(Json(MatchFigures { at: now, smallest: SMALLEST_FIGURE, figures: figures(&done.value) }))
}

fn figures(counted: &[MatchCount]) -> Vec<MatchFigure> {
    let mut all: BTreeMap<(i32, &Category, MatchState), u64> = BTreeMap::new();
    for one in counted {
        for category in &one.categories {
            *all.entry((one.month, category, one.state)).or_default() += one.count;
        }
    }
    all.into_iter()
        .map(|((month, category, state), count)| MatchFigure {
            month: format!("{:04}-{:02}", month / 100, month % 100),
            category: category.clone(),
            state,
            count: (count >= SMALLEST_FIGURE).then_some(count),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_are_left_out_and_a_match_counts_in_each_of_its_categories() {
        let [care, school] =
            ["youth-care-plan", "school-attendance"].map(|name| Category::parse(name).unwrap());
        let count = |categories: &[&Category], count| MatchCount {
            month: 202_611,
            state: MatchState::Arisen,
            categories: categories.iter().map(|category| (*category).clone()).collect(),
            count,
        };
        let told = figures(&[count(&[&care, &school], 4), count(&[&care], 1)]);
        let lines: Vec<_> = told.iter().map(|one| (one.month.as_str(), &one.category, one.count)).collect();
        assert_eq!(lines, [("2026-11", &school, None), ("2026-11", &care, Some(5))]);
    }
}

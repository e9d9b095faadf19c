//! Feedback reports (terugmeldingen) as far as the switchboard has to know them: between which two parties, where they stand, and
//! whose pulls a correction concerns. What a report says never comes here.

mod corrections;
mod statuses;

use std::time::Duration;

use actix_web::web::{self, ServiceConfig};
use kw_agreement::Budget;
use kw_domain::Oin;
use kw_protocol::problem::ProblemCode;
use kw_runtime::Refusal;

use crate::app::App;

pub(crate) use corrections::{__path_read_correction, __path_tell_correction};
pub(crate) use statuses::{__path_read_route, __path_tell_status};

/// The routes under `/v1` of the service listener.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/corrections").route(web::post().to(corrections::tell_correction)))
        .service(
            web::resource("/v1/corrections/{transaction}").route(web::get().to(corrections::read_correction)),
        )
        .service(web::resource("/v1/feedback-reports/{id}").route(web::get().to(statuses::read_route)))
        .service(web::resource("/v1/feedback-statuses").route(web::post().to(statuses::tell_status)));
}

/// Charges one message to the holder. Each makes signals for others.
fn charge(app: &App, party: Oin) -> Result<(), Refusal> {
    app.feedback_quota.charge(party, BUDGET, app.now()).map_err(|wait: Duration| {
        let detail = "Your organisation has told as much about feedback reports as it may for now.";
        Refusal::new(ProblemCode::BudgetExhausted, detail).retry_after(wait)
    })
}

/// Charges the pulls of one message to the holder: each of them makes a signal for somebody, or was named in vain.
fn charge_pulls(app: &App, party: Oin, pulls: u64) -> Result<(), Refusal> {
    app.correction_quota.charge_for(party, PULLS, app.now(), pulls).map_err(|wait: Duration| {
        let detail = "Your organisation has told of as many pulls as it may for now. Send the rest later.";
        Refusal::new(ProblemCode::BudgetExhausted, detail).retry_after(wait)
    })
}

/// Pulls that a holder tells of. What was told of before is not charged again, so a long correction comes to its end.
const PULLS: Budget = Budget { burst: 1_000, hour: 10_000, day: 50_000 };
/// More than people at one holder settle; a correction of a widely used record takes several messages.
const BUDGET: Budget = Budget { burst: 600, hour: 5_000, day: 20_000 };

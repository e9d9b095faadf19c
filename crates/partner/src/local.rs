//! The local API: what the partner's own systems and the command line ask.

pub(crate) mod access_reports;
pub(crate) mod accesses;
pub(crate) mod canaries;
pub(crate) mod consents;
pub(crate) mod delegations;
pub(crate) mod departures;
pub(crate) mod dossiers;
pub(crate) mod feedback_received;
pub(crate) mod feedback_sent;
pub(crate) mod identity_checks;
pub(crate) mod lookups;
pub(crate) mod mandates;
pub(crate) mod matches;
pub(crate) mod objections;
pub(crate) mod registrations;
pub(crate) mod relations;
pub(crate) mod reviews;
pub(crate) mod signals;
pub(crate) mod status;
pub(crate) mod syncs;
pub(crate) mod withdrawals;

use actix_web::web::{self, Data, ServiceConfig};

use kw_runtime::http::BodyLimit;

use crate::app::App;
use crate::openapi;

/// The routes of the local listener.
pub(crate) fn routes(routes: &mut ServiceConfig, app: &Data<App>) {
    routes
        .app_data(app.clone())
        .service(web::resource("/v1/openapi.json").route(web::get().to(openapi::show_local)))
        .service(web::resource("/v1/accesses/_search").route(web::post().to(accesses::search)))
        .service(web::resource("/v1/access-reports").route(web::post().to(access_reports::report)))
        .service(
            web::resource("/v1/canaries")
                .route(web::get().to(canaries::list))
                .route(web::post().to(canaries::make)),
        )
        .service(web::resource("/v1/canaries/_ask").route(web::post().to(canaries::ask)))
        .service(web::resource("/v1/canaries/_export").route(web::post().to(canaries::export)))
        .service(web::resource("/v1/canaries/_import").route(web::post().to(canaries::import)))
        .service(web::resource("/v1/canaries/{id}/_retire").route(web::post().to(canaries::retire)))
        .service(web::resource("/v1/consents").route(web::post().to(consents::record)))
        .service(web::resource("/v1/consents/_search").route(web::post().to(consents::search)))
        .service(web::resource("/v1/consents/{id}/withdrawal").route(web::post().to(consents::withdraw)))
        .service(web::resource("/v1/objections").route(web::post().to(objections::submit)))
        .service(web::resource("/v1/objections/_search").route(web::post().to(objections::search)))
        .service(web::resource("/v1/objections/{id}/decision").route(web::post().to(objections::decide)))
        .service(
            web::resource("/v1/delegations")
                .route(web::get().to(delegations::list))
                .route(web::post().to(delegations::request)),
        )
        .service(web::resource("/v1/delegations/{id}/approvals").route(web::post().to(delegations::approve)))
        .service(web::resource("/v1/delegations/{id}/end").route(web::post().to(delegations::end)))
        .service(
            web::resource("/v1/departures")
                .route(web::get().to(departures::list))
                .route(web::post().to(departures::request)),
        )
        .service(web::resource("/v1/departures/{id}").route(web::get().to(departures::read)))
        .service(web::resource("/v1/departures/{id}/approvals").route(web::post().to(departures::approve)))
        .service(web::resource("/v1/departures/{id}/end").route(web::post().to(departures::end)))
        .service(web::resource("/v1/departures/{id}/finish").route(web::post().to(departures::finish)))
        .service(web::resource("/v1/dossiers").route(web::post().to(dossiers::assemble)))
        .service(web::resource("/v1/feedback-reports/received").route(web::get().to(feedback_received::list)))
        .service(
            web::resource("/v1/feedback-reports/received/{id}").route(web::get().to(feedback_received::show)),
        )
        .service(
            web::resource("/v1/feedback-reports/received/{id}/annotations")
                .route(web::post().to(feedback_received::annotate)),
        )
        .service(
            web::resource("/v1/feedback-reports/received/{id}/attachments/{attachment}")
                .route(web::get().to(feedback_received::attachment)),
        )
        .service(
            web::resource("/v1/feedback-reports")
                .app_data(BodyLimit(feedback_sent::LARGEST_REPORT))
                .route(web::post().to(feedback_sent::report)),
        )
        .service(web::resource("/v1/feedback-reports/sent").route(web::get().to(feedback_sent::list)))
        .service(web::resource("/v1/feedback-reports/sent/{id}").route(web::get().to(feedback_sent::show)))
        .service(
            web::resource("/v1/feedback-reports/sent/{id}/_withdraw")
                .route(web::post().to(feedback_sent::withdraw)),
        )
        .service(
            web::resource("/v1/feedback-reports/sent/{id}/annotations")
                .route(web::post().to(feedback_sent::annotate)),
        )
        .service(web::resource("/v1/corrections").route(web::get().to(feedback_sent::corrections)))
        .service(web::resource("/v1/identity-checks/_search").route(web::post().to(identity_checks::search)))
        .service(
            web::resource("/v1/identity-checks/{id}/confirmations")
                .route(web::post().to(identity_checks::confirm)),
        )
        .service(web::resource("/v1/lookups").route(web::post().to(lookups::look_up)))
        .service(web::resource("/v1/mandates").route(web::post().to(mandates::register)))
        .service(web::resource("/v1/mandates/_confirm").route(web::post().to(mandates::confirm)))
        .service(web::resource("/v1/mandates/_search").route(web::post().to(mandates::search)))
        .service(web::resource("/v1/mandates/_withdraw").route(web::post().to(mandates::withdraw)))
        .service(web::resource("/v1/matches").route(web::get().to(matches::list)))
        .service(web::resource("/v1/matches/_figures").route(web::get().to(matches::figures)))
        .service(web::resource("/v1/matches/{id}").route(web::get().to(matches::read)))
        .service(web::resource("/v1/matches/{id}/_contact").route(web::post().to(matches::contact)))
        .service(web::resource("/v1/matches/{id}/_coordinated").route(web::post().to(matches::coordinated)))
        .service(web::resource("/v1/relations").route(web::post().to(relations::declare)))
        .service(web::resource("/v1/relations/{id}/_end").route(web::post().to(relations::end)))
        .service(web::resource("/v1/registrations").route(web::post().to(registrations::register)))
        .service(web::resource("/v1/reviews/_search").route(web::post().to(reviews::search)))
        .service(web::resource("/v1/reviews/{id}/verdict").route(web::post().to(reviews::judge)))
        .service(web::resource("/v1/signals").route(web::get().to(signals::read)))
        .service(web::resource("/v1/withdrawals").route(web::post().to(withdrawals::withdraw)))
        .service(web::resource("/v1/syncs").route(web::post().to(syncs::synchronise)))
        .service(web::resource("/v1/status").route(web::get().to(status::show)));
}

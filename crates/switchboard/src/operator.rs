//! What the operator of this switchboard reads and hands in, on the admin listener: for this machine alone, and nothing in it is about
//! the persons in the index. It is what the pages of `ketenwijzer console` show.

mod agreement;
mod state;

use actix_web::web::{self, ServiceConfig};

pub(crate) use agreement::{
    __path_hand_in_approval, __path_read_agreement, hand_in_approval, read_agreement,
};
pub(crate) use state::{__path_read_state, read_state};

/// The routes under `/v1/operator` of the admin listener.
pub(crate) fn routes(config: &mut ServiceConfig) {
    let at = web::resource::<&str>;
    config
        .service(at("/v1/operator/state").route(web::get().to(read_state)))
        .service(at("/v1/operator/agreement").route(web::get().to(read_agreement)))
        .service(at("/v1/operator/agreement/approvals").route(web::post().to(hand_in_approval)));
}

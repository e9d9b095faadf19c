//! What the operator of this switchboard reads and hands in, on the admin listener: for this machine alone, and nothing in it is about
//! the persons in the index. It is what the pages of `ketenwijzer console` show.

mod agreement;
mod state;
mod versions;

use std::net::IpAddr;

use actix_web::guard::fn_guard;
use actix_web::http::header::HOST;
use actix_web::web::{self, ServiceConfig};

pub(crate) use agreement::{
    __path_hand_in_approval, __path_read_agreement, hand_in_approval, read_agreement,
};
pub(crate) use state::{__path_read_state, read_state};
pub(crate) use versions::{__path_list_versions, __path_read_version, list_versions, read_version};

/// The routes under `/v1/operator` of the admin listener.
pub(crate) fn routes(config: &mut ServiceConfig) {
    let at = web::resource::<&str>;
    let scope = web::scope("/v1/operator")
        .guard(fn_guard(|context| {
            let host = context.head().headers().get(HOST).and_then(|host| host.to_str().ok());
            host.is_none_or(is_address)
        }))
        .service(at("/state").route(web::get().to(read_state)))
        .service(at("/agreement").route(web::get().to(read_agreement)))
        .service(at("/agreement/versions").route(web::get().to(list_versions)))
        .service(at("/agreement/versions/{place}").route(web::get().to(read_version)))
        .service(at("/agreement/approvals").route(web::post().to(hand_in_approval)));
    config.service(scope);
}

/// Whether it was asked by an address and not by a name: a page elsewhere can have its own name point here (DNS rebinding).
fn is_address(host: &str) -> bool {
    let name =
        host.rsplit_once(':').map_or(host, |(name, port)| if port.ends_with(']') { host } else { name });
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || bare.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_somewhere_else_is_no_address_of_this_machine() {
        for own in ["127.0.0.1:8080", "127.0.0.1", "localhost:1", "[::1]:8080", "[::1]"] {
            assert!(is_address(own), "{own}");
        }
        for other in
            ["evil.example:8080", "evil.example", "localhost.evil.example:80", "", "127.0.0.1.evil:1"]
        {
            assert!(!is_address(other), "{other}");
        }
    }
}

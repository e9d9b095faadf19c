//! The files that pages load: made by `cargo xtask web`, carried in the binary, named by their content.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use actix_web::web::Path;
use actix_web::{HttpResponse, Responder};
use std::sync::LazyLock;

struct Asset {
    name: &'static str,
    media_type: &'static str,
    content: &'static [u8],
}

static ASSETS: [Asset; 5] = [
    Asset {
        name: "ketenwijzer.css",
        media_type: "text/css; charset=utf-8",
        content: include_bytes!("../assets/ketenwijzer.css"),
    },
    Asset {
        name: "ketenwijzer.js",
        media_type: "text/javascript; charset=utf-8",
        content: include_bytes!("../assets/ketenwijzer.js"),
    },
    Asset {
        name: "htmx.js",
        media_type: "text/javascript; charset=utf-8",
        content: include_bytes!("../assets/htmx.js"),
    },
    Asset { name: "icon.svg", media_type: "image/svg+xml", content: include_bytes!("../assets/icon.svg") },
    Asset {
        name: "notices.txt",
        media_type: "text/plain; charset=utf-8",
        content: include_bytes!("../assets/NOTICES.txt"),
    },
];

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hasher = blake3::Hasher::new();
    for asset in &ASSETS {
        hasher.update(asset.content);
    }
    hasher.finalize().to_hex()[..16].to_owned()
});

/// Where a file is: another address when any of them changes, so that browsers may keep it for good.
pub(crate) fn address(name: &str) -> String {
    format!("/assets/{}/{name}", *VERSION)
}

/// `GET /assets/{version}/{name}`.
pub(crate) async fn serve(path: Path<(String, String)>) -> impl Responder {
    let (version, name) = path.into_inner();
    let found = ASSETS.iter().find(|asset| asset.name == name && version == *VERSION);
    match found {
        Some(asset) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, asset.media_type))
            .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
            .insert_header((ETAG, format!("\"{version}\"")))
            .body(asset.content),
        None => HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("404"),
    }
}

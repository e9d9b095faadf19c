//! The files that pages load: made by `cargo xtask web`, carried in the binary, named by their content.

use std::io::Write as _;
use std::sync::LazyLock;

use actix_web::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse, Responder};
use flate2::Compression;
use flate2::write::GzEncoder;

/// They hold nothing of anybody, so that how small they become tells nothing either.
static COMPRESSED: LazyLock<Vec<Vec<u8>>> =
    LazyLock::new(|| ASSETS.iter().map(|asset| gzip(asset.content)).collect());

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
pub(crate) async fn serve(request: HttpRequest, path: Path<(String, String)>) -> impl Responder {
    let (version, name) = path.into_inner();
    let found = ASSETS.iter().zip(&*COMPRESSED).find(|(asset, _)| asset.name == name && version == *VERSION);
    let Some((asset, compressed)) = found else {
        return HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("404");
    };
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, asset.media_type))
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((VARY, "Accept-Encoding"));
    // Each way of sending it is another thing with another name.
    if takes_gzip(&request) && !compressed.is_empty() {
        response
            .insert_header((ETAG, format!("\"{version}-gzip\"")))
            .insert_header((CONTENT_ENCODING, "gzip"))
            .body(compressed.as_slice())
    } else {
        response.insert_header((ETAG, format!("\"{version}\""))).body(asset.content)
    }
}

/// Nothing when it could not be done, which memory does not do.
fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).and_then(|()| encoder.finish()).unwrap_or_default()
}

fn takes_gzip(request: &HttpRequest) -> bool {
    let said =
        request.headers().get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    said.split(',').any(|one| {
        let mut parts = one.split(';').map(str::trim);
        parts.next() == Some("gzip")
            && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn files_are_sent_small_to_whoever_can_unpack_them() {
        let takes = |said: &'static str| {
            takes_gzip(&TestRequest::get().insert_header((ACCEPT_ENCODING, said)).to_http_request())
        };
        assert!(takes("gzip, deflate, br") && takes("br;q=1, gzip;q=0.5"));
        assert!(!takes("br") && !takes("gzip;q=0") && !takes("x-gzip"));
        assert!(!takes_gzip(&TestRequest::get().to_http_request()));
        let (whole, sent): (usize, usize) = ASSETS
            .iter()
            .zip(&*COMPRESSED)
            .fold((0, 0), |(whole, sent), (asset, gzip)| (whole + asset.content.len(), sent + gzip.len()));
        assert!(sent > 0 && sent * 3 < whole, "{sent} of {whole} bytes");
    }
}

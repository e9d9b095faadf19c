//! The headers of every page beside those of every answer (`kw_runtime::http`): nothing from elsewhere, nothing to elsewhere.

use actix_web::http::header::{
    CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY, VARY,
};

/// Adds them to a response. `provider` is the origin of the sign-in, to which forms may lead in the end (a browser judges the
/// redirects after a form by `form-action` too).
pub(crate) fn add(headers: &mut HeaderMap, provider: &str) {
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; \
         form-action 'self' {provider}; frame-ancestors 'none'; base-uri 'none'"
    );
    let fixed = [
        // `no-referrer` would make browsers say `Origin: null` with our own forms.
        (REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=()",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.append(VARY, HeaderValue::from_static("Cookie, Accept-Language, HX-Request"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
}

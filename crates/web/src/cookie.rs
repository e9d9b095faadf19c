//! Cookies: for this host only, out of reach of scripts.

use actix_web::HttpRequest;
use actix_web::http::header::{COOKIE, HeaderValue};

/// `Set-Cookie` for a value of our own alphabet. `seconds` 0 takes it away; `None` leaves it until the browser ends.
pub fn set(name: &str, value: &str, secure: bool, seconds: Option<u64>) -> HeaderValue {
    let secure = if secure { "; Secure" } else { "" };
    let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The value of a cookie; `None` if it is not there exactly once.
pub fn read(request: &HttpRequest, name: &str) -> Option<String> {
    let mut found = request
        .headers()
        .get_all(COOKIE)
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(given, _)| *given == name)
        .map(|(_, value)| value.to_owned());
    let value = found.next()?;
    found.next().is_none().then_some(value)
}

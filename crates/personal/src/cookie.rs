//! Cookies that tie what comes back from elsewhere to the browser that went there.

use actix_web::HttpRequest;
use actix_web::http::header::{COOKIE, HeaderValue};

/// `Set-Cookie` for a secret that only this host gets back, over TLS, out of reach of scripts.
pub(crate) fn set(name: &str, value: &str, seconds: u64) -> HeaderValue {
    let text = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}");
    // Names and values are of our own alphabet.
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The value of a cookie; `None` if it is not there exactly once.
pub(crate) fn read(request: &HttpRequest, name: &str) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_cookie_is_read_if_it_is_there_once() {
        let request =
            |cookies: &'static str| TestRequest::get().insert_header((COOKIE, cookies)).to_http_request();
        assert_eq!(read(&request("a=1; __Host-b=x"), "__Host-b").as_deref(), Some("x"));
        assert_eq!(read(&request("a=1"), "__Host-b"), None);
        assert_eq!(read(&request("__Host-b=x; __Host-b=y"), "__Host-b"), None);
    }

    #[test]
    fn what_is_set_is_for_this_host_and_no_script() {
        let set = set("__Host-b", "x", 600);
        let text = set.to_str().unwrap();
        for part in ["__Host-b=x", "Path=/", "Secure", "HttpOnly", "SameSite=Lax", "Max-Age=600"] {
            assert!(text.contains(part), "{text}");
        }
    }
}

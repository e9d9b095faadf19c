//! The bearer token of the local API, and who may use it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HOST};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_protocol::problem::ProblemCode;
use kw_runtime::config::{SecretError, create_secret, read_secret};
use kw_runtime::{Entropy, Refusal};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::events::{LocalHostRefused, LocalTokenRefused};

/// The secret that the partner's own programs share with this process.
pub(crate) struct Token(Zeroizing<String>);

impl Token {
    /// Reads the file, which nobody but its owner may be able to read; makes it with 32 random bytes if it is not there.
    pub(crate) fn load_or_create(path: &Path, entropy: &Entropy) -> Result<Self, TokenError> {
        if !path.exists() {
            let mut line = Zeroizing::new(URL_SAFE_NO_PAD.encode(*Zeroizing::new(entropy.draw::<32>())));
            line.push('\n');
            create_secret(path, line.as_bytes())?;
        }
        let bytes = read_secret(path)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| TokenError::Unusable)?.trim();
        let usable =
            (SHORTEST..=512).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if usable { Ok(Self(Zeroizing::new(text.to_owned()))) } else { Err(TokenError::Unusable) }
    }

    /// Lets a request through that names this machine and has the token.
    ///
    /// A page in a browser on this machine can be made to call here under a host name of its own (DNS rebinding); its
    /// `Host` gives it away.
    pub(crate) fn admit(&self, request: &HttpRequest) -> Result<(), Refusal> {
        let header = |name| {
            let mut values = request.headers().get_all(name);
            values.next().filter(|_| values.next().is_none()).and_then(|value| value.to_str().ok())
        };
        if !header(HOST).is_some_and(names_this_machine) {
            LocalHostRefused {}.log();
            return Err(Refusal::new(ProblemCode::Denied, "Call this API at a loopback address."));
        }
        let given = header(AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        if bool::from(given.as_bytes().ct_eq(self.0.as_bytes())) {
            return Ok(());
        }
        LocalTokenRefused {}.log();
        let detail = "Send the token of the partner's token file as `Authorization: Bearer …`.";
        Err(Refusal::new(ProblemCode::TokenRefused, detail))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Why there is no token. Always for the operator.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file cannot be read or made.
    #[error(transparent)]
    File(#[from] SecretError),
    /// The file holds something else.
    #[error(
        "the token file does not hold one line of 16 to 512 visible characters: remove it, and it is made anew"
    )]
    Unusable,
}

fn names_this_machine(host: &str) -> bool {
    let name = match host.parse::<SocketAddr>() {
        Ok(address) => return address.ip().is_loopback(),
        Err(_) => match host.rsplit_once(':') {
            Some((name, port)) if !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit()) => {
                name
            }
            _ => host,
        },
    };
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    bare.parse::<IpAddr>().map_or_else(|_| name.eq_ignore_ascii_case("localhost"), |ip| ip.is_loopback())
}

const SHORTEST: usize = 16;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn only_names_of_this_machine_pass() {
        for good in
            ["localhost", "LocalHost:8080", "127.0.0.1", "127.0.0.1:80", "127.9.9.9:1", "[::1]:80", "[::1]"]
        {
            assert!(names_this_machine(good), "{good}");
        }
        for bad in [
            "",
            "example.org",
            "localhost.example.org",
            "127.0.0.1.example.org:80",
            "10.0.0.1:80",
            "[2001:db8::1]:80",
        ] {
            assert!(!names_this_machine(bad), "{bad}");
        }
    }

    #[test]
    fn the_token_is_made_once_and_only_its_owner_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("local.token");
        let first = Token::load_or_create(&path, &Entropy::os()).unwrap();
        assert_eq!(first.0.len(), 43);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let second = Token::load_or_create(&path, &Entropy::os()).unwrap();
        assert_eq!(*first.0, *second.0);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(Token::load_or_create(&path, &Entropy::os()).is_err());
    }

    #[test]
    fn a_short_token_is_no_token() {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [("empty", ""), ("short", "abc\n"), ("spaced", "0123456789 0123456789")] {
            let path = folder.path().join(name);
            create_secret(&path, content.as_bytes()).unwrap();
            assert!(
                matches!(Token::load_or_create(&path, &Entropy::os()), Err(TokenError::Unusable)),
                "{name}"
            );
        }
    }

    #[test]
    fn a_request_needs_the_whole_token_and_one_host() {
        let token = Token(Zeroizing::new("0123456789abcdef".to_owned()));
        let request = |host: &'static str, bearer: &'static str| {
            TestRequest::get()
                .insert_header((HOST, host))
                .insert_header((AUTHORIZATION, bearer))
                .to_http_request()
        };
        assert!(token.admit(&request("localhost", "Bearer 0123456789abcdef")).is_ok());
        for (host, bearer, code) in [
            ("localhost", "Bearer 0123456789abcde", ProblemCode::TokenRefused),
            ("localhost", "Bearer 0123456789abcdef0", ProblemCode::TokenRefused),
            ("localhost", "Bearer ", ProblemCode::TokenRefused),
            ("localhost", "0123456789abcdef", ProblemCode::TokenRefused),
            ("evil.example", "Bearer 0123456789abcdef", ProblemCode::Denied),
        ] {
            let refusal = token.admit(&request(host, bearer)).unwrap_err();
            assert_eq!(refusal.code(), code, "{host} {bearer}");
        }
        let twice = TestRequest::get()
            .insert_header((HOST, "localhost"))
            .append_header((HOST, "evil.example"))
            .insert_header((AUTHORIZATION, "Bearer 0123456789abcdef"))
            .to_http_request();
        assert!(token.admit(&twice).is_err());
        assert!(token.admit(&TestRequest::get().to_http_request()).is_err());
    }
}

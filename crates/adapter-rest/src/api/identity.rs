//! How a request shows who we are.

use std::path::{Path, PathBuf};

use kw_adapter::SourceError;
use kw_domain::Clock;
use kw_transport::read_secret;
use reqwest::RequestBuilder;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use super::token::{Token, Tokens};
use super::{ApiConfig, Authentication, wrong};

pub(super) enum Identity {
    Nothing,
    Header { name: HeaderName, prefix: String, file: PathBuf },
    Token(Box<Tokens>),
}

impl Identity {
    pub(super) fn new(config: &ApiConfig) -> Result<Self, SourceError> {
        match &config.auth {
            Authentication::None => Ok(Self::Nothing),
            Authentication::Header { name, prefix, file } => {
                let name = HeaderName::try_from(name.as_str())
                    .map_err(|_| wrong("api.auth.name is no name of a header"))?;
                secret(file)?;
                Ok(Self::Header { name, prefix: prefix.clone(), file: file.clone() })
            }
            Authentication::ClientCredentials { .. } => Ok(Self::Token(Box::new(Tokens::new(config)?))),
        }
    }

    /// Puts on a request what shows who we are; the token, if that is what it is.
    pub(super) async fn show(
        &self,
        http: &reqwest::Client,
        clock: &dyn Clock,
        request: RequestBuilder,
    ) -> Result<(RequestBuilder, Option<Token>), SourceError> {
        match self {
            Self::Nothing => Ok((request, None)),
            Self::Header { name, prefix, file } => {
                let text = Zeroizing::new(format!("{prefix}{}", secret(file)?.as_str()));
                Ok((request.header(name, sensitive(&text)?), None))
            }
            Self::Token(tokens) => {
                let token = tokens.current(http, clock).await?;
                let text = Zeroizing::new(format!("Bearer {}", token.reveal()));
                Ok((request.header(AUTHORIZATION, sensitive(&text)?), Some(token)))
            }
        }
    }

    /// The server does not take this token any more.
    pub(super) async fn forget(&self, token: Option<Token>) {
        if let (Self::Token(tokens), Some(token)) = (self, token) {
            tokens.forget(&token).await;
        }
    }
}

/// The one line of a file that others may not read.
pub(super) fn secret(file: &Path) -> Result<Zeroizing<String>, SourceError> {
    let bytes = read_secret(file).map_err(|error| wrong(&error.to_string()))?;
    let text = std::str::from_utf8(&bytes).map(str::trim).unwrap_or_default();
    if text.is_empty() || text.contains(['\n', '\r']) {
        return Err(wrong(&format!("{} should hold a secret on one line", file.display())));
    }
    Ok(Zeroizing::new(text.to_owned()))
}

fn sensitive(text: &str) -> Result<HeaderValue, SourceError> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| wrong("the secret cannot stand in a header: look at its file"))?;
    value.set_sensitive(true);
    Ok(value)
}

//! The statement of an OpenID provider about somebody who signed in (OpenID Connect Core §2).

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroize as _;

/// An ID token in its compact form, as the provider signed it. Whoever has it can show it, so it is redacted in `Debug`,
/// wiped on drop and never recorded. Whether it is one at all, and true, is for `kw-identity` to say.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdToken(String);

impl IdToken {
    /// The longest that is looked at, in bytes. One is about a thousand.
    pub const MAX_BYTES: usize = 8 * 1024;

    /// The token as it came.
    pub fn new(compact: impl Into<String>) -> Self {
        Self(compact.into())
    }

    /// Its text, for whoever checks it or passes it on.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl Drop for IdToken {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for IdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_travels_as_text_and_is_never_shown() {
        let token: IdToken = serde_json::from_str(r#""a.b.c""#).unwrap();
        assert_eq!(serde_json::to_string(&token).unwrap(), r#""a.b.c""#);
        assert_eq!(format!("{token:?}"), "IdToken(…)");
    }
}

//! The languages that pages speak.

use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT_LANGUAGE;

use crate::cookie;

/// The name of the cookie that remembers a choice.
pub(crate) const COOKIE: &str = "kw-language";

/// A language that pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Dutch, at level B1.
    #[default]
    Dutch,
    /// English.
    English,
}

impl Language {
    /// Both, in the order in which a page offers them.
    pub const ALL: [Self; 2] = [Self::Dutch, Self::English];

    /// The tag of RFC 5646.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Dutch => "nl",
            Self::English => "en",
        }
    }

    /// Its name in itself.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dutch => "Nederlands",
            Self::English => "English",
        }
    }

    /// The language of a tag.
    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// What was chosen before, else what the browser prefers (RFC 9110 §12.5.4), else Dutch.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let chosen = cookie::read(request, COOKIE).and_then(|tag| Self::parse(&tag));
        let header = || request.headers().get(ACCEPT_LANGUAGE)?.to_str().ok().and_then(preferred);
        chosen.or_else(header).unwrap_or_default()
    }
}

/// The first of ours with the highest quality.
fn preferred(header: &str) -> Option<Language> {
    let mut best: Option<(Language, f32)> = None;
    for item in header.split(',').take(32) {
        let mut parts = item.trim().split(';');
        let Some(language) = parts.next().and_then(|tag| Language::parse(tag.get(..2)?)) else { continue };
        let quality = parts.find_map(|part| part.trim().strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
        if quality > best.map_or(0.0, |(_, found)| found) {
            best = Some((language, quality));
        }
    }
    best.map(|(language, _)| language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_s_preference_counts() {
        assert_eq!(preferred("en-GB,en;q=0.9,nl;q=0.8"), Some(Language::English));
        assert_eq!(preferred("fr, en;q=0.3, nl-NL;q=0.7"), Some(Language::Dutch));
        assert_eq!(preferred("fr-FR"), None);
        assert_eq!(preferred("é"), None);
    }
}

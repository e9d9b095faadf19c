//! For the tests of applications: whatever a page says is a message, and every message is there in both languages.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use fluent_bundle::FluentResource;

/// What is wrong with the words of an application: the folder of its crate, and its messages in Dutch and in English. The shell's
/// messages may be used as well.
pub fn mistakes(folder: &Path, (dutch, english): (&str, &str)) -> Vec<String> {
    let mut mistakes = Vec::new();
    let (nl, en) = (messages(dutch), messages(english));
    for key in nl.keys().chain(en.keys()).collect::<BTreeSet<_>>() {
        match (nl.get(key), en.get(key)) {
            (Some(one), Some(other)) if one != other => {
                mistakes.push(format!("{key}: {one:?} in Dutch, {other:?} in English"));
            }
            (Some(_), Some(_)) => {}
            (Some(_), None) => mistakes.push(format!("{key}: not in English")),
            _ => mistakes.push(format!("{key}: not in Dutch")),
        }
    }
    let shell = messages(include_str!("../locales/nl.ftl"));
    let (mut said, mut beginnings) = (BTreeSet::new(), BTreeSet::new());
    let mut all = String::new();
    for path in files(folder) {
        let text = fs::read_to_string(&path).unwrap_or_default();
        if path.extension().is_some_and(|extension| extension == "html") {
            mistakes.extend(bare(&text).into_iter().map(|bare| format!("{}: {bare}", path.display())));
        }
        for call in [".t(\"", ".t1(\"", ".t2(\"", ".frame(\"", ".titled(\"", "label: \""] {
            said.extend(quoted(&text, call));
        }
        beginnings.extend(quoted(&text, "t_of(\""));
        all.push_str(&text);
    }
    for key in &said {
        if !nl.contains_key(key) && !shell.contains_key(key) {
            mistakes.push(format!("{key}: there is no such message"));
        }
    }
    // The frame of every page says the application's name.
    let app = folder.file_name().map(|name| format!("{}-name", name.to_string_lossy()));
    for key in nl.keys().filter(|key| Some(*key) != app.as_ref()) {
        // Said in place of the other, for somebody else.
        let key = key.strip_suffix("-for").filter(|other| nl.contains_key(*other)).unwrap_or(key);
        let is_said = all.contains(&format!("\"{key}\""))
            || beginnings.iter().any(|beginning| key.starts_with(&format!("{beginning}-")));
        if !is_said {
            mistakes.push(format!("{key}: nobody says it"));
        }
    }
    mistakes
}

/// An address of a router, as the code has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// With its parts that differ in braces: `/dossiers/{id}`.
    pub pattern: String,
    /// Whether it can be read.
    pub get: bool,
    /// Whether forms go to it.
    pub post: bool,
}

impl Address {
    /// Whether a path is one of this address.
    pub fn is(&self, path: &str) -> bool {
        let (own, given) = (self.pattern.split('/'), path.split('/'));
        self.pattern.split('/').count() == path.split('/').count()
            && own.zip(given).all(|(own, given)| own == given || own.starts_with('{') && !given.is_empty())
    }
}

/// Every address of an application, read from the code of its router and of the shell's: the folder of its crate. Routers name
/// addresses with `at("…")` and in no other way, which is checked here too.
pub fn addresses(folder: &Path) -> Vec<Address> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for path in files(folder).into_iter().chain(files(own)) {
        // Only what is compiled into the program, and not these words here.
        let text = fs::read_to_string(&path).unwrap_or_default();
        if path.extension().is_none_or(|extension| extension != "rs") || path.ends_with("testing.rs") {
            continue;
        }
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        let named = text.replace("let at = web::resource::<&str>;", "");
        let others = ["web::resource", "web::scope(\"/", ".route(\"/"];
        if let Some(other) = others.into_iter().find(|other| named.contains(other)) {
            found.push(Address { pattern: format!("{}: {other}", path.display()), get: true, post: true });
        }
        let named = text.split("at(\"/").skip(1).filter_map(|rest| {
            let (pattern, rest) = rest.split_once('"')?;
            // What is done there stands before the next address.
            let acts = rest.split("at(\"/").next()?;
            let (get, post) = (acts.contains("web::get()"), acts.contains("web::post()"));
            (get || post).then(|| Address { pattern: format!("/{pattern}"), get, post })
        });
        found.extend(named);
    }
    found.sort();
    found
}

/// Name → the values that stand in it.
fn messages(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let Ok(resource) = FluentResource::try_new(text.to_owned()) else { return BTreeMap::new() };
    let mut found = BTreeMap::new();
    let mut lines = resource.source().lines().peekable();
    while let Some(line) = lines.next() {
        let Some((key, value)) = line.split_once(" =") else { continue };
        if line.starts_with(['#', ' ']) {
            continue;
        }
        let mut whole = value.to_owned();
        while lines.peek().is_some_and(|next| next.starts_with(' ') || next.is_empty()) {
            whole.push_str(lines.next().unwrap_or_default());
        }
        let values = whole.split('$').skip(1).map(|rest| {
            rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect::<String>()
        });
        found.insert(key.trim().to_owned(), values.collect());
    }
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.join("templates"), folder.join("src")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

fn quoted(text: &str, call: &str) -> Vec<String> {
    text.split(call).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

/// Letters that stand in a template itself.
fn bare(template: &str) -> Vec<String> {
    let plain =
        without(&without(&without(&without(template, "{#", "#}"), "{{", "}}"), "{%", "%}"), "<!", ">");
    let mut found = Vec::new();
    for part in plain
        .split('<')
        .enumerate()
        .map(|(at, part)| if at == 0 { ("", part) } else { part.split_once('>').unwrap_or((part, "")) })
    {
        let (tag, text) = part;
        if text.chars().any(char::is_alphabetic) && !text.contains("=\"") && !tag.starts_with("script") {
            found.push(text.trim().to_owned());
        }
        for attribute in ["aria-label=\"", "alt=\"", "placeholder=\"", "title=\"", "summary=\""] {
            let spoken =
                quoted(tag, attribute).into_iter().filter(|text| text.chars().any(char::is_alphabetic));
            found.extend(spoken);
        }
    }
    found
}

fn without(text: &str, open: &str, close: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(open) {
        kept.push_str(before);
        rest = after.split_once(close).map_or("", |(_, after)| after);
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_a_template_are_seen() {
        assert_eq!(bare("<p>{{ f.t(\"a\") }}</p>"), Vec::<String>::new());
        assert_eq!(bare("<p>Hallo {{ name }}</p>"), ["Hallo"]);
        assert_eq!(bare("<img alt=\"Een hond\">"), ["Een hond"]);
    }

    #[test]
    fn the_addresses_of_the_shell_are_read_from_its_code() {
        // The shell as an application without pages of its own.
        let nowhere = Path::new("/nonexistent");
        let told: Vec<_> =
            addresses(nowhere).into_iter().map(|one| (one.pattern, one.get, one.post)).collect();
        let all = [
            ("/assets/{version}/{name}", true, false),
            ("/language/{tag}", true, false),
            ("/session", true, false),
            ("/sign-in", true, false),
            ("/sign-in/callback", true, false),
            ("/sign-out", false, true),
            ("/signed-out", true, false),
            ("/stay", false, true),
        ];
        assert_eq!(told, all.map(|(pattern, get, post)| (pattern.to_owned(), get, post)));
        let dossier = Address { pattern: "/dossiers/{id}".to_owned(), get: true, post: false };
        assert!(dossier.is("/dossiers/abc"));
        assert!(!dossier.is("/dossiers/") && !dossier.is("/dossiers/abc/news") && !dossier.is("/"));
    }

    #[test]
    fn the_shell_says_everything_in_both_languages() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let own = (include_str!("../locales/nl.ftl"), include_str!("../locales/en.ftl"));
        let found: Vec<String> =
            mistakes(folder, own).into_iter().filter(|one| !one.contains("nobody says it")).collect();
        assert_eq!(found, Vec::<String>::new());
    }
}

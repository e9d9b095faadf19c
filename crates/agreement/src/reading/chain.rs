//! `[chain]`: what the agreement says of the chain itself.

use std::time::Duration;

use kw_domain::ChainName;

use crate::agreement::{Chain, Environment};
use crate::reading::cursor::Node;
use crate::reading::values;
use crate::{Language, parse_duration};

pub(crate) fn read(node: &Node<'_>) -> Option<Chain> {
    let mut fields = node.fields()?;
    let name = fields.required("name").and_then(|node| node.parsed(ChainName::parse));
    let title = fields.required("title").and_then(|node| values::title(&node));
    let version = fields.required("version").and_then(|node| values::line(&node));
    let environment = fields
        .required("environment")
        .and_then(|node| node.choice(&[Environment::Test, Environment::Production], Environment::as_str));
    let languages = fields.required("languages").and_then(|node| languages(&node));
    let lease_term = fields.required("lease_term").and_then(|node| lease_term(&node));
    fields.finish();
    Some(Chain {
        name: name?,
        title: title?,
        version: version?,
        environment: environment?,
        languages: languages?,
        lease_term: lease_term?,
    })
}

fn languages(node: &Node<'_>) -> Option<Vec<Language>> {
    let mut languages = Vec::new();
    for item in node.items()? {
        let language = item.choice(&Language::ALL, Language::as_str)?;
        if languages.contains(&language) {
            item.refuse("this language stands here twice", "remove one");
        }
        languages.push(language);
    }
    if languages.is_empty() {
        node.refuse("a chain speaks at least one language", "write [\"nl\"] or [\"nl\", \"en\"]");
    }
    Some(languages)
}

fn lease_term(node: &Node<'_>) -> Option<Duration> {
    let term = node.parsed(parse_duration)?;
    if !(SHORTEST_LEASE..=LONGEST_LEASE).contains(&term) {
        node.refuse(
            "a lease outside one hour to 366 days is a mistake: pointers would flicker, or outlive their holder",
            "write a term from PT1H to P366D",
        );
    }
    Some(term)
}

const SHORTEST_LEASE: Duration = Duration::from_hours(1);
const LONGEST_LEASE: Duration = Duration::from_hours(366 * 24);

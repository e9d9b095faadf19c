//! `cargo xtask layers`: which crate may name which. The table in docs/architecture.md is the rule.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context as _, bail, ensure};

use crate::run::{cargo, root};

type Edges = BTreeMap<String, BTreeSet<String>>;

pub(crate) fn check() -> anyhow::Result<()> {
    let text = fs::read_to_string(root().join("docs/architecture.md"))?;
    let mistakes = compare(&allowed(&text)?, &named()?);
    if mistakes.is_empty() {
        println!("every crate keeps to the table in docs/architecture.md");
        return Ok(());
    }
    bail!("the crates and the table in docs/architecture.md differ:\n{}", mistakes.join("\n"))
}

/// The rows between the two markers.
fn allowed(text: &str) -> anyhow::Result<Edges> {
    let (_, rest) =
        text.split_once("<!-- allowed-dependencies: begin -->").context("the table's begin is gone")?;
    let (table, _) =
        rest.split_once("<!-- allowed-dependencies: end -->").context("the table's end is gone")?;
    let mut edges = Edges::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').collect();
        let [_, name, uses, ..] = cells[..] else { bail!("a row of the table is not understood: {row}") };
        let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        let name = names(name).pop().context("a row without a crate")?;
        ensure!(
            edges.insert(name.clone(), names(uses).into_iter().collect()).is_none(),
            "{name} has two rows"
        );
    }
    Ok(edges)
}

/// What the manifests name, except for tests.
fn named() -> anyhow::Result<Edges> {
    let said = cargo().args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).output()?;
    ensure!(said.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&said.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&said.stdout)?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    let name = |value: &serde_json::Value| value["name"].as_str().unwrap_or_default().to_owned();
    let mut own: BTreeSet<String> = packages.iter().map(name).collect();
    // Whoever uses it can write a line that no event declares (docs/decisions/0015).
    own.insert("log".to_owned());
    let uses = |package: &serde_json::Value| {
        let dependencies = package["dependencies"].as_array().into_iter().flatten();
        dependencies
            .filter(|dependency| dependency["kind"] != "dev")
            .map(name)
            .filter(|dependency| own.contains(dependency))
            .collect()
    };
    Ok(packages.iter().map(|package| (name(package), uses(package))).collect())
}

fn compare(allowed: &Edges, named: &Edges) -> Vec<String> {
    let mut mistakes = Vec::new();
    for (name, uses) in named {
        match allowed.get(name) {
            None => mistakes.push(format!("{name} has no row")),
            Some(may) => {
                mistakes.extend(uses.difference(may).map(|other| format!("{name} may not use {other}")));
            }
        }
    }
    mistakes.extend(
        allowed.keys().filter(|name| !named.contains_key(*name)).map(|name| format!("there is no {name}")),
    );
    mistakes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_keeps_to_the_table() {
        check().unwrap();
    }

    #[test]
    fn what_differs_is_named() {
        let text = "<!-- allowed-dependencies: begin -->\n| crate | may use |\n|---|---|\n| `a` | `b`, `c` |\n| `b` | (none) |\n\
                    | `gone` | (none) |\n<!-- allowed-dependencies: end -->";
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let named = [("a", set(&["b"])), ("b", set(&["a"])), ("new", set(&[]))];
        let named = named.into_iter().map(|(name, uses)| (name.to_owned(), uses)).collect();
        let mistakes = compare(&allowed(text).unwrap(), &named);
        assert_eq!(mistakes, ["b may not use a", "new has no row", "there is no gone"]);
        assert!(allowed("no table").is_err());
    }
}

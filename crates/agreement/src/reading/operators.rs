//! `[[operators]]`: who may put a wider agreement in force.

use kw_domain::Category;

use crate::Operator;
use crate::agreement::Environment;
use crate::reading::cursor::{Fields, Node};
use crate::reading::logs::Logs;
use crate::reading::values;

pub(crate) fn read(
    top: &mut Fields<'_>,
    environment: Option<Environment>,
    logs: &Logs,
) -> Option<Vec<Operator>> {
    let list = top.optional("operators");
    let Some(list) = list else {
        if environment == Some(Environment::Production) {
            top.refuse_missing(
                "operators",
                "a production agreement names its operators: without them nobody could ever widen it",
                "add two or more [[operators]] with name and key; `ketenwijzer keys operator` makes a key",
            );
        }
        return Some(Vec::new());
    };
    let items = list.items()?;
    let mut operators: Vec<(Operator, usize)> = Vec::new();
    let mut all_read = true;
    for item in &items {
        let Some(operator) = operator(item, logs) else {
            all_read = false;
            continue;
        };
        for (other, line) in &operators {
            if other.name == operator.name {
                item.refuse(format!("line {line} has an operator of this name already"), "name each once");
            }
            if other.key == operator.key {
                item.refuse(
                    format!("this is the key of line {line}: with one key, one person could approve twice"),
                    "let each operator make a key with `ketenwijzer keys operator`",
                );
            }
        }
        operators.push((operator, item.line()));
    }
    if items.len() == 1 {
        list.refuse(
            "one operator alone can never approve a widening: it takes two",
            "add a second operator, or leave operators out of a test agreement",
        );
    }
    all_read.then(|| operators.into_iter().map(|(operator, _)| operator).collect())
}

fn operator(node: &Node<'_>, logs: &Logs) -> Option<Operator> {
    let mut fields = node.fields()?;
    // An operator is named like a category; the complaint must not call it one.
    let name = fields.required("name").and_then(|node| {
        node.parsed(|text| Category::parse(text).map(|_| text.to_owned()).map_err(|_| NAME_FORM))
    });
    let key = fields.required("key").and_then(|node| {
        let key = values::public_key(&node)?;
        if let Some(line) = logs.line_of(&key) {
            node.refuse(
                format!("this is the key of a log or witness, in line {line}: a service must not approve"),
                "let the operator make a key with `ketenwijzer keys operator`",
            );
        }
        Some(key)
    });
    fields.finish();
    Some(Operator { name: name?, key: key? })
}

const NAME_FORM: &str =
    "an operator is named with 1 to 64 lower-case letters, digits and hyphens, and begins with a letter";

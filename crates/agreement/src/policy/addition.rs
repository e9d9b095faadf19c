//! The chain's own rules: what they may say.
//!
//! They may define the sets `deny` and `withhold` in a package of their own, with rules to help. Nothing but the base
//! policy reads those two, and it reads them only to say no. What else is refused here keeps evaluation bounded and the
//! same at every party and at every time: no functions (so no recursion), no replaced data, no builtin that reaches
//! outside or makes much out of little.

use std::collections::BTreeSet;
use std::fmt::Display;

use regorus::Engine;
use regorus::unstable::{Expr, Literal, LiteralStmt, Module, Query, Rule, RuleAssign, RuleHead, Span};

/// How mistakes name the text.
pub(super) const FILE: &str = "addition.rego";

/// A mistake in the chain's own rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// The line in the rules, from 1.
    pub(crate) line: usize,
    /// What is wrong.
    pub(crate) reason: String,
}

impl Mistake {
    /// Rules that do not end in time.
    pub(super) fn endless() -> Self {
        Self { line: 1, reason: "evaluating the rules takes too long".to_owned() }
    }

    /// What the engine says. Its messages are `--> file:line:column`, the line itself, and `error: reason`.
    pub(super) fn of(error: &impl Display) -> Self {
        let text = error.to_string();
        let line = text.lines().find_map(|line| line.strip_prefix("--> ")?.split(':').nth(1)?.parse().ok());
        let reason = text.lines().rev().find_map(|line| line.strip_prefix("error: "));
        Self { line: line.unwrap_or(1), reason: reason.unwrap_or("the rules cannot be evaluated").to_owned() }
    }

    fn at(span: &Span, reason: impl Into<String>) -> Self {
        Self { line: usize::try_from(span.line).unwrap_or(1), reason: reason.into() }
    }
}

/// Refuses everything but rules that narrow. Returns the paths of those that the base policy reads.
pub(super) fn check(rego: &str) -> Result<BTreeSet<&'static str>, Mistake> {
    if rego.len() > MAX_BYTES {
        return Err(Mistake { line: 1, reason: format!("the rules are longer than {MAX_BYTES} bytes") });
    }
    let mut engine = Engine::new();
    engine.add_policy(FILE.to_owned(), rego.to_owned()).map_err(|error| Mistake::of(&error))?;
    let mut read = BTreeSet::new();
    for module in engine.get_modules() {
        read.extend(check_module(module)?);
    }
    Ok(read)
}

/// Whether a rule looks at the time of a question, or may do so: at `input.at`, or at the input as a whole.
pub(super) fn reads_time(rego: &str) -> bool {
    rego.match_indices("input").any(|(place, name)| {
        let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        if rego[..place].ends_with(is_letter) {
            return false;
        }
        let rest = &rego[place + name.len()..];
        if rest.starts_with(is_letter) {
            return false;
        }
        let field = rest.strip_prefix('.').unwrap_or_default();
        let field = field.split(|letter| !is_letter(letter)).next().unwrap_or_default();
        field.is_empty() || field == "at"
    })
}

fn check_module(module: &Module) -> Result<BTreeSet<&'static str>, Mistake> {
    if path(&module.package.refr).as_deref() != Some(PACKAGE) {
        return Err(Mistake::at(&module.package.span, format!("the package has to be {PACKAGE}")));
    }
    for import in &module.imports {
        if path(&import.refr).as_deref() != Some("rego.v1") {
            return Err(Mistake::at(&import.span, "nothing can be imported but rego.v1"));
        }
    }
    let mut read = BTreeSet::new();
    for rule in &module.policy {
        read.extend(check_rule(rule)?);
    }
    if !read.is_empty() {
        return Ok(read);
    }
    let reason = "the rules define neither `deny contains …` nor `withhold contains …`, so they do nothing";
    Err(Mistake::at(&module.package.span, reason))
}

/// The path of the rule, if it is one that the base policy reads.
fn check_rule(rule: &Rule) -> Result<Option<&'static str>, Mistake> {
    let (head, bodies) = match rule {
        Rule::Spec { head, bodies, .. } => (head, bodies),
        Rule::Default { span, refr, value, .. } => {
            check_name(span, refr, false)?;
            check_expression(value)?;
            return Ok(None);
        }
    };
    let read = match head {
        RuleHead::Set { span, refr, key } => {
            key.as_ref().map_or(Ok(()), |key| check_expression(key))?;
            check_name(span, refr, true)?
        }
        RuleHead::Compr { span, refr, assign } => {
            check_assignment(assign.as_ref())?;
            check_name(span, refr, false)?
        }
        RuleHead::Func { span, .. } => {
            return Err(Mistake::at(span, "functions are not admitted here; write the rule out"));
        }
    };
    for body in bodies {
        check_assignment(body.assign.as_ref())?;
        check_query(&body.query)?;
    }
    Ok(read)
}

fn check_name(span: &Span, name: &Expr, is_set: bool) -> Result<Option<&'static str>, Mistake> {
    let Expr::Var { span: named, .. } = name else {
        return Err(Mistake::at(span, "a rule has a plain name, without dots or brackets"));
    };
    match named.text() {
        "data" | "input" => Err(Mistake::at(span, "this name is taken")),
        name @ ("deny" | "withhold") if !is_set => {
            Err(Mistake::at(span, format!("`{name}` is a set: write `{name} contains … if {{ … }}`")))
        }
        "deny" => Ok(Some("data.ketenwijzer.addition.deny")),
        "withhold" => Ok(Some("data.ketenwijzer.addition.withhold")),
        _ => Ok(None),
    }
}

fn check_assignment(assign: Option<&RuleAssign>) -> Result<(), Mistake> {
    assign.map_or(Ok(()), |assign| check_expression(&assign.value))
}

fn check_query(query: &Query) -> Result<(), Mistake> {
    query.stmts.iter().try_for_each(check_statement)
}

fn check_statement(statement: &LiteralStmt) -> Result<(), Mistake> {
    if let Some(with) = statement.with_mods.first() {
        return Err(Mistake::at(&with.span, "`with` is not admitted here"));
    }
    match &statement.literal {
        Literal::SomeVars { .. } => Ok(()),
        Literal::SomeIn { key, value, collection, .. } => {
            key.as_ref().map_or(Ok(()), |key| check_expression(key))?;
            check_expression(value)?;
            check_expression(collection)
        }
        Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => check_expression(expr),
        Literal::Every { domain, query, .. } => {
            check_expression(domain)?;
            check_query(query)
        }
    }
}

fn check_expression(expression: &Expr) -> Result<(), Mistake> {
    match expression {
        Expr::Var { span, .. } if span.text() == "data" => {
            Err(Mistake::at(span, "of the data only data.agreement is there"))
        }
        Expr::String { .. }
        | Expr::RawString { .. }
        | Expr::Number { .. }
        | Expr::Bool { .. }
        | Expr::Null { .. }
        | Expr::Var { .. } => Ok(()),
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            items.iter().try_for_each(|item| check_expression(item))
        }
        Expr::Object { fields, .. } => fields.iter().try_for_each(|(_, key, value)| {
            check_expression(key)?;
            check_expression(value)
        }),
        Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
            check_expression(term)?;
            check_query(query)
        }
        Expr::ObjectCompr { key, value, query, .. } => {
            check_expression(key)?;
            check_expression(value)?;
            check_query(query)
        }
        Expr::Call { span, fcn, params, .. } => {
            let name = path(fcn).unwrap_or_default();
            if !BUILTINS.contains(&&*name) {
                return Err(Mistake::at(
                    span,
                    format!("only these functions are admitted: {}", BUILTINS.join(", ")),
                ));
            }
            params.iter().try_for_each(|parameter| check_expression(parameter))
        }
        Expr::UnaryExpr { expr, .. } => check_expression(expr),
        Expr::RefDot { refr, field, .. } => match refr.as_ref() {
            Expr::Var { span, .. } if span.text() == "data" && field.0.text() == "agreement" => Ok(()),
            refr => check_expression(refr),
        },
        Expr::RefBrack { refr, index, .. } => {
            check_expression(refr)?;
            check_expression(index)
        }
        Expr::BinExpr { lhs, rhs, .. }
        | Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => {
            check_expression(lhs)?;
            check_expression(rhs)
        }
        Expr::Membership { key, value, collection, .. } => {
            key.as_ref().map_or(Ok(()), |key| check_expression(key))?;
            check_expression(value)?;
            check_expression(collection)
        }
    }
}

/// Names joined by dots; nothing for any other expression.
fn path(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Var { span, .. } => Some(span.text().to_owned()),
        Expr::RefDot { refr, field, .. } => Some(format!("{}.{}", path(refr)?, field.0.text())),
        _ => None,
    }
}

const PACKAGE: &str = "ketenwijzer.addition";

/// A page or six. Who needs more has another agreement in mind.
const MAX_BYTES: usize = 16 * 1024;

/// Functions of their arguments alone, whose result is not much larger than those.
const BUILTINS: [&str; 25] = [
    "abs",
    "array.concat",
    "concat",
    "contains",
    "count",
    "endswith",
    "indexof",
    "intersection",
    "lower",
    "max",
    "min",
    "object.get",
    "object.keys",
    "regex.match",
    "round",
    "sort",
    "split",
    "startswith",
    "substring",
    "sum",
    "to_number",
    "trim",
    "trim_space",
    "union",
    "upper",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_at_the_time_is_noticed_and_at_other_fields_is_not() {
        for rego in
            ["input.at < \"x\"", "x := input", "input[\"at\"]", "input[field]", "f(input)", "(input.at)"]
        {
            assert!(reads_time(rego), "{rego}");
        }
        for rego in [
            "input.role == \"at\"",
            "inputs",
            "my_input",
            "input.attempt",
            "data.agreement",
            "input.pointers[_]",
        ] {
            assert!(!reads_time(rego), "{rego}");
        }
    }
}

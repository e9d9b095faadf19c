//! Which page is next.

use kw_adapter::mapping::text_of;
use serde_json::Value;

use crate::config::Paging;
use crate::place::Next;
use crate::template::{Parameter, Template};

impl Paging {
    /// What the list's address has to have for this.
    pub(crate) fn parameter(&self) -> Option<Parameter> {
        match self {
            Self::None | Self::NextLink { .. } | Self::LinkHeader => None,
            Self::Page { .. } => Some(Parameter::Page),
            Self::Offset => Some(Parameter::Offset),
            Self::Cursor { .. } => Some(Parameter::Cursor),
        }
    }

    /// `Err` says what is wrong.
    pub(crate) fn check(&self, list: &Template) -> Result<(), String> {
        let own = self.parameter();
        for (parameter, name) in
            [(Parameter::Page, "{page}"), (Parameter::Offset, "{offset}"), (Parameter::Cursor, "{cursor}")]
        {
            match (own == Some(parameter), list.has(parameter)) {
                (true, false) => return Err(format!("this kind of paging needs {name} in list")),
                (false, true) => return Err(format!("{name} in list needs another kind of paging")),
                _ => {}
            }
        }
        Ok(())
    }

    /// The value of the parameter of this kind, for that page.
    pub(crate) fn value(&self, parameter: Parameter, next: &Next) -> Option<String> {
        match (self, parameter, next) {
            (Self::Page { first, .. }, Parameter::Page, Next::First) => Some(first.to_string()),
            (Self::Offset, Parameter::Offset, Next::First) => Some("0".to_owned()),
            (Self::Page { .. }, Parameter::Page, Next::Number(number))
            | (Self::Offset, Parameter::Offset, Next::Number(number)) => Some(number.to_string()),
            (Self::Cursor { .. }, Parameter::Cursor, Next::Token(token)) => Some(token.clone()),
            _ => None,
        }
    }

    /// Whether that status says that this page is past the end.
    pub(crate) fn is_past_end(&self, status: u16, next: &Next) -> bool {
        matches!(self, Self::Page { end_status: Some(end), .. } if *end == status) && *next != Next::First
    }

    /// The page after this one; `None` when this was the last.
    pub(crate) fn after(&self, this: &Next, body: &Value, link: Option<&str>, items: usize) -> Option<Next> {
        match self {
            Self::None => None,
            Self::NextLink { at } => {
                body.pointer(at).and_then(text_of).filter(|text| !text.is_empty()).map(Next::Address)
            }
            Self::LinkHeader => link.map(|link| Next::Address(link.to_owned())),
            Self::Cursor { at } => {
                body.pointer(at).and_then(text_of).filter(|text| !text.is_empty()).map(Next::Token)
            }
            Self::Page { .. } | Self::Offset if items == 0 => None,
            Self::Page { first, .. } => Some(Next::Number(number(this, *first).saturating_add(1))),
            Self::Offset => Some(Next::Number(number(this, 0).saturating_add(items as u64))),
        }
    }
}

fn number(next: &Next, first: u64) -> u64 {
    match next {
        Next::Number(number) => *number,
        _ => first,
    }
}

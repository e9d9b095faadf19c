//! What the agreement promises, seen from outside.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it stands")]

mod any_text;
mod authority;
mod care;
mod documentation;
mod draft;
mod logs;
mod matrix;
mod mistakes;
mod oracle;
mod rego;
mod rules;
mod work_and_income;
mod youth;

//! What the agreement promises, seen from outside.

mod any_text;
mod care;
mod draft;
mod matrix;
mod mistakes;
mod rules;
mod work_and_income;
mod youth;

//! What the agreement promises, seen from outside.
#![expect(
    clippy::expect_used,
    clippy::format_push_string,
    clippy::needless_for_each,
    clippy::type_complexity,
    clippy::assigning_clones,
    clippy::default_trait_access,
    reason = "tests say what they make as briefly as they can"
)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it stands")]

mod additions;
mod any_text;
mod approvals;
mod authority;
mod care;
mod changes;
mod changes_matrix;
mod documentation;
mod draft;
mod logs;
mod matrix;
mod mistakes;
mod oracle;
mod rego;
mod rules;
mod schema;
mod synthetic;
mod whole_matrix;
mod work_and_income;
mod youth;

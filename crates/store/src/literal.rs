//! Numbers that stand in a statement's text, so that the planner sees that a partial index applies, while the statement
//! stays prepared: Diesel prepares what is written with `sql()` anew each time.

use diesel::backend::Backend;
use diesel::expression::{ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::SmallInt;

/// The stored number of the state `active`.
#[derive(Debug, Clone, Copy, QueryId)]
pub(crate) struct Active;

impl Expression for Active {
    type SqlType = SmallInt;
}

impl<DB: Backend> QueryFragment<DB> for Active {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("0");
        Ok(())
    }
}

impl<T> AppearsOnTable<T> for Active {}

impl<T> SelectableExpression<T> for Active {}

impl<G> ValidGrouping<G> for Active {
    type IsAggregate = is_aggregate::Never;
}

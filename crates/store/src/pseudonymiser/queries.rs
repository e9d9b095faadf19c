//! The pseudonymiser's statements. Compiled once for each backend; `super` says which.

use diesel::prelude::*;
use kw_domain::Instant;

use super::Conn;
use crate::error::StoreError;
use crate::pseudonymiser::{BudgetKey, BudgetUse, PseudonymiserRead, PseudonymiserWrite, WindowUse};
use crate::schema::budgets;

impl PseudonymiserRead for Conn {
    fn budget_use(&mut self, key: BudgetKey) -> Result<BudgetUse, StoreError> {
        type Row = (i64, i64, i64, i64, i64, i64);
        let row: Option<Row> = budgets::table
            .find((key.party.as_str(), key.class.as_str(), key.key_use.as_str()))
            .select((
                budgets::minute_start,
                budgets::minute_used,
                budgets::hour_start,
                budgets::hour_used,
                budgets::day_start,
                budgets::day_used,
            ))
            .first(self)
            .optional()?;
        let window = |start, used| WindowUse { start: Instant::from_millis(start), used: used as u64 };
        Ok(row.map_or_else(BudgetUse::default, |(minute, in_minute, hour, in_hour, day, in_day)| BudgetUse {
            minute: window(minute, in_minute),
            hour: window(hour, in_hour),
            day: window(day, in_day),
        }))
    }
}

impl PseudonymiserWrite for Conn {
    fn store_budget_use(&mut self, key: BudgetKey, budget: &BudgetUse) -> Result<(), StoreError> {
        let values = (
            budgets::minute_start.eq(budget.minute.start.as_millis()),
            budgets::minute_used.eq(budget.minute.used as i64),
            budgets::hour_start.eq(budget.hour.start.as_millis()),
            budgets::hour_used.eq(budget.hour.used as i64),
            budgets::day_start.eq(budget.day.start.as_millis()),
            budgets::day_used.eq(budget.day.used as i64),
        );
        diesel::insert_into(budgets::table)
            .values((
                budgets::party.eq(key.party.as_str()),
                budgets::class.eq(key.class.as_str()),
                budgets::key_use.eq(key.key_use.as_str()),
                values,
            ))
            .on_conflict((budgets::party, budgets::class, budgets::key_use))
            .do_update()
            .set(values)
            .execute(self)?;
        Ok(())
    }
}

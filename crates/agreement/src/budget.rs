//! How much a party may ask: the control against enumeration (design §3).

use kw_protocol::evaluation::BudgetClass;

/// What one party may use. For the pseudonymiser the unit is one evaluation (a subject takes two: index and binding); at
/// the switchboard it is one query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// How many may come at once.
    pub burst: u64,
    /// How many in an hour.
    pub hour: u64,
    /// How many in a day of 24 hours.
    pub day: u64,
}

/// The budgets that the chain, or one partner's entry, sets instead of the defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BudgetOverrides {
    pub(crate) query: Option<Budget>,
    pub(crate) register: Option<Budget>,
    pub(crate) refresh: Option<Budget>,
    pub(crate) switchboard_query: Option<Budget>,
}

impl BudgetOverrides {
    pub(crate) fn of(&self, class: BudgetClass) -> Option<Budget> {
        match class {
            BudgetClass::Query => self.query,
            BudgetClass::Refresh => self.refresh,
            BudgetClass::Register => self.register,
        }
    }
}

/// The budget of a party for which the agreement sets none.
pub(crate) fn standard(class: BudgetClass, population: u64) -> Budget {
    match class {
        BudgetClass::Query => QUERY,
        BudgetClass::Refresh | BudgetClass::Register => sized(population),
    }
}

/// Asking is small: at 10,000 a day, a sweep of all valid numbers takes 25 years.
pub(crate) const QUERY: Budget = Budget { burst: 60, hour: 1_500, day: 10_000 };

/// Registering and refreshing: the declared population, index and binding, once a day, a quarter of that in an hour.
fn sized(population: u64) -> Budget {
    let day = population.saturating_mul(2).max(10_000);
    let hour = day / 4;
    Budget { burst: hour.min(4_096), hour, day }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registering_is_sized_by_the_population_and_asking_is_not() {
        let small = standard(BudgetClass::Register, 300);
        assert_eq!(small, Budget { burst: 2_500, hour: 2_500, day: 10_000 });
        let large = standard(BudgetClass::Refresh, 1_000_000);
        assert_eq!(large, Budget { burst: 4_096, hour: 500_000, day: 2_000_000 });
        assert_eq!(standard(BudgetClass::Query, 1_000_000), standard(BudgetClass::Query, 0));
    }
}

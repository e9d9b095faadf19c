//! What this crate writes into the log.

use kw_domain::{Epoch, KeyUse, Oin};

kw_telemetry::events! {
    /// A party that asks more than its budget: too small a budget, or somebody who tries numbers out.
    BudgetUsedUp(Security, Warn, "budget-used-up", "a budget is used up") {
        caller: Oin,
        class: &'static str,
        key_use: KeyUse,
        window: &'static str,
    }
    /// Call the party: it asks more than people ask, as if somebody searches through all numbers.
    AskingMuch(Security, Error, "asking-much", "a party asks so much that it looks like a search") {
        caller: Oin,
        pattern: &'static str,
        evaluations: u64,
    }
    /// Put it there, or have the agreement leave it out.
    OldKeyMissing(
        Application, Warn, "old-key-missing", "the agreement lists an older key that is not here: it is not served"
    ) { key_use: KeyUse, epoch: Epoch }
    /// With elements of its choice it could compute the pseudonym of every person there is. Report it to the chain.
    SwitchboardAsked(Security, Error, "switchboard-asked", "the switchboard asked the pseudonymiser") { caller: Oin }
}

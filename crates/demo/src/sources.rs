//! The partners' own systems: made-up people written down as each kind of organisation would have them.

mod databases;
mod exports;

use std::path::Path;

use serde_json::Value;

use crate::DemoError;
use crate::databases::Databases;
use crate::people::{Holder, People};

/// Writes the source of one partner, and says how its process reads it: the `[[sources]]` of its configuration.
pub(crate) async fn write(
    holder: Holder,
    people: &People,
    folder: &Path,
    databases: &Databases,
) -> Result<Value, DemoError> {
    crate::files::make_folder(folder)?;
    match holder {
        Holder::YouthCare => exports::youth_care(people, folder),
        Holder::School => exports::school(people, folder),
        Holder::Addiction => exports::addiction_care(people, folder),
        Holder::Municipality => databases::municipality(people, folder),
        Holder::Health => databases::health(people, folder, databases).await,
    }
}

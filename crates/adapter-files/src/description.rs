//! What is made of the files: which column is what, and why that one.

use kw_adapter::description::{CategoryDescription, Concern, FieldDescription, FieldRole, RoleDescription};
use kw_adapter::mapping::names_a_bsn;

use crate::config::FileRules;
use crate::index::Index;

const CONFIGURED: &str = "configured";
const BY_NAME: &str = "found by its name";
const EACH_OBJECT: &str = "looked for by its name in each object";

/// The description of a file that was read.
pub(crate) fn of_file(rules: &FileRules, index: &Index) -> CategoryDescription {
    let found = index.columns_found();
    let is_table = found.is_some();
    let (bsn, birth_date) = found.unwrap_or_default();
    let why = |named: bool| match (named, is_table) {
        (true, _) => CONFIGURED,
        (false, true) => BY_NAME,
        (false, false) => EACH_OBJECT,
    };
    let mut roles = Vec::new();
    roles.push(match bsn.or(rules.bsn_column.clone()) {
        Some(column) => {
            RoleDescription::new(FieldRole::Subject, shown(&column), why(rules.bsn_column.is_some()))
        }
        None => RoleDescription::new(FieldRole::Subject, "bsn", why(false)),
    });
    roles.push(match birth_date.or(rules.birth_date_column.clone()) {
        Some(column) => {
            let why = why(rules.birth_date_column.is_some());
            RoleDescription::new(FieldRole::BirthDate, shown(&column), why)
        }
        None if is_table => RoleDescription::absent(
            FieldRole::BirthDate,
            "no column is called so: name it with `birth_date_column`",
        ),
        None => RoleDescription::new(FieldRole::BirthDate, "geboortedatum", why(false)),
    });
    let named = |role, column: &Option<String>, otherwise: &str| match column {
        Some(column) => RoleDescription::new(role, column.clone(), CONFIGURED),
        None => RoleDescription::absent(role, otherwise),
    };
    roles.push(named(FieldRole::Key, &rules.id_column, "all rows about one person are one record"));
    roles.push(named(FieldRole::AsOf, &rules.as_of_column, "the moment the file was written counts"));
    if rules.under_investigation_column.is_some() {
        roles.push(named(FieldRole::UnderInvestigation, &rules.under_investigation_column, ""));
    }
    CategoryDescription {
        roles,
        fields: fields(rules, index),
        rows: Some(index.rows_used),
        tells_changes: Some(false),
        ..CategoryDescription::default()
    }
}

/// The description of a file that cannot be read.
pub(crate) fn of_fault(fault: &str) -> CategoryDescription {
    let concern =
        Concern::new(format!("the file cannot be used: {fault}"), "mend the file or the configuration");
    CategoryDescription { concerns: vec![concern], ..CategoryDescription::default() }
}

fn fields(rules: &FileRules, index: &Index) -> Vec<FieldDescription> {
    if let Some(columns) = &rules.columns {
        return columns.describe();
    }
    let control = [&rules.bsn_column, &rules.as_of_column, &rules.under_investigation_column];
    let passes =
        |name: &&String| !names_a_bsn(name) && !control.iter().any(|column| column.as_ref() == Some(*name));
    let described = |name: &String| FieldDescription {
        from: shown(name),
        to: format!("/{}", shown(name).replace('~', "~0").replace('/', "~1")),
        becomes: "any".to_owned(),
    };
    index.header().iter().filter(passes).map(described).collect()
}

/// The name of a column, without numbers that are long enough to be of somebody.
fn shown(name: &str) -> String {
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    if digits < 5 { name.to_owned() } else { "*".to_owned() }
}

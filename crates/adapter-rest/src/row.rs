//! What the members of an item mean.

use kw_adapter::mapping::{
    RecordKey, RowFault, SourceRow, cell, leave_out, leave_out_bsns, names_a_bsn, read_birth_date,
    read_subject, text_of,
};
use kw_adapter::{Change, LocalId, SourceRecord};
use kw_domain::{Category, Instant, Subject};
use serde_json::{Map, Value};

use crate::config::{CategoryRequests, Gone};

/// An item of a list that can be used.
pub(crate) struct Item {
    /// `None` for one that is gone and does not say whose it was.
    pub(crate) change: Option<Change>,
    pub(crate) own: String,
}

/// An item that cannot be used, and which record it is if that can be told.
pub(crate) struct Unusable {
    pub(crate) fault: RowFault,
    pub(crate) record: Option<LocalId>,
}

/// Reads an item of a list.
pub(crate) fn item(
    item: &Value,
    rules: &CategoryRequests,
    category: &Category,
    key: &RecordKey,
) -> Result<Item, Unusable> {
    let of_nobody = |fault| Unusable { fault, record: None };
    let row = item.as_object().ok_or(of_nobody(RowFault::NotAnObject))?;
    let own = own_key(row, rules).ok_or(of_nobody(RowFault::KeyMissing))?;
    let gone = rules.gone.as_ref().is_some_and(|gone| gone.holds(row));
    let category = category.clone();
    let subject = match person(row, &rules.person) {
        Err(RowFault::BsnMissing) if gone => {
            let record =
                if rules.person_in_key { None } else { local_id(&own, None, rules, &category, key).ok() };
            return Ok(Item { change: record.map(|record| Change::Gone { category, record }), own });
        }
        found => found.map_err(|fault| Unusable {
            fault,
            record: if rules.person_in_key { None } else { LocalId::new(own.as_str()).ok() },
        })?,
    };
    let record = local_id(&own, Some(&subject), rules, &category, key).map_err(of_nobody)?;
    if gone {
        return Ok(Item { change: Some(Change::Gone { category, record }), own });
    }
    let birth_date = match rules.birth_date.as_deref().and_then(|place| cell(row, place)) {
        Some(value) => match read_birth_date(value) {
            Ok(birth_date) => birth_date,
            Err(fault) => return Err(Unusable { fault, record: Some(record) }),
        },
        None => None,
    };
    let found = SourceRecord { category, record, subject, birth_date };
    Ok(Item { change: Some(Change::Present(found)), own })
}

/// When an item changed.
pub(crate) fn changed_at(item: &Value, rules: &CategoryRequests) -> Option<Instant> {
    rules.moments.read(&text_of(cell(item.as_object()?, rules.changed_at.as_deref()?)?)?)
}

/// The key of a row at the source.
pub(crate) fn own_key(row: &Map<String, Value>, rules: &CategoryRequests) -> Option<String> {
    cell(row, &rules.record).and_then(text_of).filter(|own| !own.is_empty())
}

/// Whom a row is about.
pub(crate) fn person(row: &Map<String, Value>, place: &str) -> Result<Subject, RowFault> {
    read_subject(cell(row, place).ok_or(RowFault::BsnMissing)?)
}

/// The key of a record here.
pub(crate) fn local_id(
    own: &str,
    subject: Option<&Subject>,
    rules: &CategoryRequests,
    category: &Category,
    key: &RecordKey,
) -> Result<LocalId, RowFault> {
    match subject {
        // Refuses a key that has the number in it, for the key comes into addresses.
        Some(subject) => {
            let both = key.local_id(category.as_str(), Some(own), subject)?;
            if rules.person_in_key { Ok(both) } else { LocalId::new(own).map_err(|_| RowFault::KeyTooLong) }
        }
        None => LocalId::new(own).map_err(|_| RowFault::KeyTooLong),
    }
}

/// The document of a row.
pub(crate) fn document(row: &Map<String, Value>, rules: &CategoryRequests) -> Result<SourceRow, RowFault> {
    let person = rules.fetched.person.as_deref().unwrap_or(&rules.person);
    let birth_date = rules.fetched.birth_date.as_deref().or(rules.birth_date.as_deref());
    let document = if let Some(columns) = &rules.columns {
        columns.document(row)?
    } else {
        let mut document = row.clone();
        document.retain(|_, value| !value.is_null());
        let about = [Some(person), rules.as_of.as_deref(), rules.under_investigation.as_deref()];
        for place in about.into_iter().flatten() {
            leave_out(&mut document, place);
        }
        leave_out_bsns(&mut document);
        document
    };
    let at = |place: Option<&str>| place.and_then(|place| cell(row, place));
    Ok(SourceRow {
        document,
        birth_date: at(birth_date).map(read_birth_date).transpose()?.flatten(),
        as_of: at(rules.as_of.as_deref()).map(SourceRow::read_as_of).transpose()?,
        under_investigation: at(rules.under_investigation.as_deref())
            .map(SourceRow::read_under_investigation)
            .transpose()?
            .unwrap_or_default(),
    })
}

/// `Err` says what is wrong with where things stand.
pub(crate) fn check(rules: &CategoryRequests) -> Result<(), String> {
    let plain = |place: &str| place.trim_start_matches('/').to_owned();
    let record = plain(&rules.record);
    if record == plain(&rules.person) || names_a_bsn(record.rsplit('/').next().unwrap_or_default()) {
        return Err(
            "record is the BSN: it comes into addresses, so choose a key that says nothing".to_owned()
        );
    }
    for (setting, pointer) in [
        ("items", Some(&rules.items)),
        ("fetched.row", Some(&rules.fetched.row)),
        ("total", rules.total.as_ref()),
    ] {
        if pointer.is_some_and(|pointer| !pointer.is_empty() && !pointer.starts_with('/')) {
            return Err(format!("{setting} is not a JSON pointer such as /data"));
        }
    }
    Ok(())
}

impl Gone {
    fn holds(&self, row: &Map<String, Value>) -> bool {
        match self {
            Self::At(at) => cell(row, at).is_some_and(|value| {
                let text = text_of(value).unwrap_or_default().to_lowercase();
                *value == true || matches!(text.as_str(), "1" | "t" | "true" | "ja" | "yes")
            }),
            Self::Is { at, is } => cell(row, at).is_some_and(|value| is.contains(value)),
        }
    }
}

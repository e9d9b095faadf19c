//! What stays at the source when a document is not put together column by column.

use serde_json::{Map, Value};

use super::names_a_bsn;

/// Takes out the member of that name, or at that JSON pointer when it begins with `/`.
pub fn leave_out(document: &mut Map<String, Value>, column: &str) {
    let Some((parent, last)) = column.rsplit_once('/').filter(|_| column.starts_with('/')) else {
        document.remove(column);
        return;
    };
    let plain = |part: &str| part.replace("~1", "/").replace("~0", "~");
    let mut at = document;
    for part in parent.split('/').skip(1).map(plain) {
        let Some(Value::Object(inner)) = at.get_mut(&part) else { return };
        at = inner;
    }
    at.remove(&plain(last));
}

/// Takes out every member whose name says that it holds a BSN, at any depth.
pub fn leave_out_bsns(document: &mut Map<String, Value>) {
    document.retain(|name, _| !names_a_bsn(name));
    document.values_mut().for_each(leave_out_inside);
}

fn leave_out_inside(value: &mut Value) {
    match value {
        Value::Object(members) => leave_out_bsns(members),
        Value::Array(items) => items.iter_mut().for_each(leave_out_inside),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_go_by_name_by_pointer_and_by_what_they_are_called() {
        let value = json!({"a": {"b/c": 1, "d": 2}, "bsn": 3, "list": [{"ouder_bsn": 4, "e": 5}], "f": 6});
        let mut document = value.as_object().unwrap().clone();
        for column in ["/a/b~1c", "f", "/no/such", "neither"] {
            leave_out(&mut document, column);
        }
        leave_out_bsns(&mut document);
        assert_eq!(Value::Object(document), json!({"a": {"d": 2}, "list": [{"e": 5}]}));
    }
}

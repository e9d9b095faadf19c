//! What a value of MariaDB or MySQL becomes in JSON. It follows from the column alone, so that a document does not change its
//! form from row to row.

use mysql_async::consts::{ColumnFlags, ColumnType};
use mysql_async::{Column, Value as MysqlValue};
use serde_json::{Number, Value};

use crate::database::DatabaseFault;

/// How moments are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As the server itself writes and compares them.
    AsCompared,
    /// As in RFC 3339; only a TIMESTAMP says of which time zone it is.
    AsShown,
}

/// The value of a column. `Err` names the column.
pub(super) fn read(column: &Column, value: &MysqlValue, form: Form) -> Result<Value, DatabaseFault> {
    use ColumnType as T;
    let kind = column.column_type();
    Ok(match value {
        // All zeros is how the server writes that there is no date.
        MysqlValue::NULL | MysqlValue::Date(0, 0, 0, 0, 0, 0, 0) => Value::Null,
        MysqlValue::Int(number) => Value::from(*number),
        MysqlValue::UInt(number) => Value::from(*number),
        // By way of its text: 0.1 is not to become 0.10000000149011612.
        MysqlValue::Float(number) => number.to_string().parse().map_or(Value::Null, decimal),
        MysqlValue::Double(number) => decimal(*number),
        MysqlValue::Date(year, month, day, ..) if kind == T::MYSQL_TYPE_DATE => {
            // A month or day that is unknown is 00 here too.
            Value::from(format!("{year:04}-{month:02}-{day:02}"))
        }
        MysqlValue::Date(year, month, day, hour, minute, second, micros) => {
            let parting = if form == Form::AsCompared { ' ' } else { 'T' };
            let moment = format!("{year:04}-{month:02}-{day:02}{parting}{hour:02}:{minute:02}:{second:02}");
            let fraction = if *micros == 0 { String::new() } else { format!(".{micros:06}") };
            // The session's time zone is UTC.
            let is_instant = kind == T::MYSQL_TYPE_TIMESTAMP && form == Form::AsShown;
            Value::from(format!("{moment}{fraction}{}", if is_instant { "Z" } else { "" }))
        }
        MysqlValue::Time(negative, days, hours, minutes, seconds, micros) => {
            let (sign, hours) = (if *negative { "-" } else { "" }, days * 24 + u32::from(*hours));
            let fraction = if *micros == 0 { String::new() } else { format!(".{micros:06}") };
            Value::from(format!("{sign}{hours:02}:{minutes:02}:{seconds:02}{fraction}"))
        }
        MysqlValue::Bytes(bytes) => match kind {
            T::MYSQL_TYPE_BIT => Value::from(bits(bytes).ok_or_else(|| unusable(column))?),
            T::MYSQL_TYPE_GEOMETRY => return Err(unusable(column)),
            T::MYSQL_TYPE_NEWDECIMAL | T::MYSQL_TYPE_DECIMAL => exact(column, text(column, bytes)?),
            T::MYSQL_TYPE_JSON => serde_json::from_slice(bytes).map_err(|_| unusable(column))?,
            _ if column.character_set() == BINARY => return Err(unusable(column)),
            _ => Value::from(text(column, bytes)?),
        },
    })
}

fn text<'a>(column: &Column, bytes: &'a [u8]) -> Result<&'a str, DatabaseFault> {
    std::str::from_utf8(bytes).map_err(|_| unusable(column))
}

fn decimal(number: f64) -> Value {
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

/// A DECIMAL as a number where a number holds all its digits, else as the text that it is.
fn exact(column: &Column, text: &str) -> Value {
    let signed = !column.flags().contains(ColumnFlags::UNSIGNED_FLAG);
    let point = column.decimals() > 0;
    let digits = column.column_length().saturating_sub(u32::from(signed)).saturating_sub(u32::from(point));
    let number = match (point, digits) {
        (false, ..=18) => text.parse().ok().map(|whole: i64| Value::from(whole)),
        (true, ..=15) => text.parse().ok().map(decimal),
        _ => None,
    };
    number.unwrap_or_else(|| Value::from(text))
}

fn bits(bytes: &[u8]) -> Option<u64> {
    (bytes.len() <= 8).then(|| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

fn unusable(column: &Column) -> DatabaseFault {
    let name = column.name_str();
    DatabaseFault::Wrong(format!("column {name:?} holds bytes or a shape: convert it, or leave it out"))
}

/// The number of the character set of what is no text.
const BINARY: u16 = 63;

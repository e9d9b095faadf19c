//! JSON in which every name of an object stands once.
//!
//! RFC 8259 §4 leaves open what a name that stands twice means, and readers differ: one takes the first value, another the
//! last. With a number of a person that would be another person.

use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// What was read, with every name once in each object of it, at every depth.
#[derive(Debug, Clone, PartialEq)]
pub struct Once(pub Value);

/// Whether a text is refused because of a name that stands twice, and not because it is no JSON at all.
pub fn says_twice(error: &serde_json::Error) -> bool {
    error.to_string().starts_with(TWICE)
}

const TWICE: &str = "a name stands twice in one object";

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Reading.deserialize(deserializer).map(Self)
    }
}

struct Reading;

impl<'de> DeserializeSeed<'de> for Reading {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reading {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        while let Some(element) = list.next_element_seed(Self)? {
            read.push(element);
        }
        Ok(read.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if read.insert(name, members.next_value_seed(Self)?).is_some() {
                return Err(A::Error::custom(TWICE));
            }
        }
        Ok(read.into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_that_stands_twice_is_refused_at_every_depth() {
        for text in [r#"{"bsn":"1","bsn":"1"}"#, r#"[{"a":[{"b":1,"c":2,"\u0062":3}]}]"#] {
            assert!(says_twice(&serde_json::from_str::<Once>(text).unwrap_err()), "{text}");
        }
        assert!(!says_twice(&serde_json::from_str::<Once>("{").unwrap_err()));
        assert!(serde_json::from_str::<Once>(r#"[{"a":1},{"a":1,"b":{"a":1}}]"#).is_ok());
    }

    proptest! {
        #[test]
        fn whatever_else_is_read_is_what_serde_reads(text in r#"[\[\]{}a":,1e.\-ntrueflsb \\]{0,24}"#) {
            match (serde_json::from_str::<Once>(&text), serde_json::from_str::<Value>(&text)) {
                (Ok(Once(once)), Ok(value)) => prop_assert_eq!(once, value),
                (Err(error), Ok(_)) => prop_assert!(says_twice(&error)),
                (Err(_), Err(_)) => {}
                (Ok(_), Err(_)) => prop_assert!(false, "{}", text),
            }
        }
    }
}

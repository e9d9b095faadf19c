//! A configured query with named parameters, rewritten to numbered ones: values are bound and never become part of it.

/// A parameter of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parameter {
    /// `changed_at` of the last row seen.
    After,
    /// `record` of the last row seen.
    AfterRecord,
    /// How many rows to give at most.
    Limit,
    /// Which record to give.
    Record,
}

/// The way a database numbers its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// MariaDB and MySQL have no numbers: a parameter that is used twice is two.
    Mysql,
    Postgres,
    Sqlite,
}

/// A query, and its parameters in the order of their numbers.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) sql: String,
    pub(crate) parameters: Vec<Parameter>,
}

impl Parameter {
    fn of(name: &str) -> Option<Self> {
        match name {
            "after" => Some(Self::After),
            "after_record" => Some(Self::AfterRecord),
            "limit" => Some(Self::Limit),
            "record" => Some(Self::Record),
            _ => None,
        }
    }
}

impl Statement {
    /// Reads a query. `Err` says what is wrong with it.
    pub(crate) fn parse(sql: &str, dialect: Dialect) -> Result<Self, String> {
        let mut rest = sql.trim().trim_end_matches(';');
        let mut statement = Self { sql: String::with_capacity(rest.len()), parameters: Vec::new() };
        while !rest.is_empty() {
            let literal = literal_length(rest, dialect);
            if literal > 0 {
                statement.sql.push_str(&rest[..literal]);
                rest = &rest[literal..];
                continue;
            }
            if rest.starts_with('?') && dialect == Dialect::Mysql {
                return Err("it has a question mark in it: name its parameters, such as :limit".to_owned());
            }
            if rest.starts_with(';') {
                return Err("it is more than one statement".to_owned());
            }
            let name = rest.strip_prefix(':').map(name_at_start).filter(|name| !name.is_empty());
            if let Some(name) = name {
                let parameter = Parameter::of(name).ok_or_else(|| format!("it has no parameter :{name}"))?;
                statement.add(parameter, dialect);
                rest = &rest[1 + name.len()..];
                continue;
            }
            // `::` is a cast in PostgreSQL, and what follows it is a type.
            let length =
                if rest.starts_with("::") { 2 } else { rest.chars().next().map_or(1, char::len_utf8) };
            statement.sql.push_str(&rest[..length]);
            rest = &rest[length..];
        }
        Ok(statement)
    }

    /// Whether the query has the parameter.
    pub(crate) fn has(&self, parameter: Parameter) -> bool {
        self.parameters.contains(&parameter)
    }

    fn add(&mut self, parameter: Parameter, dialect: Dialect) {
        if dialect == Dialect::Mysql {
            self.parameters.push(parameter);
            self.sql.push('?');
            return;
        }
        let known = self.parameters.iter().position(|one| *one == parameter);
        let at = known.unwrap_or_else(|| {
            self.parameters.push(parameter);
            self.parameters.len() - 1
        });
        self.sql.push(if dialect == Dialect::Postgres { '$' } else { '?' });
        self.sql.push_str(&(at + 1).to_string());
    }
}

/// The length of the text, quoted name or comment that `sql` begins with; 0 when it begins with something else.
fn literal_length(sql: &str, dialect: Dialect) -> usize {
    let until =
        |open: usize, close: &str| sql[open..].find(close).map_or(sql.len(), |at| open + at + close.len());
    match sql.as_bytes() {
        [quote @ (b'\'' | b'"'), ..] if dialect == Dialect::Mysql => 1 + escaped_length(&sql[1..], *quote),
        // Without a blank it is a sum: 1--1.
        [b'-', b'-', next, ..] if dialect == Dialect::Mysql && !next.is_ascii_whitespace() => 0,
        [b'#', ..] if dialect == Dialect::Mysql => until(1, "\n"),
        [b'\'', ..] => until(1, "'"),
        [b'"', ..] => until(1, "\""),
        [b'-', b'-', ..] => until(2, "\n"),
        [b'/', b'*', ..] => until(2, "*/"),
        [b'`', ..] if dialect != Dialect::Postgres => until(1, "`"),
        [b'$', ..] if dialect == Dialect::Postgres => {
            let tag = name_at_start(&sql[1..]).len() + 2;
            match sql.get(..tag).filter(|tag| tag.ends_with('$')) {
                Some(quote) => until(tag, quote),
                None => 0,
            }
        }
        _ => 0,
    }
}

/// The length of the rest of a text in which a backslash takes the meaning of what follows it.
fn escaped_length(rest: &str, quote: u8) -> usize {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            _ if byte == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn name_at_start(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    if text.starts_with(|c: char| c.is_ascii_digit()) { "" } else { &text[..end] }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn postgres(sql: &str) -> Result<String, String> {
        Statement::parse(sql, Dialect::Postgres).map(|statement| statement.sql)
    }

    #[test]
    fn named_parameters_become_numbered_ones() {
        let statement = Statement::parse("SELECT :after::date, :limit, :after ;", Dialect::Postgres).unwrap();
        assert_eq!(statement.sql, "SELECT $1::date, $2, $1 ");
        assert_eq!(statement.parameters, [Parameter::After, Parameter::Limit]);
        let statement = Statement::parse("SELECT :record", Dialect::Sqlite).unwrap();
        assert_eq!(statement.sql, "SELECT ?1");
    }

    #[test]
    fn texts_names_and_comments_stay_as_they_are() {
        for same in [
            "SELECT ':after', 'it''s :limit', \":record\"",
            "SELECT 1 -- :nothing\n",
            "SELECT 1 /* :nothing; */",
            "SELECT $$ :nothing; $$, $a$ :no $$ $a$",
            "SELECT a[1:2], x::text",
        ] {
            assert_eq!(postgres(same).as_deref(), Ok(same.trim()), "{same}");
        }
    }

    #[test]
    fn a_parameter_that_is_used_twice_is_two_where_they_have_no_numbers() {
        let statement = Statement::parse("SELECT :after, :limit, :after", Dialect::Mysql).unwrap();
        assert_eq!(statement.sql, "SELECT ?, ?, ?");
        assert_eq!(statement.parameters, [Parameter::After, Parameter::Limit, Parameter::After]);
        for same in [
            r"SELECT 'it\'s :limit', `:record` # :nothing",
            r#"SELECT "a\":limit", 'b''?' -- ?"#,
            "SELECT /* ? :x; */ 1",
        ] {
            assert_eq!(Statement::parse(same, Dialect::Mysql).unwrap().sql, same);
        }
        assert_eq!(Statement::parse("SELECT 5--:limit", Dialect::Mysql).unwrap().sql, "SELECT 5--?");
        assert!(Statement::parse("SELECT ?", Dialect::Mysql).is_err());
    }

    #[test]
    fn unknown_parameters_and_second_statements_are_refused() {
        assert_eq!(postgres("SELECT :bsn"), Err("it has no parameter :bsn".to_owned()));
        assert_eq!(postgres("SELECT 1; DROP TABLE x"), Err("it is more than one statement".to_owned()));
    }

    proptest! {
        #[test]
        fn no_text_makes_parsing_panic(sql in "[a-z:$'\"/*\\-;` é1?#\\\\]{0,40}") {
            let _ = Statement::parse(&sql, Dialect::Postgres);
            let _ = Statement::parse(&sql, Dialect::Sqlite);
            let _ = Statement::parse(&sql, Dialect::Mysql);
        }
    }
}

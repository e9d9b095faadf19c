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
        [b'\'', ..] => until(1, "'"),
        [b'"', ..] => until(1, "\""),
        [b'-', b'-', ..] => until(2, "\n"),
        [b'/', b'*', ..] => until(2, "*/"),
        [b'`', ..] if dialect == Dialect::Sqlite => until(1, "`"),
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
    fn unknown_parameters_and_second_statements_are_refused() {
        assert_eq!(postgres("SELECT :bsn"), Err("it has no parameter :bsn".to_owned()));
        assert_eq!(postgres("SELECT 1; DROP TABLE x"), Err("it is more than one statement".to_owned()));
    }

    proptest! {
        #[test]
        fn no_text_makes_parsing_panic(sql in "[a-z:$'\"/*\\-;` é1]{0,40}") {
            let _ = Statement::parse(&sql, Dialect::Postgres);
            let _ = Statement::parse(&sql, Dialect::Sqlite);
        }
    }
}

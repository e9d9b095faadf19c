//! What is made of the database: which column is what, as the queries themselves give them.

use kw_adapter::SourceDescription;
use kw_adapter::SourceError;
use kw_adapter::description::{CategoryDescription, Concern, FieldDescription, FieldRole, RoleDescription};
use kw_adapter::mapping::{names_a_bsn, text_of};
use kw_domain::Category;
use serde_json::{Map, Value};

use crate::database::{Bound, Database, DatabaseFault};
use crate::row::ABOUT;
use crate::source::{Queries, SqlSource, list_query};
use crate::statement::{Parameter, Statement};

type Row = Map<String, Value>;

impl SqlSource {
    /// Asks each query for one row, of which only the names of its columns are used.
    pub(crate) async fn described(&self) -> Result<SourceDescription, SourceError> {
        let mut description = SourceDescription { system: self.system().await?, ..Default::default() };
        for (category, queries) in &self.categories {
            let described = self.category_described(category, queries).await?;
            description.categories.insert(category.clone(), described);
        }
        Ok(description)
    }

    async fn system(&self) -> Result<String, SourceError> {
        let (kind, sql, tls) = match &self.database {
            Database::Mysql(database) => ("MariaDB or MySQL", "SELECT VERSION() AS v", database.speaks_tls()),
            Database::Postgres(database) => {
                ("PostgreSQL", "SELECT current_setting('server_version') AS v", database.speaks_tls())
            }
            Database::Sqlite(_) => ("SQLite", "SELECT sqlite_version() AS v", false),
        };
        let statement = Statement::parse(sql, self.database.dialect()).map_err(SourceError::Configuration)?;
        let rows =
            self.database.rows(&statement, Vec::new(), 1).await.map_err(|fault| fault.about("the server"))?;
        let version = rows.first().and_then(|row| row.get("v")).and_then(text_of).unwrap_or_default();
        let kind = match kind {
            "MariaDB or MySQL" if version.contains("MariaDB") => "MariaDB",
            "MariaDB or MySQL" => "MySQL",
            kind => kind,
        };
        let tls = if tls { ", over TLS" } else { "" };
        Ok(format!("a {kind} database, version {version}{tls}"))
    }

    async fn category_described(
        &self,
        category: &Category,
        queries: &Queries,
    ) -> Result<CategoryDescription, SourceError> {
        let mut described = CategoryDescription {
            origins: vec![list_query(category)],
            tells_changes: Some(queries.tells_changes()),
            fields: queries
                .rules
                .columns
                .as_ref()
                .map(kw_adapter::mapping::Columns::describe)
                .unwrap_or_default(),
            ..Default::default()
        };
        let first = |parameter: &Parameter| match parameter {
            Parameter::Limit => Bound::Number(1),
            Parameter::After | Parameter::AfterRecord | Parameter::Record => Bound::Text(None),
        };
        let values = queries.list.parameters.iter().map(first).collect();
        let listed = match self.one("list", &queries.list, values).await {
            Ok(row) => row,
            Err(Trouble::Away(error)) => return Err(error),
            Err(Trouble::Query(concern)) => {
                described.concerns.push(concern);
                return Ok(described);
            }
        };
        let Some(listed) = listed else {
            described.concerns.push(Concern::new(
                "the list query gives no rows, so its columns are not known",
                "run it by hand, with NULL for :after and :after_record",
            ));
            return Ok(described);
        };
        list_roles(&listed, queries, &mut described);
        let Some(own) = listed.get("record").and_then(text_of) else { return Ok(described) };
        let values = queries.fetch.parameters.iter().map(|_| Bound::Text(Some(own.clone()))).collect();
        match self.one("fetch", &queries.fetch, values).await {
            Ok(Some(fetched)) => fetch_roles(&fetched, queries, &mut described),
            // A row that is gone is in the list, and gives no document.
            Ok(None) => {}
            Err(Trouble::Away(error)) => return Err(error),
            Err(Trouble::Query(concern)) => described.concerns.push(concern),
        }
        Ok(described)
    }

    async fn one(
        &self,
        query: &str,
        statement: &Statement,
        values: Vec<Bound>,
    ) -> Result<Option<Row>, Trouble> {
        match self.database.rows(statement, values, 1).await {
            Ok(rows) => Ok(rows.into_iter().next()),
            Err(fault @ DatabaseFault::Unavailable(_)) => {
                Err(Trouble::Away(fault.about(&format!("{query} query"))))
            }
            Err(DatabaseFault::Wrong(what)) => Err(Trouble::Query(Concern::new(
                format!("the {query} query cannot be used: {what}"),
                "mend the query in the configuration",
            ))),
        }
    }
}

/// Why a query gave no row.
enum Trouble {
    Away(SourceError),
    Query(Concern),
}

fn list_roles(row: &Row, queries: &Queries, described: &mut CategoryDescription) {
    let named = "so named by the list query";
    let roles = &mut described.roles;
    roles.push(match ["subject", "bsn"].iter().find(|column| row.contains_key(**column)) {
        Some(column) => RoleDescription::new(FieldRole::Subject, *column, named),
        None => RoleDescription::absent(FieldRole::Subject, "the list query gives neither bsn nor subject"),
    });
    roles.push(if row.contains_key("record") {
        RoleDescription::new(FieldRole::Key, "record", named)
    } else {
        RoleDescription::absent(FieldRole::Key, "the list query gives no record")
    });
    roles.push(if row.contains_key("birth_date") {
        RoleDescription::new(FieldRole::BirthDate, "birth_date", named)
    } else {
        RoleDescription::absent(FieldRole::BirthDate, "the list query gives no birth_date")
    });
    match (row.contains_key("changed_at"), queries.tells_changes()) {
        (true, true) => {
            roles.push(RoleDescription::new(FieldRole::ChangedAt, "changed_at", "compared with :after"));
        }
        (true, false) => described.concerns.push(Concern::new(
            "the list query gives changed_at but does not use :after",
            "compare changed_at with :after, or leave it out",
        )),
        (false, true) => described.concerns.push(Concern::new(
            "the list query uses :after but gives no changed_at",
            "select the column that is compared with :after as changed_at",
        )),
        (false, false) => {}
    }
    if row.contains_key("gone") {
        described.roles.push(RoleDescription::new(FieldRole::Gone, "gone", named));
    }
}

fn fetch_roles(row: &Row, queries: &Queries, described: &mut CategoryDescription) {
    let named = "so named by the fetch query";
    described.roles.push(if row.contains_key("as_of") {
        RoleDescription::new(FieldRole::AsOf, "as_of", named)
    } else {
        RoleDescription::absent(FieldRole::AsOf, "the moment of reading counts")
    });
    if row.contains_key("under_investigation") {
        described.roles.push(RoleDescription::new(
            FieldRole::UnderInvestigation,
            "under_investigation",
            named,
        ));
    }
    if !row.contains_key("bsn") && !row.contains_key("subject") {
        described.concerns.push(Concern::new(
            "the fetch query gives neither bsn nor subject",
            "select it again: by it a row of another person is recognised",
        ));
    }
    match &queries.rules.columns {
        Some(columns) => {
            for absent in columns.names().filter(|name| !name.starts_with('/') && !row.contains_key(*name)) {
                described.concerns.push(Concern::new(
                    format!("`columns` names {absent:?}, which the fetch query does not give"),
                    "select it, or take it out of `columns`",
                ));
            }
        }
        None if row.contains_key("document") => {
            described.roles.push(RoleDescription::new(FieldRole::Document, "document", named));
        }
        None => {
            let passing = row.keys().filter(|name| !ABOUT.contains(&name.as_str()) && !names_a_bsn(name));
            described.fields = passing
                .map(|name| FieldDescription {
                    from: name.clone(),
                    to: format!("/{}", name.replace('~', "~0").replace('/', "~1")),
                    becomes: "any".to_owned(),
                })
                .collect();
        }
    }
}

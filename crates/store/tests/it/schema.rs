//! The schema that migrations make, and whether it serves the look-ups.

use std::path::Path;

use crate::bed::{Bed, on_both};

const SERVICES: [&str; 5] = ["ledger", "switchboard", "pseudonymiser", "partner", "personal"];

on_both! {
    async fn what_must_be_unique_is_unique_by_constraint(bed) {
        drop(bed.open());
        let unique = unique_indexes(&bed);
        for (table, columns) in [
            ("subjects", "tag_even"),
            ("subjects", "tag_odd"),
            ("pointers", "subject, holder, source_key, category"),
            ("mandates", "representative, represented, kind"),
            ("matches", "subject"),
            ("matches", "subject, other"),
            ("relations", "one, other, kind, registrar"),
            ("idempotency_keys", "holder, key"),
            ("uploads", "holder, upload"),
            ("leases", "holder"),
            ("ledger_head", "id"),
        ] {
            assert!(
                unique.iter().any(|(on, over)| on == table && over == columns),
                "{table} ({columns}) is not unique: {unique:?}"
            );
        }
    }

    async fn a_second_opening_finds_nothing_to_migrate(bed) {
        drop(bed.open());
        let before = schema(&bed);
        drop(bed.open());
        assert_eq!(schema(&bed), before);
        assert!(before.len() > 10, "{before:?}");
    }

    async fn every_migration_can_be_undone_and_done_again(bed) {
        let backend = if bed.server.is_some() { "postgres" } else { "sqlite" };
        let steps: Vec<_> = SERVICES.iter().flat_map(|service| migrations(service, backend)).collect();
        let up = || steps.iter().for_each(|(up, _)| bed.execute(up));
        up();
        let first = schema(&bed);
        steps.iter().rev().for_each(|(_, down)| bed.execute(down));
        assert_eq!(schema(&bed), Vec::<String>::new(), "something is left after undoing everything");
        up();
        assert_eq!(schema(&bed), first);
    }

    async fn finding_a_subject_by_its_tag_reads_an_index(bed) {
        drop(bed.open());
        for column in ["tag_even", "tag_odd"] {
            let tag = if bed.server.is_some() { "'\\x00'" } else { "x'00'" };
            let plan = plan(&bed, &format!("SELECT id FROM subjects WHERE {column} = {tag}"));
            assert!(reads_index(&plan), "{plan}");
            assert!(!scans(&plan, "subjects"), "{plan}");
        }
    }

    async fn finding_the_pointers_of_a_subject_reads_an_index_by_subject(bed) {
        drop(bed.open());
        if bed.server.is_some() {
            fill_postgres(&bed);
        }
        let subject = if bed.server.is_some() { "'\\x00'" } else { "x'00'" };
        let plan = plan(&bed, &format!(
            "SELECT pointers.id FROM pointers INNER JOIN leases ON leases.holder = pointers.holder \
             WHERE pointers.subject = {subject} AND pointers.state = 0 AND pointers.valid_until > 1 \
             AND leases.valid_until > 1"
        ));
        assert!(plan.contains("pointers_of_subject") || plan.contains("pointers_identity"), "{plan}");
        assert!(!scans(&plan, "pointers"), "{plan}");
    }

    async fn the_jobs_and_pages_read_indexes(bed) {
        drop(bed.open());
        let bytes = if bed.server.is_some() { "'\\x00'" } else { "x'00'" };
        for (sql, index) in [
            ("SELECT id FROM pointers WHERE due_at <= 1 ORDER BY due_at LIMIT 5".to_owned(), "pointers_due"),
            (
                format!("SELECT id FROM pointers WHERE holder = 'h' AND id > {bytes} ORDER BY id LIMIT 5"),
                "pointers_of_holder",
            ),
            ("DELETE FROM subject_links WHERE idx IN (1, 2)".to_owned(), "subject_links_by_entry"),
            (
                "SELECT idx FROM ledger_entries WHERE kind = 2 AND idx >= 5 AND kind <> 1 ORDER BY idx LIMIT 5"
                    .to_owned(),
                "ledger_entries_rare",
            ),
        ] {
            let plan = plan(&bed, &sql);
            assert!(plan.contains(index), "{plan}");
        }
    }
}

/// Table and columns of each unique index, primary keys included.
fn unique_indexes(bed: &Bed) -> Vec<(String, String)> {
    let sql = if bed.server.is_some() {
        "SELECT tablename || '|' || replace(substring(indexdef FROM '\\((.*?)\\)'), '\"', '') FROM pg_indexes \
         WHERE schemaname = 'public' AND indexdef LIKE 'CREATE UNIQUE%'"
    } else {
        "SELECT m.name || '|' || (SELECT group_concat(c.name, ', ') FROM pragma_index_info(i.name) c) AS line \
         FROM sqlite_master m, pragma_index_list(m.name) i WHERE m.type = 'table' AND i.\"unique\" = 1 \
         UNION ALL SELECT m.name || '|' || p.name AS line FROM sqlite_master m, pragma_table_info(m.name) p \
         WHERE m.type = 'table' AND p.pk = 1 AND m.name = 'ledger_head'"
    };
    bed.select(sql)
        .iter()
        .filter_map(|line| line.split_once('|'))
        .map(|(table, columns)| (table.to_owned(), columns.to_owned()))
        .collect()
}

/// Every table and index of ours, with what it is made of.
fn schema(bed: &Bed) -> Vec<String> {
    let sql = if bed.server.is_some() {
        "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable FROM information_schema.columns \
         WHERE table_schema = 'public' AND table_name <> '__diesel_schema_migrations' \
         UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> '__diesel_schema_migrations' ORDER BY 1"
    } else {
        "SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS line FROM sqlite_master \
         WHERE name NOT LIKE '%diesel_schema%' AND name NOT LIKE 'sqlite_sequence' ORDER BY line"
    };
    bed.select(sql)
}

/// Enough rows that the planner has a choice.
fn fill_postgres(bed: &Bed) {
    bed.execute(
        "INSERT INTO subjects (id, tag_odd, generation, element) \
         SELECT decode(lpad(to_hex(n), 32, '0'), 'hex'), decode(lpad(to_hex(n), 64, '0'), 'hex'), 1, '\\x00' \
         FROM generate_series(1, 5000) n; \
         INSERT INTO pointers (id, subject, holder, category, source_key, sealed, state, registered_at, valid_until, due_at) \
         SELECT id, id, 'h', 'c', '\\x01', '\\x01', 0, 0, 9, 9 FROM subjects; \
         INSERT INTO leases (holder, valid_until) VALUES ('h', 9); ANALYZE",
    );
}

fn plan(bed: &Bed, sql: &str) -> String {
    if bed.server.is_some() {
        // An empty table is read whole, whatever indexes it has.
        return bed.select(&format!("SET enable_seqscan = off; EXPLAIN {sql}")).join("\n");
    }
    let explain = diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}"));
    let rows: Vec<Step> = diesel::RunQueryDsl::load(explain, &mut bed.sqlite_connection()).unwrap();
    rows.into_iter().map(|step| step.detail).collect::<Vec<_>>().join("\n")
}

#[derive(diesel::QueryableByName)]
struct Step {
    #[diesel(sql_type = diesel::sql_types::Text)]
    detail: String,
}

fn reads_index(plan: &str) -> bool {
    plan.contains("USING INDEX") || plan.contains("USING COVERING INDEX") || plan.contains("Index ")
}

fn scans(plan: &str, table: &str) -> bool {
    plan.contains(&format!("SCAN {table}")) || plan.contains(&format!("Seq Scan on {table}"))
}

/// The statements of one service's migrations for one database, oldest first: up and down.
fn migrations(service: &str, backend: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(service).join(backend);
    let mut steps: Vec<_> = std::fs::read_dir(folder).unwrap().map(|step| step.unwrap().path()).collect();
    steps.sort();
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    steps.iter().map(|step| (read(&step.join("up.sql")), read(&step.join("down.sql")))).collect()
}

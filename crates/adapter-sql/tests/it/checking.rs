//! Looking at a database before anything of it is registered.

use kw_adapter::Source;
use kw_adapter::check::{CheckBounds, CheckPlan, Grade, SourceCheck, Verdict, check_source};
use kw_adapter_sql::SqlSource;
use kw_domain::{Clock as _, SystemClock};

use crate::backends::{ANNA, BRAM, Backend, CEES};

async fn checked(source: &SqlSource, narrow: &SqlSource) -> SourceCheck {
    let narrow: &dyn Source = narrow;
    let plan = CheckPlan {
        agreement: None,
        narrow: Some(narrow),
        bounds: CheckBounds::default(),
        now: SystemClock.now(),
    };
    check_source(source, &plan).await
}

fn finding(report: &SourceCheck, part: &str) -> Option<Grade> {
    report.findings.iter().find(|finding| finding.what.contains(part)).map(|finding| finding.grade)
}

#[tokio::test]
async fn the_samples_say_field_by_field_what_they_would_register_and_show_no_value() {
    for backend in Backend::all() {
        let report = checked(&backend.sample(1000), &backend.sample(1)).await;
        assert_eq!(report.verdict, Verdict::Doubtful, "there is no agreement: {:#?}", report.findings);
        let [provision, residence] = &report.categories[..] else { panic!("{report:?}") };
        assert_eq!((provision.records, provision.gone, residence.records), (2, 1, 3));
        assert_eq!(
            (residence.birth_dates.day, residence.birth_dates.month, residence.birth_dates.none),
            (1, 1, 1)
        );
        let paging = report.paging.as_ref().unwrap();
        assert_eq!((paging.to_the_end, paging.complete, paging.small_pages_agree), (true, true, Some(true)));
        // The category that cannot tell what changed comes again.
        assert_eq!(paging.unchanged_records, Some(3));
        let members: Vec<_> =
            provision.documents.as_ref().unwrap().members.iter().map(|member| &*member.pointer).collect();
        assert!(
            members.contains(&"/person/birthDate") && members.contains(&"/provision/hoursPerWeek"),
            "{members:?}"
        );
        let shown = format!("{} {report:?}", serde_json::to_string(&report).unwrap());
        for value in
            [ANNA, BRAM, CEES, "Anna", "Vries", "Smit", "2012-05", "2010-11", "household", "09:00:00"]
        {
            assert!(!shown.contains(value), "{value} is in {shown}");
        }
    }
}

#[tokio::test]
async fn keys_that_a_collation_takes_for_the_same_are_found_by_small_pages() {
    let schema = format!(
        "CREATE TABLE t (id VARCHAR(20) COLLATE utf8mb4_general_ci, bsn CHAR(9)); INSERT INTO t VALUES ('a', '{ANNA}'), ('b', '{BRAM}'), ('B', '{ANNA}'), ('c', '{CEES}'), ('C', '{BRAM}')"
    );
    let backend = Backend::mariadb(&schema);
    let source = |page_size: usize, comparing: &str| {
        backend.with(&format!(
            "page_size = {page_size}\n[categories.t]\nlist = \"SELECT id AS record, bsn FROM t WHERE :after_record IS NULL OR id{comparing} > :after_record ORDER BY id{comparing} LIMIT :limit\"\nfetch = \"SELECT bsn FROM t WHERE id{comparing} = :record\""
        ))
    };
    let report = checked(&source(100, ""), &source(1, "")).await;
    assert_eq!(
        finding(&report, "small pages give other records"),
        Some(Grade::Wrong),
        "{:#?}",
        report.findings
    );
    let report = checked(&source(100, " COLLATE utf8mb4_bin"), &source(1, " COLLATE utf8mb4_bin")).await;
    assert_eq!(
        finding(&report, "small pages give the same records"),
        Some(Grade::Good),
        "{:#?}",
        report.findings
    );
}

#[tokio::test]
async fn a_wrong_query_and_a_server_that_is_away_are_told_apart() {
    for backend in Backend::all() {
        let source = || {
            backend.with("[categories.t]\nlist = \"SELECT id AS record FROM nowhere WHERE :after_record IS NULL LIMIT :limit\"\nfetch = \"SELECT :record AS bsn\"")
        };
        let report = checked(&source(), &source()).await;
        assert_eq!(report.verdict, Verdict::Wrong, "{:#?}", report.findings);
        assert!(finding(&report, "list query cannot be used").is_some(), "{:#?}", report.findings);
    }
    let queries = "[categories.t]\nlist = \"SELECT 1 AS record WHERE :after_record IS NULL LIMIT :limit\"\nfetch = \"SELECT :record AS bsn\"";
    for url in ["mysql://u@127.0.0.1:9/x", "postgres://u@127.0.0.1:9/x"] {
        let text = format!("url = \"{url}\"\ndeadline_ms = 500\n{queries}");
        let source = || crate::backends::source(toml::from_str(&text).unwrap());
        let report = checked(&source(), &source()).await;
        assert_eq!(report.verdict, Verdict::Unavailable, "{:#?}", report.findings);
    }
}

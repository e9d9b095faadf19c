//! Nothing about a person is in what the central services store, log, publish or show: every byte of it is searched, after a
//! chain of real processes did all that a chain does.

mod needles;
mod story;

use std::fs;
use std::path::{Path, PathBuf};

use kw_demo::search::{Found, Kind, Search};
use kw_demo::{Cast, Nobody, Settings};
use kw_testbed::PostgresServer;

use needles::Secrets;
use story::Story;

const PEOPLE: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_about_a_person_is_anywhere_but_at_partners_with_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let search = play(&kept, None).await;
    let found = search_central(&search, &kept);
    assert!(found.is_nothing(), "{found:?}");
    assert!(found.bytes > 500_000, "the databases are among it: {found:?}");
    the_search_would_have_found_it(&search, &kept);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_about_a_person_is_anywhere_but_at_partners_with_postgresql() {
    let server = PostgresServer::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let search = play(&kept, Some(&server)).await;
    let found = search_central(&search, &kept);
    assert!(found.is_nothing(), "{found:?}");

    // What is on the server is the central services' alone: tables, indexes, dead rows, the write-ahead log, temporary files.
    server.query("postgres", "CHECKPOINT").unwrap();
    let found = search.in_folder(&server.data()).unwrap();
    assert!(found.is_nothing(), "{found:?}");
    assert!(found.bytes > 20_000_000, "{found:?}");
    let names =
        server.query("postgres", "SELECT datname FROM pg_database WHERE datname LIKE 'kw_demo_%'").unwrap();
    let names: Vec<&str> = names.lines().collect();
    assert_eq!(names.len(), 2, "{names:?}");
    for name in &names {
        let dump = server.dump(name).unwrap();
        assert!(String::from_utf8_lossy(&dump).contains("ledger_entries"));
        assert!(search.in_bytes(&dump).is_nothing(), "{name}");
    }

    the_search_would_have_found_it(&search, &kept);
    server.query(names[0], "CREATE TABLE planted AS SELECT 'nl.bsn:999990342' AS subject").unwrap();
    server.query("postgres", "CHECKPOINT").unwrap();
    assert!(search.in_folder(&server.data().join("pg_wal")).unwrap().of(Kind::Number) > 0);
    assert!(search.in_folder(&server.data().join("base")).unwrap().of(Kind::Number) > 0);
    assert!(search.in_bytes(&server.dump(names[0]).unwrap()).of(Kind::Number) > 0);
}

/// Plays everything with the central services on this server or on files, and says what must not be found afterwards.
async fn play(kept: &Path, server: Option<&PostgresServer>) -> Search {
    let database = server.map(|server| server.over_tls(&server.database().unwrap()));
    let settings = Settings {
        program: PathBuf::from(env!("CARGO_BIN_EXE_ketenwijzer")),
        folder: Some(kept.to_owned()),
        root_certificates: server.map(PostgresServer::root_certificates),
        database,
        partners_on_files: true,
        cast: Cast::MadeUp { people: PEOPLE, pages: true },
    };
    let demo = kw_demo::Demo::prepare(settings).unwrap();
    let played = demo.play(&Nobody, std::future::pending()).await.unwrap();
    let mut secrets = Secrets::of(kept, PEOPLE);
    let story = Story { folder: kept, places: played.places() };
    tokio::task::block_in_place(|| {
        story.questions();
        story.registrations();
        story.rotation();
        story.audits();
        story.metrics();
    });
    let report = demo.finish(played, &Nobody).await.unwrap();
    assert!(report.broken.is_empty(), "{:?}", report.broken);
    secrets.take_index_keys(kept);
    // The elements are those that the services worked with: their tags are in the index.
    if server.is_none() {
        let tags = secrets.tags(kept).search().unwrap();
        assert!(tags.in_folder(&kept.join("switchboard")).unwrap().of(Kind::Element) > 0);
    }
    secrets.needles.search().unwrap()
}

/// Their folders with databases, write-ahead logs, logs and what they wrote to standard error; what anybody may fetch; what
/// they showed; what the servers of pages keep and write, which is their configuration and their log.
fn search_central(search: &Search, kept: &Path) -> Found {
    let mut found = Found::default();
    for part in ["switchboard", "pseudonymiser", "log", "mirrors", "shown", "desk", "console", "inzage"] {
        found.add(search.in_folder(&kept.join(part)).unwrap());
    }
    found.add(search.in_bytes(&fs::read(kept.join("agreement.toml")).unwrap()));
    found
}

/// The same search finds people where they are, and every kind of thing where it was put.
fn the_search_would_have_found_it(search: &Search, kept: &Path) {
    let partners = search.in_folder(&kept.join("partners")).unwrap();
    for kind in [Kind::BirthDate, Kind::Number, Kind::Text] {
        assert!(partners.of(kind) > 0, "{kind:?} at partners: {partners:?}");
    }
    let secrets = Secrets::of(kept, PEOPLE);
    let planted = vec![
        (Kind::Number, b"..nl.bsn:999990342".to_vec()),
        (Kind::Number, b"..9999.90.342".to_vec()),
        (Kind::BirthDate, b"born 04-03-2011".to_vec()),
        (Kind::Text, b"Sanne de Vries".to_vec()),
        (Kind::Element, [&[1][..], &secrets.element()].concat()),
        (Kind::Binding, hexadecimal(&secrets.binding())),
    ];
    for (kind, bytes) in planted {
        let stray = kept.join("switchboard/ketenwijzer.db-stray");
        fs::write(&stray, bytes).unwrap();
        let found = search_central(search, kept);
        assert_eq!(found.counts.keys().collect::<Vec<_>>(), [&kind], "{found:?}");
        fs::remove_file(stray).unwrap();
    }
}

fn hexadecimal(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
}

//! A database that is not what was signed of it: the switchboard does not go on, and says what to do.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kw_testbed::{PostgresServer, RunningChain, StartError};

use crate::child::chain;
use crate::publication::{published, register};

/// Long for a machine with other work; it takes a second or two.
const PATIENCE: Duration = Duration::from_mins(1);

/// A switchboard with some entries, all published, that was ended.
async fn ended(mut chain: RunningChain) -> (RunningChain, u64) {
    let school = chain.member("school").unwrap();
    register(&school, 5).await;
    let size = published(&chain, &school, "/log/checkpoint", 6).await.checkpoint().size;
    chain.stop_switchboard().unwrap();
    (chain, size)
}

fn refusal(chain: &mut RunningChain) -> String {
    let error = chain.start_switchboard().unwrap_err();
    error.downcast_ref::<StartError>().unwrap_or_else(|| panic!("{error:#}")).said.clone()
}

/// A copy of the SQLite database while nobody has it open. A process that ends need not have emptied the write-ahead log.
fn copy(chain: &RunningChain, to: &str) -> PathBuf {
    let copy = chain.folder().join(to);
    copy_database(&chain.database_url(), &copy.display().to_string());
    copy
}

fn restore(chain: &RunningChain, copy: &Path) {
    copy_database(&copy.display().to_string(), &chain.database_url());
}

fn copy_database(from: &str, to: &str) {
    let _ = fs::remove_file(format!("{to}-shm"));
    let _ = fs::remove_file(format!("{to}-wal"));
    fs::copy(from, to).unwrap();
    if fs::exists(format!("{from}-wal")).unwrap() {
        fs::copy(format!("{from}-wal"), format!("{to}-wal")).unwrap();
    }
}

#[tokio::test]
async fn an_older_copy_of_the_database_is_refused_by_the_memory_file_alone() {
    let (mut chain, _) = ended(chain().start().unwrap()).await;
    let earlier = copy(&chain, "earlier.db");
    chain.start_switchboard().unwrap();
    let school = chain.member("school").unwrap();
    register(&school, 9).await;
    published(&chain, &school, "/log/checkpoint", 12).await;
    chain.stop_switchboard().unwrap();
    let newest = copy(&chain, "newest.db");

    restore(&chain, &earlier);
    let said = refusal(&mut chain);
    assert!(said.contains("the database is older than the log"), "{said}");
    assert!(said.contains("the memory file") && said.contains("ketenwijzer audit recover"), "{said}");

    restore(&chain, &newest);
    chain.start_switchboard().unwrap();
    register(&school, 1).await;
}

#[tokio::test]
async fn a_log_of_which_one_bit_is_another_is_refused() {
    let server = PostgresServer::shared().unwrap();
    for (spoil, complaint) in [
        (
            "UPDATE ledger_entries SET leaf = set_byte(leaf, 7, get_byte(leaf, 7) # 1) WHERE idx = 2",
            "are not those",
        ),
        ("DELETE FROM ledger_entries WHERE idx = 3", "no entry number 3"),
        (
            "UPDATE ledger_publication SET root = set_byte(root, 0, get_byte(root, 0) # 1) WHERE which = 1",
            "damaged",
        ),
        ("UPDATE ledger_head SET size = 2", "older than the log"),
    ] {
        let (mut chain, _) = ended(chain().postgres(&server).unwrap().start().unwrap()).await;
        server.query(&chain.database_url(), spoil).unwrap();
        let said = refusal(&mut chain);
        assert!(said.contains(complaint), "{spoil}: {said}");
    }
}

#[tokio::test]
async fn a_subtree_that_is_stored_with_another_root_is_refused() {
    let server = PostgresServer::shared().unwrap();
    let mut chain = chain().postgres(&server).unwrap().start().unwrap();
    let school = chain.member("school").unwrap();
    register(&school, 300).await;
    published(&chain, &school, "/log/checkpoint", 300).await;
    chain.stop_switchboard().unwrap();
    let spoil = "UPDATE ledger_subtrees SET root = set_byte(root, 0, get_byte(root, 0) # 1)";
    server.query(&chain.database_url(), spoil).unwrap();
    let said = refusal(&mut chain);
    assert!(said.contains("damaged") && said.contains("subtree"), "{said}");
}

#[tokio::test]
async fn a_database_that_loses_entries_under_a_running_switchboard_ends_it() {
    let server: Arc<PostgresServer> = PostgresServer::shared().unwrap();
    let mut chain = chain().postgres(&server).unwrap().start().unwrap();
    let school = chain.member("school").unwrap();
    register(&school, 5).await;
    published(&chain, &school, "/log/checkpoint", 6).await;
    // As when an asynchronous standby takes over that had not got everything.
    let loss = "BEGIN; DELETE FROM ledger_entries WHERE idx >= 3; UPDATE ledger_head SET size = 3; COMMIT";
    server.query(&chain.database_url(), loss).unwrap();
    let (ended, said) =
        tokio::task::spawn_blocking(move || chain.wait_for_end(PATIENCE).unwrap()).await.unwrap();
    assert!(!ended.success());
    assert!(said.contains("the log cannot go on: the database is older than the log"), "{said}");
}

#[tokio::test]
async fn a_memory_file_of_another_log_is_refused() {
    let (mut chain, _) = ended(chain().start().unwrap()).await;
    let memory = fs::read_dir(chain.keys_folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "checkpoint"))
        .unwrap();
    let note = fs::read_to_string(&memory).unwrap();
    fs::write(&memory, note.replacen(".example", ".invalid", 1)).unwrap();
    let said = refusal(&mut chain);
    assert!(said.contains("is not a checkpoint that this log's key signed"), "{said}");
    fs::write(&memory, note).unwrap();
    chain.start_switchboard().unwrap();
}

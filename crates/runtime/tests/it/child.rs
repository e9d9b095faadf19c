//! A service as a process of its own: what it prints, what it logs, and how it ends on a signal.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::{env, fs};

use kw_domain::SystemClock;
use kw_runtime::telemetry::{self, LogFormat, LogSettings};
use kw_runtime::{Http, Metrics, Server, ServerSettings};
use rustix::process::{Pid, Signal, kill_process};

const CHILD: &str = "KW_RUNTIME_TEST_CHILD";

#[tokio::test]
#[ignore = "the other end of the test below, which runs it in a process of its own"]
async fn service_in_a_process_of_its_own() {
    let Some(file) = env::var_os(CHILD) else { return };
    let log = LogSettings { format: LogFormat::Json, file: Some(file.into()), ..LogSettings::default() };
    telemetry::init(&log, Arc::new(SystemClock)).unwrap();
    let settings = ServerSettings { shutdown_deadline: 2, ..ServerSettings::default() };
    let local = "127.0.0.1:0".parse().unwrap();
    let server =
        Server::new(settings, Http::new(Metrics::new())).unwrap().local("local", local, |_| {}).unwrap();
    server.run().await.unwrap();
}

#[test]
fn a_process_says_where_it_listens_logs_no_paths_and_ends_well_on_sigterm() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "child::service_in_a_process_of_its_own"])
        .env(CHILD, &log)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready =
        lines.find_map(|line| line.unwrap().split_once("ready {").map(|(_, rest)| format!("{{{rest}")));
    let addresses: serde_json::Value = serde_json::from_str(&ready.unwrap()).unwrap();
    for name in ["local", "admin"] {
        let address: SocketAddr = addresses[name].as_str().unwrap().parse().unwrap();
        assert_ne!(address.port(), 0);
        assert!(answer(address).starts_with("HTTP/1.1 404"), "{name} answers when it says so");
    }
    let pid = Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
    let lines = fs::read_to_string(log).unwrap();
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let requests: Vec<_> = lines.iter().filter(|line| line["target"] == "kw_request").collect();
    assert_eq!(requests.len(), 2);
    assert_eq!((&requests[0]["route"], &requests[0]["status"]), (&"unmatched".into(), &404.into()));
    assert!(lines.iter().all(|line| !line.to_string().contains("123456782")));
}

fn answer(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let head =
        "GET /v1/people/123456782?bsn=123456782 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

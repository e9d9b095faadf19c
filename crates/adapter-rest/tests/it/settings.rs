//! Settings that are refused before anything is asked.

use std::sync::Arc;

use kw_adapter::SourceError;
use kw_domain::SystemClock;

use crate::stand_in::source;

const GOOD: &str = "[api]\nbase_url = 'http://127.0.0.1:1/api'\n[categories.plan]\nlist = 'plans?since={since}'\n\
    record = 'id'\nperson = 'bsn'\nfetch = 'plans/{record}'\n";

#[test]
fn what_cannot_work_is_refused_with_what_to_do() {
    assert!(source(GOOD, Arc::new(SystemClock)).is_ok());
    for (right, wrong, reason) in [
        ("http://127.0.0.1:1/api", "http://api.example.nl", "https:"),
        ("http://127.0.0.1:1/api", "https://api.example.nl", "api.auth is missing"),
        ("http://127.0.0.1:1/api", "https://u:geheim@api.example.nl", "password"),
        ("http://127.0.0.1:1/api", "https://api.example.nl/?key=geheim", "query"),
        ("http://127.0.0.1:1/api", "api", "no URL"),
        ("record = 'id'", "record = 'bsn'", "record is the BSN"),
        ("record = 'id'", "record = '/person/bsn'", "record is the BSN"),
        ("plans?since={since}", "plans?bsn={bsn}", "not a parameter"),
        ("plans?since={since}", "https://other.example/plans", "path under base_url"),
        ("plans?since={since}", "../plans", "goes up"),
        ("plans?since={since}", "plans?page={page}", "another kind of paging"),
        ("plans?since={since}", "plans/{record}", "belongs in fetch"),
        ("'plans/{record}'", "'plans'", "belongs in fetch"),
        ("'plans/{record}'", "'plans/{record}?x={since}'", "no other parameter"),
        ("'plans/{record}'", "'plans/{record}'\npaging = { kind = 'offset' }", "needs {offset}"),
        ("'plans/{record}'", "'plans/{record}'\nitems = 'data'", "not a JSON pointer"),
        (
            "[categories",
            "auth = { kind = 'header', name = 'x y', file = '/none' }\n[categories",
            "no name of a header",
        ),
        ("[categories", "auth = { kind = 'header', name = 'x', file = '/none' }\n[categories", "/none"),
        (
            "[categories",
            "auth = { kind = 'oauth2', token_url = 'https://t.example', client_id = 'x' }\n[categories",
            "nothing to prove",
        ),
        (
            "[categories",
            "auth = { kind = 'oauth2', token_url = 'http://t.example', client_id = 'x', client_secret_file = '/dev/null' }\n[categories",
            "/dev/null",
        ),
        ("[categories", "trust_anchors = ['/none']\n[categories", "/none"),
    ] {
        let text = GOOD.replace(right, wrong);
        assert_ne!(text, GOOD, "{right}");
        match source(&text, Arc::new(SystemClock)) {
            Err(SourceError::Configuration(said)) => {
                assert!(said.contains(reason) && !said.contains("geheim"), "{wrong}: {said}");
            }
            other => panic!("{wrong}: {other:?}"),
        }
    }
}

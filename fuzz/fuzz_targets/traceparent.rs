//! The `traceparent` header: no text makes parsing panic, and what is accepted is a form of what we write.
#![no_main]

use kw_runtime::http::TraceParent;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Some(parent) = TraceParent::parse(text) {
        let written = parent.to_string();
        assert_eq!(TraceParent::parse(&written), Some(parent));
        // Later versions may say more; what all versions share is kept.
        assert_eq!(text[2..52], written[2..52]);
    }
});

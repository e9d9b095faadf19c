//! Configuration files of services and sources: no text makes reading panic, and no error repeats a secret.
#![no_main]

use std::path::Path;

use kw_adapter_files::FilesConfig;
use kw_runtime::ServerSettings;
use kw_runtime::config::SecretSource;
use kw_transport::TlsFiles;
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Service {
    #[serde(rename = "server")]
    _server: Option<ServerSettings>,
    #[serde(rename = "tls")]
    _tls: Option<TlsFiles>,
    #[serde(rename = "token")]
    _token: Option<SecretSource>,
    #[serde(rename = "source")]
    _source: Option<FilesConfig>,
}

fuzz_target!(|text: &str| {
    if let Err(error) = kw_runtime::config::parse::<Service>(Path::new("service.toml"), text) {
        assert!(!error.to_string().is_empty());
    }
});

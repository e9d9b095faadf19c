//! A JSON API that is not ours behind a certified authorisation server: npm `json-server` and `oidc-provider`.

use std::path::Path;

use serde_json::{Value, json};

use crate::node_server::NodeServer;

/// Both servers in one process of their own; it ends with this. The API is under `/api`, tokens are given at `/token`.
#[derive(Debug)]
pub struct RestServer(NodeServer);

impl RestServer {
    /// Starts them with a client (`client_id`, and `client_secret` or `jwk`) and resources by name. The packages are installed below
    /// `tools` once; why not, when they cannot be.
    pub fn start(tools: &Path, client: &Value, resources: &Value) -> Result<Self, String> {
        let packages = ["oidc-provider@9.13.3", "json-server@0.17.4"];
        let config = json!({"client": client, "db": resources});
        NodeServer::start(&tools.join("outside-rest"), &packages, SCRIPT, config).map(Self)
    }

    /// Where it is: scheme, host and port.
    pub fn base(&self) -> &str {
        self.0.base()
    }

    /// The id of its process.
    pub fn pid(&self) -> u32 {
        self.0.pid()
    }
}

const SCRIPT: &str = include_str!("../outside/rest-server.mjs");

//! A certified OpenID provider that is not ours: npm `oidc-provider`.

use std::path::Path;

use serde_json::{Value, json};

use crate::node_server::NodeServer;

/// A provider in a process of its own; it ends with this. Whoever gives the name of an account is signed in: its pages ask for a
/// password and look at none.
#[derive(Debug)]
pub struct SignInServer(NodeServer);

impl SignInServer {
    /// Starts it with its clients (as OpenID Connect Registration has them) and accounts: name → claims. The package is installed below
    /// `tools` once; why not, when it cannot be.
    pub fn start(tools: &Path, clients: &Value, accounts: &Value) -> Result<Self, String> {
        let config = json!({"clients": clients, "accounts": accounts});
        NodeServer::start(&tools.join("outside-sign-in"), &["oidc-provider@9.13.3"], SCRIPT, config).map(Self)
    }

    /// Its issuer identifier.
    pub fn issuer(&self) -> &str {
        self.0.base()
    }
}

const SCRIPT: &str = include_str!("../outside/sign-in-server.mjs");

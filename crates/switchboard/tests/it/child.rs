//! The other end of every test here: a switchboard in a process of its own.

use std::path::Path;

use kw_domain::ChainName;
use kw_runtime::Entropy;
use kw_switchboard::{SwitchboardConfig, init_keys};
use kw_testbed::{Chain, Program, child_config};

#[tokio::test]
#[ignore = "the other end of the tests, which run it in a process of its own"]
async fn serves() {
    let Some(config) = child_config() else { return };
    let config = SwitchboardConfig::load(&config).unwrap();
    if let Err(error) = kw_switchboard::serve(config).await {
        panic!("{error:#}");
    }
}

/// A chain with this switchboard.
pub(crate) fn chain() -> Chain {
    Chain::new(Program::this_test("child::serves", make_keys)).unwrap()
}

pub(crate) fn make_keys(folder: &Path, chain: &ChainName) -> anyhow::Result<()> {
    init_keys(folder, chain, &Entropy::os())?;
    Ok(())
}
